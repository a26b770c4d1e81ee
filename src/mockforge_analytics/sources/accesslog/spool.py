"""Standard input that looks like a log known already, as a file that can be looked at twice."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.accesslog.fingerprint import ResumeKind, resume
from mockforge_analytics.sources.accesslog.reader import STDIN, LogFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mockforge_analytics.sources.accesslog.fingerprint import Position

__all__ = ["open_log"]

_COPY_BYTES: Final = 8 * 1024 * 1024


@contextmanager
def open_log(path: Path | str, positions: Sequence[Position]) -> Iterator[LogFile]:
    """Open the log at `path`, ``-`` for standard input.

    A pipe cannot be read twice, so one that begins like a log in `positions` is copied to a temporary file first: only
    then can it be told whether it is that log, and where to go on.

    Raises:
        SourceError: see `LogFile`; or there is no room for the copy.
    """
    with LogFile(path) as log:
        if log.can_seek or resume(positions, log).kind is ResumeKind.NEW:
            yield log
            return
        with tempfile.NamedTemporaryFile(prefix="mockforge-analytics-") as copy:
            try:
                for chunk in log.chunks(final=True, chunk_bytes=_COPY_BYTES):
                    copy.write(chunk.data)
                copy.flush()
            except OSError as error:
                message = f"no room for a copy of {STDIN} in {tempfile.gettempdir()}: {error.strerror}; set TMPDIR"
                raise SourceError(message) from error
            with LogFile(copy.name) as file:
                file.name = log.name
                yield file
