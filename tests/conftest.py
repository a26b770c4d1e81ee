"""Guards that hold for every test."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.support.leaks import SHARED_FOLDERS, open_files

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS_TO_END = 5.0
_POOLED = "AnyIO worker thread"  # ends with its event loop, which may serve several tests on a thread that is checked

# No deadline: a slow machine is not a fault. Under CI the examples are the same each time.
settings.register_profile("project", deadline=None, print_blob=True, derandomize="CI" in os.environ)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def no_leaks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fail a test that leaves a thread running or a temporary file open."""
    folder = tmp_path_factory.getbasetemp()
    threads, files = set(threading.enumerate()), open_files(folder)
    yield
    for thread in set(threading.enumerate()) - threads:
        if thread.name == _POOLED:
            continue
        thread.join(_SECONDS_TO_END)
        assert not thread.is_alive(), f"{thread!r} outlived its test; join or close what started it"
    left = {file for file in open_files(folder) - files if not any(str(shared) in file for shared in SHARED_FOLDERS)}
    assert not left, f"still open after the test: {sorted(left)}; close what opened them"
