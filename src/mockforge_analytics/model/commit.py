"""What a commit added, as those see it who follow the database from commit to commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mockforge_analytics.model.cells import Cells

__all__ = ["Committed", "GaugeMaxima", "GaugeName", "SeriesName"]

Int64s = NDArray[np.int64]


class SeriesName(NamedTuple):
    """What tells a series apart; absent texts are ``""``, an absent status is 0."""

    protocol: str
    workspace_id: str
    environment: str
    method: str
    endpoint: str
    status_code: int


class GaugeName(NamedTuple):
    """What tells samples of active connections apart."""

    protocol: str
    workspace_id: str
    environment: str
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class GaugeMaxima:
    """Samples of active connections: the start of the 10-second bucket, the row of the names beside, the value."""

    bucket: Int64s
    name: Int64s
    value: Int64s

    def __len__(self) -> int:
        return len(self.bucket)


@dataclass(frozen=True, slots=True, eq=False)
class Committed:
    """What one transaction added to the history.

    Attributes:
        before: the number of the newest commit before the transaction.
        number: the number of its last commit; the transaction holds all commits after `before` up to it.
        series: the series that got cells.
        cells: in parts, not merged; 10-second buckets, `Cells.series` is a row number of `series`.
        gauge_names: what `gauges` are samples of.
        rewritten: more changed than was added, such as what is still kept: figures read before may no longer hold.
    """

    before: int
    number: int
    series: tuple[SeriesName, ...]
    cells: tuple[Cells, ...]
    gauge_names: tuple[GaugeName, ...]
    gauges: GaugeMaxima
    rewritten: bool = False

    @property
    def cell_count(self) -> int:
        """How many cells there are in all parts."""
        return sum(map(len, self.cells))
