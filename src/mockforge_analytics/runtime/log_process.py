"""Reading logs in a process of its own, so that decoding has one core and storing the other.

Both are many short calls that take Python's lock in turns: as threads of one process they took as long beside each
other as one after the other (4.9 s for 1,000,000 lines).
"""

from __future__ import annotations

import pickle
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO

from mockforge_analytics.errors import AnalyticsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.runtime.log_reading import LogPart, LogProgress, LogReading, LogRequest

__all__ = ["LogProcess"]

_WORKER = "mockforge_analytics.runtime.log_worker"


class LogProcess:
    """A process that reads logs, one after the other; started when it is entered, ended when it is left.

    It takes 0.4 s of one core to start, while the process that entered it goes on.
    """

    def __init__(self) -> None:
        self._running: _Running | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, None where none is running."""
        return None if self._running is None else self._running.pid

    def __enter__(self) -> Self:
        self._running = _Running()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.end()

    @contextmanager
    def open_reading(self, request: LogRequest) -> Iterator[LogReading]:
        """Do what `log_reading.open_reading` does; templating and caps of the first request hold for all.

        Raises:
            SourceError: the log cannot be read, or the process that read it was killed.
            FormatError: see `log_reading.open_reading`.
        """
        from mockforge_analytics.runtime.log_reading import LogReading

        running = self._running = self._running or _Running()
        running.ask(request)
        try:
            yield LogReading(running.answer(), self._steps(running), running.stop)
        finally:
            if running.is_answering:  # left early: what it would still send is of no use
                self._end()

    def _steps(self, running: _Running) -> Iterator[LogProgress | LogPart]:
        while (step := running.answer()) is not None:
            yield step


class _Running:
    """The process and the socket to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: no module of the current folder takes the place of one of ours.
            command = [sys.executable, "-P", "-m", _WORKER, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        with ours:
            self._out: BinaryIO = ours.makefile("wb")
            self._incoming: BinaryIO = ours.makefile("rb")
        self._name = ""
        self.is_answering = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: LogRequest) -> None:
        self._name = request.path
        self.is_answering = True
        self._send(request)

    def stop(self) -> None:
        if self.is_answering:
            self._send(None)

    def _send(self, message: object) -> None:
        try:
            pickle.dump(message, self._out)
            self._out.flush()
        except OSError as error:
            raise self._gone() from error

    def answer(self) -> Any:
        """Return the next answer to what was asked last.

        Raises:
            AnalyticsError: it is one.
        """
        try:
            answer = pickle.load(self._incoming)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise self._gone() from error
        if answer is None or isinstance(answer, AnalyticsError):
            self.is_answering = False
        if isinstance(answer, AnalyticsError):
            raise answer
        return answer

    def _gone(self) -> SourceError:
        code = self._process.wait()
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return SourceError(
            f"the process that read {self._name} {how} (out of memory?); what is stored is kept, "
            "and the same command goes on from there"
        )

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for file in (self._out, self._incoming):
            file.close()
