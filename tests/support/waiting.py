"""Waiting for what another process or thread brings about, not for time to pass."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["until"]

_SECONDS: Final = 60.0  # a machine this slow is broken
_PAUSE: Final = 0.02  # between two looks, so that the other side gets the processor


def until(holds: Callable[[], bool], what: str, seconds: float = _SECONDS) -> None:
    """Return as soon as `holds` does; fail naming `what` where it does not in `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(_PAUSE)
