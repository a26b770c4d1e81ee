"""A scripted Prometheus server and target over real HTTP, which keeps what it was asked."""

from __future__ import annotations

import http.server
import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Asked", "Reply", "Stub", "stub"]

_RANGE: Final = re.compile(r"\[(\d+)ms\]$")
_NAMES: Final = re.compile(r'__name__=~"([^"]*)"')
_PAUSE: Final = 0.02  # seconds between the bytes of a trickling answer
JSON: Final = "application/json"


@dataclass(frozen=True)
class Asked:
    """A request: its path, its form or query, its headers."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def window(self) -> tuple[float, float]:
        """The range that the query asks for, in seconds."""
        found = _RANGE.search(self.form["query"])
        assert found is not None, self.form
        end = float(self.form["time"])
        return end - int(found[1]) / 1_000, end


@dataclass(frozen=True)
class Reply:
    """An answer; `promised` bytes may be more than those that come, `pieces` are sent with a pause between them."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    promised: int | None = None
    trickling: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stub:
    """Holds series, and answers from them like a Prometheus server, unless `script` says otherwise."""

    series: list[tuple[dict[str, str], list[tuple[float, float | str]]]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    script: Callable[[Asked], Reply | None] | None = None
    exposition: Reply = field(default_factory=Reply)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def reply(self, asked: Asked) -> Reply:
        """Return the answer to `asked`."""
        self.asked.append(asked)
        scripted = None if self.script is None else self.script(asked)
        if scripted is not None:
            return scripted
        if asked.path == "/metrics":
            return self.exposition
        if asked.path.endswith("/label/__name__/values"):
            return self._success(sorted({labels["__name__"] for labels, _ in self.series}))
        return self._success({"resultType": "matrix", "result": self._samples(asked)}, self.warnings)

    def _samples(self, asked: Asked) -> list[dict[str, Any]]:
        start, end = asked.window
        found = _NAMES.search(asked.form["query"])
        assert found is not None
        names = set(found[1].split("|"))
        result = []
        for labels, points in self.series:
            known = [[at, str(value)] for at, value in points if start < at <= end]
            if known and labels["__name__"] in names:
                result.append({"metric": labels, "values": known})
        return result

    def _success(self, data: object, warnings: list[str] | None = None) -> Reply:
        document = {"status": "success", "data": data, **({"warnings": warnings} if warnings else {})}
        return Reply(body=json.dumps(document).encode())

    @property
    def queries(self) -> list[Asked]:
        """The requests for samples."""
        return [asked for asked in self.asked if asked.path.endswith("/api/v1/query")]


class _Handler(http.server.BaseHTTPRequestHandler):
    """Answers as `state` says."""

    state: Stub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._send(self.state.reply(Asked(parts.path, _single(parts.query), dict(self.headers))))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._send(self.state.reply(Asked(self.path, _single(form), dict(self.headers))))

    def _send(self, reply: Reply) -> None:
        self.close_connection = True
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body) if reply.promised is None else reply.promised))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not reply.trickling:
            self.wfile.write(reply.body)
            return
        for place in range(len(reply.body)):
            self.wfile.write(reply.body[place : place + 1])
            if self.state.over.wait(_PAUSE):
                return

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            return  # the client had enough


@contextmanager
def stub() -> Iterator[Stub]:
    """Serve a stub on a free port."""
    state = Stub()
    handler = type("Handler", (_Handler,), {"state": state})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False
        state.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="stub")
        thread.start()
        try:
            yield state
        finally:
            state.over.set()
            server.shutdown()
            thread.join()


def _single(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
