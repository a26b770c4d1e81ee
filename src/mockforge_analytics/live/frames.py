"""What subscribers are told of a view: the contract's flat object, and snapshots with the deltas that follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.window import MICROSECONDS, floor_to
from mockforge_analytics.query.figures import percent, unknown
from mockforge_analytics.query.reports.series import DEFAULT_SERIES, OTHER_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.errors import QueryError
    from mockforge_analytics.live.view import LiveView
    from mockforge_analytics.query.figures import Latencies, Sums

__all__ = ["Chart", "error_frame", "overview", "totals_frame"]

Int64s = NDArray[np.int64]

_LONGEST_ERROR: Final = 500  # characters


def totals_frame(view: LiveView, now_us: int) -> str:
    """Return the frame of the contract (section 5)."""
    return _encoded(_contract(view, view.ring.whole(), now_us))


def overview(view: LiveView, now_us: int) -> dict[str, Any]:
    """Return the contract's fields and what delta frames tell beside them."""
    sums = view.ring.whole()
    latency = sums.latencies()
    return {
        **_contract(view, sums, now_us),
        "latency_count": int(latency.count[0]),
        "p50_latency_ms": _known(latency.quantiles[0, 0]),
        "min_latency_ms": _known(latency.minimum[0]),
        "max_latency_ms": _known(latency.maximum[0]),
        "total_bytes_sent": sums.total("bytes_sent"),
        "total_bytes_received": sums.total("bytes_received"),
    }


def error_frame(error: QueryError) -> str:
    """Return the frame that says why a configuration is not used."""
    return _encoded({"type": "error", "field": error.field, "error": str(error)[:_LONGEST_ERROR]})


def _contract(view: LiveView, sums: Sums, now_us: int) -> dict[str, Any]:
    latency = sums.latencies()
    requests, errors = sums.total("request_count"), sums.total("error_count")
    return {
        "timestamp": now_us // MICROSECONDS,
        "total_requests": requests,
        "total_errors": errors,
        "error_rate": percent(errors, requests),
        "avg_latency_ms": _known(latency.average[0]),
        "p95_latency_ms": _known(latency.quantiles[0, 1]),
        "p99_latency_ms": _known(latency.quantiles[0, 2]),
        "active_connections": view.active_connections(),
        "requests_per_second": requests / view.window.seconds,
    }


