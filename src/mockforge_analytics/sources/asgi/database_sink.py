"""Batches go straight into a database in the same process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
import polars as pl

from mockforge_analytics.errors import SchemaError, StoreCorruptError, StoreError
from mockforge_analytics.model.batch import GAUGE_SCHEMA
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.sources.asgi.sink import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.asgi.event import ConnectionsSample, Event

__all__ = ["DatabaseSink", "RequestWriter"]

_SOURCE: Final = "asgi"
_MILLISECONDS: Final = 1e3


class RequestWriter(Protocol):
    """What the middleware needs of a database."""

    def write_requests(
        self, requests: pl.DataFrame, *, source: str, token: str | None = None, gauges: pl.DataFrame | None = None
    ) -> object:
        """Store `requests` and `gauges` together, once for each `token`; return when they are committed.

        Raises:
            StoreError: nothing is stored; the call may be repeated.
        """


class DatabaseSink:
    """Writes into `database`, which stays open: it is not ours to close."""

    def __init__(self, database: RequestWriter) -> None:
        self._database = database

    def pack(self, events: Sequence[Event], samples: Sequence[ConnectionsSample], key: str) -> _Write:
        """Return the write that stores them."""
        return _Write(self._database, _requests(events), _gauges(samples), key)

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Write:
    """A packed batch."""

    database: RequestWriter
    requests: pl.DataFrame
    gauges: pl.DataFrame
    key: str

    def send(self, timeout: float) -> Outcome:
        """Write once; the store waits as long as its own settings say, whatever `timeout`."""
        try:
            self.database.write_requests(self.requests, source=_SOURCE, token=self.key, gauges=self.gauges)
        except (SchemaError, StoreCorruptError) as error:
            return Outcome(Verdict.REFUSED, reason=str(error))
        except StoreError as error:
            return Outcome(Verdict.RETRY, reason=str(error))
        except Exception as error:  # noqa: BLE001 whatever a database does, the application goes on
            return Outcome(Verdict.REFUSED, reason=f"{type(error).__name__}: {error}")
        return Outcome(Verdict.DELIVERED)


def _requests(events: Sequence[Event]) -> pl.DataFrame:
    plain = ("timestamp", "latency", "metadata")
    columns: dict[str, list[object]] = {
        name: [getattr(event, name) for event in events] for name in REQUEST_SCHEMA if name not in plain
    }
    columns["timestamp"] = [round(event.timestamp * MICROSECONDS) for event in events]
    columns["latency"] = [event.latency_ms / _MILLISECONDS for event in events]
    columns["metadata"] = [
        None if event.metadata is None else msgspec.json.encode(event.metadata).decode() for event in events
    ]
    return pl.DataFrame({name: pl.Series(name, columns[name], dtype=kind) for name, kind in REQUEST_SCHEMA.items()})


def _gauges(samples: Sequence[ConnectionsSample]) -> pl.DataFrame:
    rows = [
        {
            "timestamp": round(sample.timestamp * MICROSECONDS),
            "protocol": sample.protocol,
            "workspace_id": sample.workspace_id or "",
            "environment": sample.environment or "",
            "source": sample.source,
            "value": sample.value,
        }
        for sample in samples
    ]
    return pl.DataFrame(rows, schema=GAUGE_SCHEMA)
