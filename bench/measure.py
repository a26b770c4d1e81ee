"""Timing: ranks of samples, and child processes with what they used."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMAND", "ROOT", "Run", "median", "nearest_rank", "run"]

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = (sys.executable, "-m", "mockforge_analytics")
_CHILD: Final = Path(__file__).with_name("child.py")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished process: wall and CPU seconds, largest resident set in bytes, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def run(command: Sequence[str]) -> Run:
    """Run `command` in the root of the repository to its end.

    Raises:
        RuntimeError: it is not there, or failed; the message holds what it printed.
    """
    program = shutil.which(command[0])
    if program is None:
        message = f"{command[0]} is not installed"
        raise RuntimeError(message)
    with tempfile.NamedTemporaryFile() as output:
        launcher = [sys.executable, "-I", "-S", str(_CHILD), output.name, program, *command[1:]]
        done = subprocess.run(launcher, cwd=ROOT, check=True, capture_output=True, text=True, env=_environment())
        code, seconds, cpu_seconds, peak = json.loads(done.stdout)
        printed = Path(output.name).read_text(errors="replace")
    if code:
        message = f"{' '.join(command)} ended with {code}: {printed[-2_000:]}"
        raise RuntimeError(message)
    return Run(seconds, cpu_seconds, peak, printed)


def _environment() -> dict[str, str]:
    """Return the environment of commands: modules stay compiled, as those of an installed program are."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def nearest_rank(values: Sequence[float], share: float) -> float:
    """Return the smallest of `values` that `share` (0..1) of them do not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def median(values: Sequence[float]) -> float:
    """Return the lower median of `values`."""
    return nearest_rank(values, 0.5)
