"""The server as a process: socket, signals, uvicorn, and what runs beside it, from the first step to the last."""

from __future__ import annotations

import asyncio
import resource
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

from mockforge_analytics.api.security import is_loopback
from mockforge_analytics.errors import ConfigError
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.runtime.background import Background
from mockforge_analytics.runtime.connections import MAX_CONNECTIONS, GuardedProtocol, close_dawdlers
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.own import own_traffic
from mockforge_analytics.runtime.service import database_app
from mockforge_analytics.runtime.signals import HURRY, STOP, StopSignals
from mockforge_analytics.runtime.sockets import GuardedSocket
from mockforge_analytics.store.tokens import TokenFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fastapi import FastAPI

    from mockforge_analytics.config import AnalyticsConfig, ServerConfig
    from mockforge_analytics.live.hub import Hub

__all__ = ["Listening", "run_server"]

_BACKLOG: Final = 1_024
_KEEP_ALIVE_SECONDS: Final = 60
_PING_SECONDS: Final = 20.0
_MESSAGE_BYTES: Final = 1024 * 1024
_DRAIN_SECONDS: Final = 10  # that requests get to finish in
_TICKS_PER_SECOND: Final = 10  # of uvicorn's main loop
_OTHER_FILES: Final = 500  # beside connections: database, logs, libraries


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server that is ready can be reached; `token` is the first token, where one had to be made."""

    url: str
    database: Path
    token: str | None


def run_server(
    config: AnalyticsConfig, *, follow: Sequence[Path] = (), ready: Callable[[Listening], None] = lambda _: None
) -> None:
    """Serve the database of `config`, and store the lines of the logs `follow`, until SIGINT or SIGTERM.

    `ready` is called when requests are answered. In the end no connection is taken any more, running requests are
    finished, what is queued is committed and folded, and the database is closed. A second signal does not wait for
    requests. Call it on the main thread.

    Raises:
        ConfigError: the address cannot be listened on.
        StoreError: the database cannot be opened for writing.
        SourceError: a log cannot be followed.
    """
    with ExitStack() as stack:
        signals = stack.enter_context(StopSignals())
        listener = stack.enter_context(_listener(config.server))
        database = stack.enter_context(AnalyticsDatabase.open(config=config))
        background = stack.enter_context(Background(database, follow))
        token = _first_token(database)
        url = f"{_address(config.server, listener)}{config.server.root_path}/"
        own = stack.enter_context(own_traffic(database))
        app = database_app(database, background, own)
        server = _Server(app, signals, lambda: ready(Listening(url, database.path, token)))
        _allow_files()
        server.run([listener])


class _Server(uvicorn.Server):
    """uvicorn, with signals that are ours, a word when it is ready, and an eye on dawdling connections."""

    def __init__(self, app: FastAPI, signals: StopSignals, ready: Callable[[], None]) -> None:
        super().__init__(_settings(app))
        self._stream: Hub = app.state.stream
        self._ready = ready
        self._hear(signals.received)
        signals.heard = self._hear

    def _hear(self, signals: int) -> None:
        self.should_exit = signals >= STOP
        self.force_exit = signals >= HURRY

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `StopSignals`: uvicorn would raise them again before the database is closed."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._stream.close()
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn then leaves this out, and the application in the middle of its work
            await self.lifespan.shutdown()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS_PER_SECOND == 0:
            close_dawdlers(self.server_state, asyncio.get_running_loop().time())
        return await super().on_tick(counter)


def _settings(app: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=GuardedProtocol,
        ws=GuardedSocket,
        ws_max_size=_MESSAGE_BYTES,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PING_SECONDS,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )


@contextmanager
def _listener(server: ServerConfig) -> Iterator[socket.socket]:
    """Give a socket that listens; a connection waits in it until the server is ready."""
    wanted = f"{server.host}:{server.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        message = f"the address {server.host} is not known ({error.strerror}): choose another one with --host"
        raise ConfigError(message) from error
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            message = (
                f"cannot listen on {wanted} ({error.strerror}): choose another port with --port, 0 takes a free one"
            )
            raise ConfigError(message) from error
        yield listener


def _first_token(database: AnalyticsDatabase) -> str | None:
    """Make a token where one is required and there is none; return it."""
    server = database.config.server
    if is_loopback(server.host) and not server.require_token:
        return None
    tokens = TokenFile(database.path, database.clock)
    if tokens.tokens():
        return None
    _, secret = tokens.create("first", [Scope.ADMIN])
    return secret


def _address(server: ServerConfig, listener: socket.socket) -> str:
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"http://{host}:{listener.getsockname()[1]}"


def _allow_files() -> None:
    """Let this process open as many files as its connections need, where the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + _OTHER_FILES
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
