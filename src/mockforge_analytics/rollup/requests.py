"""A frame of requests as columns of numbers, every text seen once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mockforge_analytics.model.codes import Codes, Groups, Integers, encode, group
from mockforge_analytics.model.dimensions import ABSENT_STATUS
from mockforge_analytics.rollup.failures import Failures, find_failures
from mockforge_analytics.rollup.protocols import canonical_few, canonical_protocols
from mockforge_analytics.rollup.text import LIMITS, clean, clean_few

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.model.request import RequestTable
    from mockforge_analytics.rollup.templates import Templates

__all__ = ["FrameTable", "Requests", "encode_requests"]

Int64s = NDArray[np.int64]
Float64s = NDArray[np.float64]

_TEXTS: Final = (
    "protocol", "workspace_id", "environment", "method", "endpoint", "path", "client_ip", "user_agent", "error_type",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Requests:
    """The requests of one batch.

    Attributes:
        timestamp: microseconds.
        status: 0 where absent.
        latency: seconds, NaN where unknown.
        texts: clean columns ``protocol``, ``workspace_id``, ``environment``, ``method``, ``endpoint``, ``client_ip``,
            ``user_agent``.
        bytes_sent, bytes_received: 0 where unknown.
        failures: the failed ones.
    """

    timestamp: Int64s
    status: Int64s
    latency: Float64s
    texts: dict[str, Codes]
    bytes_sent: Int64s
    bytes_received: Int64s
    failures: Failures

    def __len__(self) -> int:
        return len(self.timestamp)

    @staticmethod
    def concat(parts: Sequence[Requests]) -> Requests:
        """Return the requests of all `parts`, one part after another."""
        if len(parts) == 1:
            return parts[0]
        return Requests(
            timestamp=np.concatenate([part.timestamp for part in parts]),
            status=np.concatenate([part.status for part in parts]),
            latency=np.concatenate([part.latency for part in parts]),
            texts={name: Codes.concat([part.texts[name] for part in parts]) for name in parts[0].texts},
            bytes_sent=np.concatenate([part.bytes_sent for part in parts]),
            bytes_received=np.concatenate([part.bytes_received for part in parts]),
            failures=Failures.concat([part.failures for part in parts], [len(part) for part in parts]),
        )

    def part(self, begin: int, end: int) -> Requests:
        """Return the requests from `begin` to before `end`; their texts keep the values of all."""
        rows = slice(begin, end)
        return Requests(
            timestamp=self.timestamp[rows],
            status=self.status[rows],
            latency=self.latency[rows],
            texts={name: codes.taken(rows) for name, codes in self.texts.items()},
            bytes_sent=self.bytes_sent[rows],
            bytes_received=self.bytes_received[rows],
            failures=self.failures.part(begin, end),
        )

    def compacted(self) -> Requests:
        """Return the same in less memory, without a hold on the buffers that the texts were cut from."""
        failures = Failures(self.failures.row, self.failures.type.compacted(), self.failures.category)
        return replace(self, texts={n: codes.compacted() for n, codes in self.texts.items()}, failures=failures)

    def key(self, name: str) -> tuple[Integers, int]:
        """Return the text column `name` as a part of a grouping key."""
        return self.texts[name].of_row, len(self.texts[name])

    def scopes(self) -> Groups:
        """Return the requests by (protocol, workspace, environment)."""
        return group(*(self.key(name) for name in ("protocol", "workspace_id", "environment")))

    def status_key(self) -> tuple[Int64s, int]:
        """Return the status of each request as a part of a grouping key."""
        lowest = int(self.status.min())
        return self.status - lowest, int(self.status.max()) - lowest + 1


class FrameTable:
    """The requests of a frame with the columns of `REQUEST_SCHEMA`; implements `RequestTable`."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    @property
    def timestamp(self) -> Int64s:
        """When, in microseconds."""
        return self._frame["timestamp"].to_numpy()

    @property
    def latency(self) -> Float64s:
        """How long, in seconds, NaN where unknown."""
        return self._frame["latency"].to_numpy()

    def integers(self, name: str, absent: int) -> Int64s:
        """Return a column of whole numbers, `absent` where there is none."""
        column = self._frame[name]
        nulls = column.null_count()
        if nulls == len(column):
            return np.full(nulls, absent, np.int64)
        return (column.fill_null(absent) if nulls else column).to_numpy().astype(np.int64)

    def texts(self, name: str) -> pl.Series:
        """Return a column of texts."""
        return self._frame[name]

    def picked(self, name: str, rows: Int64s) -> pl.Series:
        """Return `rows` of a column of texts; most sources know nothing of request ids and the like."""
        column = self._frame[name]
        return column[: len(rows)] if column.null_count() == len(column) else column[rows]


def encode_requests(table: RequestTable, templates: Templates) -> Requests:
    """Return the requests of `table`, at least one."""
    raw = {name: encode(table.texts(name)) for name in _TEXTS}
    texts = {
        name: _cleaned(raw[name], name)
        for name in ("workspace_id", "environment", "method", "client_ip", "user_agent", "error_type")
    }
    texts["protocol"] = _protocols(raw["protocol"])
    texts["endpoint"] = _endpoints(raw["endpoint"], raw["path"], templates)
    status = table.integers("status_code", ABSENT_STATUS)
    failures = find_failures(status, texts["protocol"], texts.pop("error_type"))
    return Requests(
        timestamp=table.timestamp,
        status=status,
        latency=table.latency,
        texts=texts,
        bytes_sent=table.integers("bytes_sent", 0),
        bytes_received=table.integers("bytes_received", 0),
        failures=failures,
    )


def _cleaned(raw: Codes, name: str) -> Codes:
    limit = LIMITS[name]
    return raw.mapped(lambda texts: clean_few(texts, limit), lambda texts: clean(texts, limit))


def _protocols(raw: Codes) -> Codes:
    return _cleaned(raw.mapped(canonical_few, canonical_protocols), "protocol")


def _endpoints(given: Codes, path: Codes, templates: Templates) -> Codes:
    """Return what a source gave as endpoint, and the template of the path where it gave none."""
    given = _cleaned(given, "endpoint")
    absent = given.of_row == given.code("")
    if not absent.any():
        return given
    made = path.mapped(templates.few_endpoints, templates.endpoints)
    if absent.all():
        return made
    both = Codes(
        np.where(absent, made.of_row + len(given), given.of_row), pl.concat([given.values, made.values], rechunk=True)
    )
    return both.with_values(both.values.clone())
