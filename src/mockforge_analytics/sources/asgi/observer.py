"""Writes down what every kind of connection has in common; nothing in here reaches the application."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mockforge_analytics.sources.asgi.event import HEADERS
from mockforge_analytics.sources.asgi.observation import Observation
from mockforge_analytics.sources.asgi.route import mount_of, route_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.sources.asgi.protocol import Scope
    from mockforge_analytics.sources.asgi.reporter import Recorder

__all__ = ["DISCONNECTED", "INCOMPLETE", "Answer", "Arrival", "Observer"]

DISCONNECTED: Final = "client_disconnected"
INCOMPLETE: Final = "incomplete_response"
_LONGEST_MESSAGE: Final = 4_096  # characters of an exception's text that are kept until it is masked


class Arrival:
    """What a request looked like when it came in; frameworks rewrite parts of the scope on their way."""

    __slots__ = ("began", "headers", "method", "path", "protocol", "scope", "timestamp")

    def __init__(self, scope: Scope, protocol: str, timestamp: int, began: float) -> None:
        self.scope = scope
        self.protocol = protocol
        self.timestamp = timestamp
        self.began = began
        self.method: str = scope.get("method") or "GET"  # a WebSocket's handshake is a GET
        self.path: bytes | str = scope.get("raw_path") or scope["path"]
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]


class Answer:
    """What came of a request; `ended` is the time of its last byte."""

    __slots__ = ("details", "ended", "error", "error_type", "received", "sent", "status")

    def __init__(self) -> None:
        self.status: int | None = None
        self.sent = 0
        self.received = 0
        self.ended: float | None = None
        self.error_type: str | None = None
        self.error: BaseException | None = None
        self.details: dict[str, object] | None = None


class Observer:
    """Makes observations and hands them to a recorder. A failure is counted there and goes no further."""

    def __init__(self, recorder: Recorder) -> None:
        capture = recorder.capture
        self._recorder = recorder
        self._endpoint_of = capture.endpoint_of
        self._messages = capture.error_messages
        self._workspace = _Label(capture.workspace_id, capture.workspace_header)
        self._environment = _Label(capture.environment, capture.environment_header)
        self._headers = HEADERS | self._workspace.headers | self._environment.headers
        self.monotonic = recorder.clock.monotonic
        self._now_us = recorder.clock.now_us

    def arrival(self, scope: Scope, protocol: str) -> Arrival | None:
        """Take note of a request that came in; None where that failed."""
        try:
            arrival = Arrival(scope, protocol, self._now_us(), self.monotonic())
            self._recorder.enter(protocol)
        except Exception:  # noqa: BLE001 the application answers whether or not its request can be recorded
            self.fault()
            return None
        return arrival

    def finish(self, arrival: Arrival, answer: Answer) -> None:
        """Take note of how it ended."""
        try:
            self._recorder.leave(arrival.protocol)
            self._recorder.record(self._observation(arrival, answer))
        except Exception:  # noqa: BLE001 see `arrival`
            self.fault()

    def fault(self) -> None:
        """Count a failure of the recording."""
        with suppress(Exception):
            self._recorder.fault()

    def _observation(self, arrival: Arrival, answer: Answer) -> Observation:
        scope, wanted = arrival.scope, self._headers
        headers = [pair for pair in arrival.headers if pair[0] in wanted]
        client = scope.get("client")
        # What the user's function names is the whole template, what a router names begins at its mount.
        endpoint = None if self._endpoint_of is None else self._guarded(self._endpoint_of, scope)
        mount = mount_of(scope) if endpoint is None else ""
        return Observation(
            arrival.protocol,
            arrival.timestamp,
            arrival.method,
            arrival.path,
            self._guarded(route_of, scope) if endpoint is None else endpoint,
            mount,
            scope.get("path_params") if mount else None,
            answer.status,
            (self.monotonic() if answer.ended is None else answer.ended) - arrival.began,
            answer.sent,
            answer.received,
            client[0] if client else None,
            headers,
            self._guarded(self._workspace.of, scope, headers),
            self._guarded(self._environment.of, scope, headers),
            answer.error_type,
            self._message(answer.error),
            answer.details,
        )

    def _guarded(self, function: Callable[..., str | None], *arguments: object) -> str | None:
        """Return what a function that may be the user's returns; None where it raises."""
        try:
            return function(*arguments)
        except Exception:  # noqa: BLE001 the rest of the request is still worth recording
            self.fault()
            return None

    def _message(self, error: BaseException | None) -> str | None:
        if error is None or not self._messages:
            return None
        return self._guarded(lambda: str(error)[:_LONGEST_MESSAGE])


class _Label:
    """A workspace or an environment: constant, from a header, or from a function of the scope."""

    __slots__ = ("_function", "_header", "_value")

    def __init__(self, value: str | Callable[[Scope], str | None] | None, header: str | None) -> None:
        self._value = value if isinstance(value, str) else None
        self._function = value if callable(value) else None
        self._header = None if header is None else header.lower().encode("latin-1")

    @property
    def headers(self) -> frozenset[bytes]:
        """Return the names of the headers it reads."""
        return frozenset() if self._header is None else frozenset((self._header,))

    def of(self, scope: Scope, headers: list[tuple[bytes, bytes]]) -> str | None:
        """Return the label of a request."""
        if self._header is not None:
            for name, value in headers:
                if name == self._header and value:
                    return value.decode("utf-8", "replace")
        return self._value if self._function is None else self._function(scope)
