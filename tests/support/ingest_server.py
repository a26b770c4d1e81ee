"""The server as a process of its own, to be killed: `python -m tests.support.ingest_server DATABASE PORT`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EVENTS", "IngestServer", "free_port", "ingest_server"]

EVENTS = f"{BASE_PATH}/events"
_ROOT = Path(__file__).resolve().parents[2]
_READY = "ready"


@dataclass(frozen=True)
class IngestServer:
    """A server process; `kill` ends it without a chance to clean up."""

    process: subprocess.Popen[str]
    port: int
    client: httpx.Client

    def post(self, content: Any, **headers: str) -> httpx.Response:
        """Post `content` to the events route."""
        given = {"Content-Type": "application/x-ndjson"} | {name.replace("_", "-"): v for name, v in headers.items()}
        return self.client.post(EVENTS, content=content, headers=given)

    def data(self, route: str, **parameters: Any) -> Any:
        """Return `data` of a report."""
        return self.client.get(f"{BASE_PATH}/{route}", params=parameters).raise_for_status().json()["data"]

    def raw(self, head: str, body: bytes = b"") -> socket.socket:
        """Return a connection on which a request was begun."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(head.encode() + body)
        return connection

    def peak_bytes(self) -> int:
        """Return the largest resident set the process has had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1_024

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ingest_server(database: Path, settings: Mapping[str, str] | None = None, port: int | None = None) -> Iterator[IngestServer]:
    """Run a server over `database`; `settings` are environment names without their prefix, such as INGEST__WORKERS."""
    port = free_port() if port is None else port
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ingest_server", str(database), str(port)],
        cwd=_ROOT,
        env={**os.environ, **{f"MOCKFORGE_ANALYTICS_{name}": value for name, value in (settings or {}).items()}},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout as output, httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        assert output.readline().strip() == _READY, "the server did not start"
        try:
            yield IngestServer(process, port, client)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait()


class _Server(uvicorn.Server):
    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        print(_READY, flush=True)  # noqa: T201 - tells the process that waits


def main() -> None:
    """Serve until told to stop."""
    with AnalyticsDatabase.open(sys.argv[1]) as database:
        app = database_app(database)
        _Server(uvicorn.Config(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="error")).run()


if __name__ == "__main__":
    main()
