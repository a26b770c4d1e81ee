"""Every exception this package raises on purpose.

::

    AnalyticsError
    ├── ConfigError            a setting or option is wrong
    ├── SourceError            an input cannot be read
    │   ├── FormatError        its format is unknown or a format string is wrong
    │   ├── InputChangedError  a file changed under the reader in a way that loses data
    │   └── InputTooLargeError more than what is read at once
    ├── QueryError             a report cannot be answered as asked
    │   └── QueryTimeoutError  a report took longer than its deadline
    └── StoreError             the database cannot do what was asked
        ├── StoreBusyError     locked by another process, or the write queue is full
        ├── StoreFullError     no space left for the database
        ├── StoreCorruptError  the database file is damaged or not a database
        └── SchemaError        the database was made by a newer or foreign version

Messages are one sentence for a person: what is wrong, and what to do about it.
"""

from __future__ import annotations

__all__ = [
    "AnalyticsError",
    "ConfigError",
    "FormatError",
    "InputChangedError",
    "InputTooLargeError",
    "QueryError",
    "QueryTimeoutError",
    "SchemaError",
    "SourceError",
    "StoreBusyError",
    "StoreCorruptError",
    "StoreError",
    "StoreFullError",
]


class AnalyticsError(Exception):
    """The root of the tree; `exit_code` is what the command line ends with."""

    exit_code = 1


class ConfigError(AnalyticsError):
    """A setting or option is wrong."""

    exit_code = 2


class SourceError(AnalyticsError):
    """An input cannot be read."""

    exit_code = 3


class FormatError(SourceError):
    """The format of an input is unknown, or a format string is wrong."""


class InputChangedError(SourceError):
    """A file changed under the reader in a way that loses data."""


class InputTooLargeError(SourceError):
    """An input is larger than what is read at once."""


class QueryError(AnalyticsError):
    """A report cannot be answered as asked; `field` names the argument at fault, where there is one."""

    exit_code = 4

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class QueryTimeoutError(QueryError):
    """A report took longer than its deadline."""


class StoreError(AnalyticsError):
    """The database cannot do what was asked."""

    exit_code = 5


class StoreBusyError(StoreError):
    """The database is locked by another process, or the write queue is full."""

    exit_code = 6


class StoreFullError(StoreError):
    """There is no space left for the database."""

    exit_code = 7


class StoreCorruptError(StoreError):
    """The database file is damaged, or is not a database."""

    exit_code = 8


class SchemaError(StoreError):
    """The database was made by a newer or a foreign version."""

    exit_code = 9
