"""The machine and the versions that figures were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import apsw

__all__ = ["describe"]

_LIBRARIES: Final = ("polars", "numpy", "apsw", "msgspec", "ua-parser", "datasketches", "zstandard")
_GIB: Final = 1 << 30


def describe() -> dict[str, str]:
    """Return what a reader needs to place the figures: date, processor, memory, system and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
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