class Chart:
    """What all subscribers of a view hold: the lines and their counts by bucket, since the last snapshot."""

    def __init__(self, view: LiveView) -> None:
        self._view = view
        self._lines: tuple[int, ...] = ()
        self._has_other = False
        self._held: dict[int, Int64s] = {}
        self._latencies: set[int] = set()
        self.commit = -1

    @property
    def has_new_lines(self) -> bool:
        """Whether other groups are to be shown than those that subscribers hold: that takes a snapshot."""
        lines, has_other = self._ranked()
        return set(lines) != set(self._lines) or has_other != self._has_other

    @property
    def is_new(self) -> bool:
        """Whether there was no snapshot yet."""
        return self.commit < 0

    def _ranked(self) -> tuple[tuple[int, ...], bool]:
        ranked = self._view.labels.ranked(self._view.ring.totals.tolist()[: len(self._view.labels)])
        return tuple(ranked[:DEFAULT_SERIES]), len(ranked) > DEFAULT_SERIES

    def snapshot(self, now_us: int) -> str:
        """Return the whole state; deltas go on from it."""
        view = self._view
        self._lines, self._has_other = self._ranked()
        buckets = view.buckets()
        parts = view.parts(buckets)
        self._held = {bucket: self._counts(bucket) for bucket in buckets}
        self.commit = view.commit
        view.touched.clear()
        counts = np.stack(list(self._held.values()), axis=2).tolist()
        seconds = [part.seconds for part in parts]
        series = []
        for number, label in enumerate(self._labels()):
            values, errors = counts[0][number], counts[1][number]
            data = [
                {"timestamp": bucket, "value": value, "error_count": failed, "requests_per_second": value / length}
                for bucket, value, failed, length in zip(buckets, values, errors, seconds, strict=True)
            ]
            series.append({"label": label, "data": data, "total": sum(values)})
        frame = self._frame("snapshot", now_us)
        frame |= {"granularity": view.granularity.label, "bucket_seconds": int(view.granularity)}
        return _encoded(frame | {"series": series, "latency": self._trends(buckets)})

    def delta(self, now_us: int) -> str | None:
        """Return what changed since the last frame; None where nothing did, and no commit was made."""
        view = self._view
        first = floor_to(view.window.start, view.granularity)
        touched = sorted(bucket for bucket in view.touched if bucket >= first)
        view.touched.clear()
        if not touched and view.commit == self.commit:
            return None
        frame = self._frame("delta", now_us)
        del frame["commit"]
        frame = {"type": "delta", "from_commit": self.commit, "commit": view.commit, **frame}
        frame |= {"series": self._increments(touched), "latency": self._trends(touched)}
        self._held = {bucket: held for bucket, held in self._held.items() if bucket >= first}
        self.commit = view.commit
        return _encoded(frame)

    def tick(self, now_us: int) -> str:
        """Return the overview, where nothing else is to be told."""
        return _encoded(self._frame("tick", now_us) | {"commit": self.commit})

    def _frame(self, kind: str, now_us: int) -> dict[str, Any]:
        window = self._view.window
        return {
            "type": kind,
            "commit": self._view.commit,
            "start_time": window.start,
            "end_time": window.end,
            "overview": overview(self._view, now_us),
        }

    def _increments(self, buckets: Sequence[int]) -> list[dict[str, Any]]:
        by_line: dict[int, list[dict[str, int]]] = {}
        for bucket in buckets:
            now = self._counts(bucket)
            held = self._held.get(bucket)
            added = now if held is None else now - held
            self._held[bucket] = now
            for line in np.flatnonzero(added.any(axis=0)).tolist():
                value, errors = added[:, line].tolist()
                by_line.setdefault(line, []).append({"timestamp": bucket, "value": value, "error_count": errors})
        labels = self._labels()
        return [{"label": labels[line], "data": by_line[line]} for line in sorted(by_line)]

    def _counts(self, bucket: int) -> Int64s:
        """Return an array (requests and errors, lines) of what a bucket holds now."""
        counts = self._view.ring.counts(self._view.part(bucket))
        lines = counts[:, list(self._lines)]
        if not self._has_other:
            return lines
        rest = counts.sum(axis=1, keepdims=True) - lines.sum(axis=1, keepdims=True)
        return np.concatenate([lines, rest], axis=1)

    def _labels(self) -> list[str]:
        labels = [self._view.labels.text(number) for number in self._lines]
        return [*labels, OTHER_LABEL] if self._has_other else labels

    def _trends(self, buckets: Sequence[int]) -> list[dict[str, Any]]:
        sums = self._view.ring.sums(self._view.parts(buckets))
        return _trends(buckets, sums.latencies(), sums["request_count"].tolist())


def _trends(buckets: Sequence[int], latencies: Latencies, requests: Sequence[int]) -> list[dict[str, Any]]:
    columns = (*latencies.quantiles.T, latencies.average, latencies.minimum, latencies.maximum)
    rows = zip(*(np.nan_to_num(column, nan=0.0).tolist() for column in columns), strict=True)
    return [
        {
            "timestamp": bucket,
            "p50": p50,
            "p95": p95,
            "p99": p99,
            "avg": average,
            "min": minimum,
            "max": maximum,
            "latency_count": count,
            "request_count": request_count,
        }
        for bucket, (p50, p95, p99, average, minimum, maximum), count, request_count in zip(
            buckets, rows, latencies.count.tolist(), requests, strict=True
        )
    ]


def _known(value: float) -> float:
    return unknown(float(value)) or 0.0


def _encoded(frame: dict[str, Any]) -> str:
    return msgspec.json.encode(frame).decode()
