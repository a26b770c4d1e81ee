"""SQL statements over the tables of cells; identifiers are ours, every value is a parameter."""

from __future__ import annotations

from functools import cache
from string import Template
from typing import Final

from mockforge_analytics.model.cells import MEASURES
from mockforge_analytics.model.tiers import Fact

__all__ = [
    "CELL_COLUMNS",
    "INTEGER_COLUMNS",
    "PERCENTILE_COLUMNS",
    "Statements",
    "count_cells",
    "delete_cells",
    "edge_cells",
    "oldest_cells",
    "statements",
]

PERCENTILE_COLUMNS: Final = ("latency_p50", "latency_p95", "latency_p99")
INTEGER_COLUMNS: Final[dict[Fact, tuple[str, ...]]] = {
    Fact.SERIES: MEASURES,
    Fact.SCOPE: MEASURES,
    Fact.ERROR: ("error_count", "last_seen"),
    Fact.GAUGE: ("total", "samples", "maximum", "last", "last_seen"),
}
CELL_COLUMNS: Final = (*MEASURES, *PERCENTILE_COLUMNS, "histogram")

_SELECT_KEYS = Template("SELECT id, $columns FROM $table WHERE id IN carray(?)")
_SELECT_RANGE = Template("SELECT id, $columns FROM $table WHERE id >= ? AND id < ?")
_SELECT_BLOBS = Template("SELECT histogram FROM $table WHERE id >= ? AND id < ?")
_REPLACE = Template("REPLACE INTO $table VALUES (?, $marks)")
_OLDEST = Template("SELECT id FROM $table WHERE id >= ? AND id < ? ORDER BY id LIMIT ?")
_DELETE = Template("DELETE FROM $table WHERE id >= ? AND id <= ?")
_EDGES = Template("SELECT (SELECT min(id) FROM $table), (SELECT max(id) FROM $table)")
_COUNT = Template("SELECT count(*) FROM $table")


class Statements:
    """The statements of one table of cells."""

    __slots__ = ("blobs", "keys", "range", "replace")

    def __init__(self, table: str, fact: Fact) -> None:
        columns = ", ".join(INTEGER_COLUMNS[fact])
        has_histogram = fact in (Fact.SERIES, Fact.SCOPE)
        written = CELL_COLUMNS if has_histogram else INTEGER_COLUMNS[fact]
        with_blob = f"{columns}, histogram" if has_histogram else columns
        self.keys = _SELECT_KEYS.substitute(columns=with_blob, table=table)
        self.range = _SELECT_RANGE.substitute(columns=columns, table=table)
        self.blobs = _SELECT_BLOBS.substitute(table=table)
        self.replace = _REPLACE.substitute(table=table, marks=", ".join("?" * len(written)))


@cache
def statements(table: str, fact: Fact) -> Statements:
    """Return the statements of the tier table `table`."""
    return Statements(table, fact)


def oldest_cells(table: str) -> str:
    """Return the statement that reads the first ``?3`` keys in ``[?1, ?2)``."""
    return _OLDEST.substitute(table=table)


def delete_cells(table: str) -> str:
    """Return the statement that deletes the rows with keys from ``?1`` to ``?2``, both included."""
    return _DELETE.substitute(table=table)


def count_cells(table: str) -> str:
    """Return the statement that counts the rows of `table`."""
    return _COUNT.substitute(table=table)


def edge_cells(table: str) -> str:
    """Return the statement that reads the first and the last key of `table`, null where it is empty."""
    return _EDGES.substitute(table=table)
