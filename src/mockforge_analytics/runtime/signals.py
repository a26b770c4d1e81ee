"""SIGINT and SIGTERM of a server: the first asks for an end in good order, the second for haste, the third insists."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Self

__all__ = ["HURRY", "STOP", "StopSignals"]

STOP: Final = 1
HURRY: Final = 2


class StopSignals:
    """While entered, `heard` is called with `STOP` for the first signal and `HURRY` for the second.

    A third one raises KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.received = 0
        self.heard: Callable[[int], None] = lambda _: None
        self._before: dict[int, object] = {}

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.received += 1
        if self.received > HURRY:
            raise KeyboardInterrupt
        self.heard(self.received)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned is what it takes
