"""Timing: ranks of samples, and child processes with what they used."""

from __future__ import annotations

import math
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Run", "median", "nearest_rank", "run"]


@dataclass(frozen=True, slots=True)
class Run:
    """A finished process: wall and CPU seconds, largest resident set in bytes, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run(command: Sequence[str], folder: Path) -> Run:
    """Run `command` in `folder` to its end.

    Raises:
        RuntimeError: it failed; the message holds what it printed.
    """
    begin = time.perf_counter()
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read().decode(errors="replace")
        # wait4 gives the peak of this child alone; RUSAGE_CHILDREN is the largest of all children so far.
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"{' '.join(map(str, command))} ended with {process.returncode}: {output[-2_000:]}"
        raise RuntimeError(message)
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1_024, output)


def nearest_rank(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that `share` (0..1) of them do not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def median(values: Sequence[float]) -> float:
    """Return the lower median of `values`."""
    return nearest_rank(values, 0.5)
