"""Importing a module changes nothing: no thread, handler, environment variable, open file or setting."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.repo.syntax import PACKAGE_NAME, ROOT, package_sources

if TYPE_CHECKING:
    from pathlib import Path

# Runs in a fresh interpreter. What the dependencies do when imported is theirs, so they come first.
PROBE = """
import atexit, gc, importlib, json, locale, logging, os, signal, sys, threading, warnings

def descriptors():
    folder = "/proc/self/fd"
    return sorted(os.readlink(f"{folder}/{name}") for name in os.listdir(folder) if os.path.exists(f"{folder}/{name}"))

def handlers():
    return {str(number): repr(signal.getsignal(number)) for number in signal.valid_signals()}

def state():
    gc.collect()
    return {
        "Python threads": sorted(thread.name for thread in threading.enumerate()),
        "system threads": len(os.listdir("/proc/self/task")),
        "signal handlers": handlers(),
        "environment": dict(os.environ),
        "open files": descriptors(),
        "working directory": os.getcwd(),
        "files in it": sorted(os.listdir()),
        "module path": list(sys.path),
        "warning filters": repr(warnings.filters),
        "log handlers": repr((logging.root.handlers, logging.root.level)),
        "exit callbacks": atexit._ncallbacks(),
        "hooks": repr((sys.excepthook, threading.excepthook, sys.unraisablehook)),
        "locale": locale.setlocale(locale.LC_ALL),
    }

dependencies, modules = json.load(sys.stdin)
for name in dependencies:
    importlib.import_module(name)
before = state()
found = {}
for name in modules:
    importlib.import_module(name)
    after = state()
    changed = {key: (repr(before[key]), repr(after[key])) for key in after if after[key] != before[key]}
    if changed:
        found[name] = changed
    before = after
json.dump(found, sys.stdout)
"""
DEPENDENCIES = [
    "apsw",
    "datasketches",
    "fastapi",
    "httpx",
    "logging.config",
    "msgspec",
    "multiprocessing",
    "numpy",
    "polars",
    "pydantic",
    "pydantic_settings",
    "rich.console",
    "rich.progress",
    "sqlite3",
    "typer",
    "ua_parser",
    "uvicorn",
    "zstandard",
]


def effects(modules: list[str], folder: Path, *extra_paths: Path) -> dict[str, dict[str, list[str]]]:
    """Return by module what its import changed, as (before, after)."""
    path = [str(ROOT / "src"), *map(str, extra_paths)]
    code = f"import sys; sys.path[:0] = {path!r}\n{PROBE}"
    command = [sys.executable, "-B", "-c", code]
    given = json.dumps([DEPENDENCIES, modules])
    run = subprocess.run(command, input=given, cwd=folder, check=True, capture_output=True, text=True)
    found: dict[str, dict[str, list[str]]] = json.loads(run.stdout)
    return found


def module_names() -> list[str]:
    names = []
    for source in package_sources():
        parts = [PACKAGE_NAME, *source.name.removesuffix(".py").split("/")]
        names.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return names


def test_importing_any_module_changes_nothing(tmp_path: Path) -> None:
    assert effects(module_names(), tmp_path) == {}


# Module body and what it changes; all are imported by one interpreter.
PLANTED = [
    ("import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()", "Python threads"),
    ("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal handlers"),
    ("import os; os.environ['PLANTED'] = '1'", "environment"),
    ("handle = open('left-open', 'w')", "open files"),
    ("import atexit; atexit.register(print)", "exit callbacks"),
    ("import logging; logging.basicConfig()", "log handlers"),
    ("import polars as pl; pl.DataFrame({'a': [1, 2]}).group_by('a').len()", "system threads"),
]


def test_planted_effects_are_found(tmp_path: Path) -> None:
    for number, (body, _) in enumerate(PLANTED):
        (tmp_path / f"planted_{number}.py").write_text(body)
    found = effects([f"planted_{number}" for number in range(len(PLANTED))], tmp_path, tmp_path)
    missed = [
        (body, changed) for number, (body, changed) in enumerate(PLANTED) if changed not in found[f"planted_{number}"]
    ]
    assert not missed
