"""When and how coarsely latencies were collected as the histograms of others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.plan import Coarse
from mockforge_analytics.model.window import BASE_SECONDS, Window
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    import apsw

    from mockforge_analytics.model.batch import Batch

__all__ = ["load_coarse", "note_coarse"]

_PER_MILLE: Final = 1_000
_KNOWN: Final = (
    "SELECT (SELECT value FROM meta WHERE key = 'coarse_start'), (SELECT value FROM meta WHERE key = 'coarse_end'), "
    "(SELECT value FROM meta WHERE key = 'coarse_width')"
)
_REPLACE: Final = "REPLACE INTO meta (key, value) VALUES (?, ?)"


def load_coarse(connection: apsw.Connection) -> Coarse | None:
    """Return what `note_coarse` has noted."""
    start, end, width = connection.execute(_KNOWN).fetchall()[0]
    if start is None:
        return None
    return Coarse(Window(as_int(start), as_int(end)), as_int(width) / _PER_MILLE)


def note_coarse(connection: apsw.Connection, batch: Batch) -> None:
    """Note the time of the latencies of `batch`, where they are known only by wide buckets; in its transaction."""
    cells = batch.deltas.cells
    known = cells.bucket[cells.measures[Measure.LATENCY_COUNT] > 0]
    if batch.widest <= 1 or not len(known):
        return
    start, end, width = int(known.min()), int(known.max()) + BASE_SECONDS, math.ceil(batch.widest * _PER_MILLE)
    if (before := load_coarse(connection)) is not None:
        start, end = min(start, before.window.start), max(end, before.window.end)
        width = max(width, round(before.width * _PER_MILLE))
    values = {"coarse_start": start, "coarse_end": end, "coarse_width": width}
    connection.executemany(_REPLACE, list(values.items()))
