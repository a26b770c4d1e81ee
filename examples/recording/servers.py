"""The two servers of a recording, nginx and the shop, as child processes of one directory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import string
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from examples.shop_api import Fault

__all__ = ["RAW_LOG_NAME", "RecordingError", "Servers", "serve"]

RAW_LOG_NAME = "access.raw.log"
_REPOSITORY = Path(__file__).resolve().parents[2]
_TEMPLATE = Path(__file__).with_name("nginx.conf.template")
_START_DEADLINE_S = 20.0
_STOP_DEADLINE_S = 10.0
_POLL_S = 0.02
_STATIC_MODIFIED = datetime(2026, 11, 1, tzinfo=UTC)
_STATIC_SIZES = {"index.html": 2_310, "app.css": 9_120, "app.js": 48_200, "logo.svg": 1_740, "favicon.ico": 1_150}
_ROBOTS = "User-agent: *\nDisallow: /api/v1/cart\n"


class RecordingError(Exception):
    """The recording cannot be made; the message says why and what to do."""


class Servers:
    """Running servers: nginx answers on 127.0.0.1:`port` and writes `raw_log` under `directory`."""

    def __init__(self, port: int, directory: Path) -> None:
        self.port = port
        self.raw_log = directory / RAW_LOG_NAME


def _write_static(directory: Path) -> None:
    files = {name: ("x" * 79 + "\n") * (size // 80) for name, size in _STATIC_SIZES.items()} | {"robots.txt": _ROBOTS}
    directory.mkdir()
    stamp = _STATIC_MODIFIED.timestamp()
    for name, text in files.items():
        path = directory / name
        path.write_text(text)
        os.utime(path, (stamp, stamp))


def _nginx_path() -> str:
    # Debian puts nginx where the PATH of ordinary users does not look.
    found = shutil.which("nginx", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        message = "nginx is not installed; install it, for example with 'apt-get install nginx-core'."
        raise RecordingError(message)
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _until_listening(process: asyncio.subprocess.Process, address: str | tuple[str, int]) -> None:
    """Return once a connection to `address` succeeds; RecordingError when the process ends or the time is up."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _START_DEADLINE_S
    while loop.time() < deadline and process.returncode is None:
        with contextlib.suppress(OSError):
            opened = (
                asyncio.open_unix_connection(address) if isinstance(address, str) else asyncio.open_connection(*address)
            )
            _, writer = await opened
            writer.close()
            return
        await asyncio.sleep(_POLL_S)
    state = "is not answering" if process.returncode is None else f"ended with code {process.returncode}"
    message = f"the server meant to listen at {address} {state}; its output is above."
    raise RecordingError(message)


async def _stop(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), _STOP_DEADLINE_S)
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def serve(directory: Path, *, seed: int, faults: Sequence[Fault]) -> AsyncIterator[Servers]:
    """Run the shop and nginx under `directory`, which must be empty; both have ended when the block is left."""
    nginx, port = _nginx_path(), _free_port()
    _write_static(directory / "static")
    config = directory / "nginx.conf"
    config.write_text(string.Template(_TEMPLATE.read_text()).substitute(prefix=directory, port=port))
    shop_socket = str(directory / "shop.sock")
    planned = json.dumps([asdict(fault) for fault in faults])
    shop_command = (sys.executable, "-m", "examples.shop_api", "--uds", shop_socket, "--seed", str(seed))
    async with contextlib.AsyncExitStack() as stack:
        # The working directory is the repository, so that the shop can be imported from wherever this runs.
        shop = await asyncio.create_subprocess_exec(*shop_command, "--faults", planned, cwd=_REPOSITORY)
        stack.push_async_callback(_stop, shop, signal.SIGTERM)
        await _until_listening(shop, shop_socket)
        front = await asyncio.create_subprocess_exec(nginx, "-p", str(directory), "-e", "stderr", "-c", str(config))
        stack.push_async_callback(_stop, front, signal.SIGQUIT)
        await _until_listening(front, ("127.0.0.1", port))
        yield Servers(port, directory)
