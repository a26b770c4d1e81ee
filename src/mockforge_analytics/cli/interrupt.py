"""Ending long work in good order: the first Ctrl-C asks for it, the second insists."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Self

__all__ = ["STOPPING", "Interrupt"]

STOPPING = "stopping in good order; Ctrl-C again stops at once"

_STDERR = 2
_SIGNALLED = 128  # plus the number of the signal, as shells have it


class Interrupt:
    """While entered, SIGINT and SIGTERM are noted instead of ending the process; a second one raises.

    With `announce` the first one is answered by that line on standard error.
    """

    def __init__(self, announce: str = "") -> None:
        self._announce = f"{announce}\n".encode() if announce else b""
        self._received: int | None = None
        self._before: dict[int, object] = {}
        self._pipe: tuple[int, int] | None = None

    def __bool__(self) -> bool:
        return self._received is not None

    @property
    def exit_code(self) -> int:
        """What a program that was ended so exits with; 0 where nothing was received."""
        return 0 if self._received is None else _SIGNALLED + self._received

    def wait(self, seconds: float) -> bool:
        """Return whether a signal came, at once when it comes, else after so many seconds."""
        if self._pipe is not None and self._received is None:
            select.select([self._pipe[0]], [], [], seconds)
        return bool(self)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self._received is not None:
            raise KeyboardInterrupt
        self._received = number
        if self._announce:
            with suppress(OSError):
                os.write(_STDERR, self._announce)
        if self._pipe is not None:
            os.write(self._pipe[1], b"\0")

    def __enter__(self) -> Self:
        self._pipe = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned is what it takes
        for end in self._pipe or ():
            os.close(end)
        self._pipe = None
