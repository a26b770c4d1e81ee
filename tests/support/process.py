"""The real server as a process of its own: `mockforge-analytics serve`, told to be ready by the line it prints."""

from __future__ import annotations

import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx

from mockforge_analytics.api.app import BASE_PATH
from tests.cli.support import command_line, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "server_process", "start_server"]

_READY: Final = re.compile(r"^ready at (http://\S+?)/? ")
_SECONDS_TO_END: Final = 60.0


@dataclass
class Server:
    """A running `mockforge-analytics serve`: what it `printed` until it was ready; its log goes to the file `log`."""

    process: subprocess.Popen[str]
    url: str
    database: Path
    log: Path
    client: httpx.Client
    printed: list[str]

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        """Ask `path`, from the root of the server on."""
        return self.client.get(path, params=parameters)

    def data(self, route: str, **parameters: Any) -> Any:
        """Return `data` of the successful answer of a route below the base path."""
        answer = self.get(f"{BASE_PATH}/{route}", **parameters)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()["data"]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal, and return the exit code when the process has ended."""
        self.process.send_signal(number)
        self.client.close()
        return self.process.wait(_SECONDS_TO_END)

    def kill(self) -> None:
        """End the process without a chance to clean up."""
        self.stop(signal.SIGKILL)

    @property
    def log_lines(self) -> list[str]:
        """What was logged so far."""
        return self.log.read_text("utf-8").splitlines()


def start_server(folder: Path, *arguments: str | Path, database: str = "served.db", **extra: str) -> Server:
    """Start the server on a free port in `folder`, and return when it is ready.

    `arguments` come after the ones given anyway, so that they win; `extra` are environment variables. What keeps the
    server from starting is an AssertionError with what it said.
    """
    log = folder / "server.log"
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command_line("serve", "--port", "0", "--database", database, *arguments),
            cwd=folder,
            env=environment(**extra),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    assert process.stdout is not None
    seen = []
    with process.stdout as out:
        for line in out:
            seen.append(line)
            if found := _READY.match(line):
                url = found[1].replace("0.0.0.0", "127.0.0.1")
                client = httpx.Client(base_url=url, timeout=30)
                return Server(process, url, folder / database, log, client, "".join(seen).splitlines())
    code = process.wait(_SECONDS_TO_END)
    raise AssertionError(f"the server ended with {code}: {''.join(seen)}{log.read_text('utf-8')}")


@contextmanager
def server_process(folder: Path, *arguments: str | Path, **extra: str) -> Iterator[Server]:
    """Run a server for the block; in the end it must stop in good order, unless the block stopped it."""
    server = start_server(folder, *arguments, **extra)
    try:
        yield server
    except BaseException:
        server.kill()
        raise
    server.client.close()
    if server.process.poll() is None:
        assert server.stop() == 0, server.log.read_text("utf-8")
