"""One server over HTTP: what it answers is bounded in size and time, and comes from where it was asked for.

Requests run on an event loop of their own, because only there can one that waits be bounded as a whole, name look-up,
connection and single bytes of headers included, and be ended by another thread.
"""

from __future__ import annotations

import ssl
import threading
from concurrent.futures import CancelledError
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx
from anyio import fail_after
from anyio.from_thread import start_blocking_portal

from mockforge_analytics.errors import ConfigError, InputTooLargeError, SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

    from anyio.from_thread import BlockingPortal

    from mockforge_analytics.collection import Collected

__all__ = ["Answer", "Connection"]

_AGENT: Final = "mockforge-analytics"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, inflated."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_fine(self) -> bool:
        """Whether the status is 2xx."""
        return httpx.codes.is_success(self.status)


class Connection:
    """Reaches what `settings` say, with their credentials, certificates and bounds.

    Redirects are not followed: credentials go where the settings say, and nobody who answers can have other addresses
    asked from here.
    """

    def __init__(self, settings: Collected) -> None:
        """Prepare to ask; nothing is sent yet.

        Raises:
            ConfigError: the certificates cannot be read.
        """
        self.address = settings.url
        self._settings = settings
        self._lock = threading.Lock()
        self._open = ExitStack()
        self._portal: BlockingPortal | None = None
        self._asked: Future[Answer] | None = None
        self._is_over = False
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        if settings.bearer_token is not None:
            headers["Authorization"] = f"Bearer {settings.bearer_token.get_secret_value()}"
        auth = None
        if settings.username is not None and settings.password is not None:
            auth = httpx.BasicAuth(settings.username, settings.password.get_secret_value())
        self._http = httpx.AsyncClient(
            headers={"User-Agent": _AGENT, **headers},
            auth=auth,
            verify=_trust(settings),
            timeout=None,  # of the whole instead, in `_ask`
            follow_redirects=False,
            trust_env=False,
        )

    def get(self, path: str = "", *, accept: str = "*/*", params: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET.

        Raises:
            InputTooLargeError: it answers with more than the settings allow.
            SourceError: it cannot be reached, redirects, or is too slow.
        """
        return self._answer(
            self._http.build_request("GET", self.address + path, headers={"Accept": accept}, params=params)
        )

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        """Return the answer to a form.

        Raises:
            SourceError: as `get`.
        """
        return self._answer(self._http.build_request("POST", self.address + path, data=dict(form)))

    def _answer(self, request: httpx.Request) -> Answer:
        with self._lock:
            if self._is_over:
                raise self._ended()
            if self._portal is None:
                self._portal = self._open.enter_context(start_blocking_portal(name="analytics-asking"))
                self._open.callback(self._portal.call, self._http.aclose)
            asked = self._asked = self._portal.start_task_soon(self._ask, request)
        try:
            return asked.result()
        except CancelledError:
            raise self._ended() from None
        except TimeoutError:
            message = f"{self.address} takes longer than {self._settings.timeout_seconds} seconds for an answer"
            raise SourceError(message) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            message = f"{self.address} cannot be asked: {str(error) or type(error).__name__}"
            raise SourceError(message) from error

    async def _ask(self, request: httpx.Request) -> Answer:
        parts: list[bytes] = []
        size = 0
        with fail_after(self._settings.timeout_seconds):
            answer = await self._http.send(request, stream=True)
            try:
                if answer.is_redirect:
                    message = f"{self.address} redirects elsewhere, which is not followed: give the address itself"
                    raise SourceError(message)
                async for part in answer.aiter_bytes():
                    size += len(part)
                    if size > self._settings.max_body_bytes:
                        message = f"{self.address} answers with more than {self._settings.max_body_bytes} bytes"
                        raise InputTooLargeError(message)
                    parts.append(part)
            finally:
                await answer.aclose()
        return Answer(answer.status_code, answer.headers.get("content-type", ""), b"".join(parts))

    def _ended(self) -> SourceError:
        return SourceError(f"asking {self.address} was given up")

    def give_up(self) -> None:
        """End the request under way, and let none begin any more; for any thread."""
        with self._lock:
            self._is_over = True
            if self._asked is not None:
                self._asked.cancel()

    def close(self) -> None:
        """End it."""
        self._open.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _trust(settings: Collected) -> ssl.SSLContext | bool:
    if settings.insecure:
        return False
    if settings.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificates in {settings.ca_file} cannot be read: {error}"
        raise ConfigError(message) from error
