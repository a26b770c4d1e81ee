"""Guards that hold for every test."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE_DESCRIPTORS = Path("/proc/self/fd")
_SECONDS_TO_END = 5.0

# No deadline: a slow machine is not a fault. Under CI the examples are the same each time.
settings.register_profile("project", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("project")


def _open_files(folder: Path) -> set[str]:
    """Return the files below `folder` that this process holds open."""
    names = set()
    for descriptor in _FILE_DESCRIPTORS.iterdir():
        try:
            target = descriptor.readlink()
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
        if target.is_relative_to(folder):
            names.add(f"{descriptor.name}: {target}")
    return names


@pytest.fixture(autouse=True)
def no_leaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves a thread running or a temporary file open."""
    folder = tmp_path_factory.getbasetemp()
    threads, files = set(threading.enumerate()), _open_files(folder)
    yield
    for thread in set(threading.enumerate()) - threads:
        thread.join(_SECONDS_TO_END)
        assert not thread.is_alive(), f"{thread!r} outlived its test; join or close what started it"
    left = _open_files(folder) - files
    assert not left, f"still open after the test: {sorted(left)}; close what opened them"
