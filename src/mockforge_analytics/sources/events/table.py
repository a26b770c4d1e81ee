"""Sound events by column, as far as a column is asked for."""

from __future__ import annotations

from functools import cached_property
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.request import REQUEST_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mockforge_analytics.sources.events.event import Event

__all__ = ["AS_GIVEN", "EventTable"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

# Columns that are what the events say; those of texts are kept of failures only.
AS_GIVEN: Final = ("bytes_sent", "bytes_received", "error_message", "request_id", "trace_id", "span_id")


class EventTable:
    """Implements `model.request.RequestTable` over `events`; `columns` are those that are not `AS_GIVEN`."""

    def __init__(self, events: Sequence[Event], columns: Mapping[str, Any]) -> None:
        self._events = events
        self._columns = columns

    def __len__(self) -> int:
        return len(self._events)

    @property
    def timestamp(self) -> Int64s:
        """When, in microseconds."""
        times: Int64s = self._columns["timestamp"]
        return times

    @property
    def latency(self) -> Float64s:
        """How long, in seconds, NaN where unknown."""
        seconds: Float64s = self._columns["latency"]
        return seconds

    def integers(self, name: str, absent: int) -> Int64s:
        """Return a column of whole numbers, `absent` where there is none."""
        values = self._values(name)
        nulls = values.count(None)
        if nulls == len(values):
            return np.full(nulls, absent, np.int64)
        if nulls:
            values = [absent if value is None else value for value in values]
        return np.array(values, np.int64)

    def texts(self, name: str) -> list[str | None]:
        """Return a column of texts."""
        return self._values(name)

    def picked(self, name: str, rows: Int64s) -> pl.Series:
        """Return `rows` of a column of texts."""
        numbers = rows.tolist()
        if name in AS_GIVEN:
            value = attrgetter(name)
            return pl.Series([value(self._events[row]) for row in numbers], dtype=pl.String)
        values = self._values(name)
        return pl.Series([values[row] for row in numbers], dtype=pl.String)

    def only(self, sound: NDArray[np.bool_] | None) -> EventTable:
        """Return the rows that are `sound`, all of them where it is None."""
        if sound is None:
            return self
        picked = sound.tolist()
        columns = {
            name: values[sound] if isinstance(values, np.ndarray) else list(compress(values, picked))
            for name, values in self._columns.items()
        }
        return EventTable(list(compress(self._events, picked)), columns)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The columns of `REQUEST_SCHEMA`."""
        return pl.DataFrame([self._series(name, kind) for name, kind in REQUEST_SCHEMA.items()])

    def _series(self, name: str, kind: type[pl.DataType]) -> pl.Series:
        if name == "latency":
            return pl.Series(name, self.latency, nan_to_null=True)
        return pl.Series(name, self._columns[name] if name == "timestamp" else self._values(name), dtype=kind)

    def _values(self, name: str) -> list[Any]:
        if name == "bytes_sent":  # written out, as in `columns`: half the time of `attrgetter`
            return [event.bytes_sent for event in self._events]
        if name == "bytes_received":
            return [event.bytes_received for event in self._events]
        if name in AS_GIVEN:
            return list(map(attrgetter(name), self._events))
        values: list[Any] = self._columns[name]
        return values
