"""Reading logs in a process of its own, so that decoding has one core and storing the other.

Both are many short calls that take Python's lock in turns: as threads of one process they took as long beside each
other as one after the other (4.9 s for 1,000,000 lines).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mockforge_analytics.errors import AnalyticsError, SourceError
from mockforge_analytics.runtime.child import Child, ChildLostError

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
    """The process, and what it was asked last."""

    def __init__(self) -> None:
        self._child = Child(_WORKER, reads_input=True)
        self._name = ""
        self.is_answering = False

    @property
    def pid(self) -> int:
        return self._child.pid

    def ask(self, request: LogRequest) -> None:
        self._name = request.path
        self.is_answering = True
        self._send(request)

    def stop(self) -> None:
        if self.is_answering:
            self._send(None)

    def _send(self, message: object) -> None:
        try:
            self._child.send(message)
        except ChildLostError as error:
            raise self._gone(error) from error

    def answer(self) -> Any:
        """Return the next answer to what was asked last.

        Raises:
            AnalyticsError: it is one.
        """
        try:
            answer = self._child.receive()
        except ChildLostError as error:
            raise self._gone(error) from error
        if answer is None or isinstance(answer, AnalyticsError):
            self.is_answering = False
        if isinstance(answer, AnalyticsError):
            raise answer
        return answer

    def _gone(self, error: ChildLostError) -> SourceError:
        return SourceError(
            f"the process that read {self._name} {error} (out of memory?); what is stored is kept, "
            "and the same command goes on from there"
        )

    def end(self) -> None:
        self._child.end()
