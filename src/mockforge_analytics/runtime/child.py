"""A process of this program beside this one, and a socket over which both send Python objects."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Child", "ChildLostError", "serve_parent"]


class ChildLostError(Exception):
    """The process beside this one is gone; the message says how it ended."""


class Child:
    """The process that runs `module`, which calls `serve_parent`; it ends with this one, however this one ends.

    `send` and `receive` may be called by two threads, one each.
    """

    def __init__(self, module: str) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: no module of the current folder takes the place of one of ours.
            command = [sys.executable, "-P", "-m", module, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        with ours:
            self._out: BinaryIO = ours.makefile("wb")
            self._incoming: BinaryIO = ours.makefile("rb")

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def send(self, message: object) -> None:
        """Send `message`.

        Raises:
            ChildLostError: nobody is there.
        """
        try:
            pickle.dump(message, self._out, protocol=pickle.HIGHEST_PROTOCOL)
            self._out.flush()
        except (OSError, ValueError) as error:
            raise self._lost() from error

    def receive(self) -> Any:
        """Wait for the next message.

        Raises:
            ChildLostError: there will be none.
        """
        try:
            return pickle.load(self._incoming)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError) as error:
            raise self._lost() from error

    def _lost(self) -> ChildLostError:
        self._process.kill()  # one that sent half a message, or something else, is of no use
        code = self._process.wait()
        return ChildLostError(f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}")

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for file in (self._out, self._incoming):
            try:
                file.close()
            except OSError:
                continue  # what was still to be sent is of no use


def serve_parent(answer: Callable[[Callable[[], Any], Callable[[object], None]], None]) -> None:
    """Be the other end of a `Child`: call ``answer(receive, send)``, and exit when the parent is gone.

    The number of the socket is the only argument of the command line. A Ctrl-C reaches every process of a terminal;
    when this one ends is for the parent to say.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with socket.socket(fileno=int(sys.argv[1])) as link, link.makefile("rb") as incoming, link.makefile("wb") as out:
        messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(incoming, messages), name="from-parent", daemon=True).start()

        def send(message: object) -> None:
            pickle.dump(message, out, protocol=pickle.HIGHEST_PROTOCOL)
            out.flush()

        answer(messages.get, send)


def _listen(incoming: BinaryIO, messages: queue.SimpleQueue[Any]) -> None:
    """Pass on what comes in; end the process, whatever it is doing, when nothing will any more."""
    try:
        while True:
            messages.put(pickle.load(incoming))
    except (EOFError, OSError):
        os._exit(0)
