"""The machine and the versions that figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import apsw

__all__ = ["describe"]

_LIBRARIES: Final = ("polars", "numpy", "apsw", "msgspec", "ua-parser", "datasketches", "zstandard")
_GIB: Final = 1 << 30
# What it takes depends on nothing but the processor: tells a slow or shared machine from slow code.
_LOOP: Final = """
import time
begin = time.perf_counter()
for _ in range(40):
    sum(i * i for i in range(100_000))
print(time.perf_counter() - begin)
"""
_ROUNDS: Final = 5


def describe() -> dict[str, str]:
    """Return what a reader needs to place the figures: date, processor, memory, system and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "speed": _speed(),
        "memory": f"{memory / _GIB:.1f} GiB",
        "system": f"{_distribution()}, Linux {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "SQLite": apsw.sqlite_lib_version(),
        "libraries": ", ".join(f"{name} {version(name)}" for name in _LIBRARIES),
        "GoAccess": _goaccess(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _speed() -> str:
    """Return how long a loop in Python takes, alone and beside another one; the best of some rounds each."""
    alone, together = (min(min(_loops(number)) for _ in range(_ROUNDS)) for number in (1, 2))
    return (
        f"4 million squares in Python take {alone:.2f} s, and {together / alone:.2f} × as long in two processes at once"
    )


def _loops(number: int) -> list[float]:
    command = [sys.executable, "-c", _LOOP]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    return [float(process.communicate()[0]) for process in running]


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _goaccess() -> str:
    try:
        printed = subprocess.run(["goaccess", "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "not installed"
    return printed.splitlines()[0].removeprefix("GoAccess - ").rstrip(".")
