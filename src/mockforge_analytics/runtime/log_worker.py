"""The process that reads logs for an import: `python -m mockforge_analytics.runtime.log_worker DESCRIPTOR`.

The descriptor is a socket to the process that started it. A `LogRequest` comes in; a `LogHead`, the steps of the
reading and None go out, or an `AnalyticsError` in the place where it came up. None comes in where the reading is to
stop. When the other process is gone, however it ended, the socket ends, and so does this process.
"""

from __future__ import annotations

import gc
import os
import pickle
import queue
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.rollup.stage import Rollup
    from mockforge_analytics.runtime.log_reading import LogRequest

__all__ = ["main"]


def main() -> None:
    """Answer requests until the other process hangs up."""
    # A Ctrl-C reaches every process of the terminal; when this one ends is for the other one to say.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    # The other process has the other core: threads of Polars and NumPy, and a search for cycles, would only cost time.
    os.putenv("POLARS_MAX_THREADS", "1")
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    with socket.socket(fileno=int(sys.argv[1])) as link, link.makefile("rb") as incoming, link.makefile("wb") as out:
        mail = _Mail(incoming)
        threading.Thread(target=mail.receive, name="log-requests", daemon=True).start()
        _answer(mail, out)


class _Mail:
    """What comes in: `messages`, but for the wish to stop, which goes to the reading in progress."""

    def __init__(self, incoming: BinaryIO) -> None:
        self._incoming = incoming
        self.messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.stop: Callable[[], None] = lambda: None

    def receive(self) -> None:
        """Pass on what comes in; end the process, whatever it is doing, when nothing will any more."""
        try:
            while True:
                message = pickle.load(self._incoming)
                if message is None:
                    self.stop()
                else:
                    self.messages.put(message)
        except (EOFError, OSError):
            os._exit(0)


def _answer(mail: _Mail, out: BinaryIO) -> None:
    # Late, so that the modules are loaded with the settings of `main`, and while the other process opens the database.
    from mockforge_analytics.errors import AnalyticsError
    from mockforge_analytics.rollup.stage import Rollup
    from mockforge_analytics.runtime.log_reading import open_reading

    rollup: Rollup | None = None  # one for all logs: adaptive templates learn from each
    while True:
        request: LogRequest = mail.messages.get()
        rollup = rollup or Rollup(request.templating, request.caps)
        try:
            with open_reading(request, rollup) as reading:
                mail.stop = reading.stop
                _send(reading.head, out)
                for step in reading.steps:
                    _send(step, out)
            _send(None, out)
        except AnalyticsError as error:
            _send(error, out)


def _send(answer: object, out: BinaryIO) -> None:
    pickle.dump(answer, out, protocol=pickle.HIGHEST_PROTOCOL)
    out.flush()


if __name__ == "__main__":
    main()
