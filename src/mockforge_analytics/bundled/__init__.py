"""The access log that comes with the package."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["EXAMPLE_LOG_NAME", "example_log"]

EXAMPLE_LOG_NAME = "example-access.log.zst"


def example_log() -> AbstractContextManager[Path]:
    """Return a context manager giving a readable path of the bundled log (zstd, nginx combined + seconds).

    The path is good inside the `with` block only: a package imported from a zip archive is unpacked for its length.
    """
    return as_file(files(__name__) / EXAMPLE_LOG_NAME)
