"""The lock that lets one process at a time write a database."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from mockforge_analytics.errors import StoreBusyError, StoreError

__all__ = ["WriterLock"]

_OWNER_ONLY = 0o600


class WriterLock:
    """An advisory lock on ``<database>-lock``, freed by `release` and by the end of the process, however it ends."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StoreBusyError: another process writes this database; the message names it.
            StoreError: the lock file cannot be made.
        """
        real = self._database.resolve()  # a symbolic link must not give the same file a second lock
        path = real.with_name(real.name + "-lock")
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        except OSError as error:
            message = f"the database {self._database} cannot be written: {error.strerror} ({path})"
            raise StoreError(message) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
            os.close(handle)
            message = (
                f"the database {self._database} is being written by another process (pid {owner or 'unknown'}): "
                "stop it, send the data to it, or choose another file with --database; reports work meanwhile"
            )
            raise StoreBusyError(message) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
