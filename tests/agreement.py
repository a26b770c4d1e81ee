"""What an answer and the oracle have to agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from mockforge_analytics.model.histogram import RELATIVE_ERROR
from tests import oracle
from tests.fakes.memory import MemorySnapshot
from tests.traffic import coverage_of, is_kept

if TYPE_CHECKING:
    from mockforge_analytics.errors import QueryError
    from mockforge_analytics.query.figures import Latency
    from mockforge_analytics.query.results import Peak, TrafficRow
    from tests.traffic import Row

HALF_A_BUCKET: Final = RELATIVE_ERROR * (1 + 1e-9)
PERCENTILES: Final = ("p50", "p95", "p99")


def state(rows: list[Row]) -> MemorySnapshot:
    """Return the rows as a database that has deleted what is past its retention."""
    coverage = coverage_of(rows)
    return MemorySnapshot([entry for entry in rows if is_kept(entry["timestamp"], coverage)], coverage)


def refused_because(error: QueryError, *fields: str) -> None:
    """Assert that a question was refused for one of these fields."""
    assert error.field in fields


def same_latency(got: Latency, expected: dict[str, Any]) -> None:
    """Assert equal figures, percentiles within half a bucket."""
    assert got.count == expected["count"]
    for name in ("average", "minimum", "maximum"):
        assert getattr(got, name) == (None if expected[name] is None else pytest.approx(expected[name]))
    for name in PERCENTILES:
        assert getattr(got, name) == (
            None if expected[name] is None else pytest.approx(expected[name], rel=HALF_A_BUCKET)
        )


def same_figures(got: TrafficRow, expected: dict[str, Any]) -> None:
    """Assert equal figures of one group."""
    for name in ("request_count", "error_count", "bytes_sent", "bytes_received"):
        assert getattr(got, name) == expected[name]
    assert got.share == pytest.approx(expected["share"])
    assert got.error_rate == pytest.approx(expected["error_rate"])
    same_latency(got.latency, expected["latency"])


def same_peak(got: Peak | None, found: list[Row], measure: str) -> None:
    """Assert that `got` is the busiest bucket of its width, the first of equal ones."""
    if got is None:
        assert sum(amount(entry, measure) for entry in found) == 0
        return
    buckets = oracle.by_bucket(found, got.seconds)
    sums = {start: sum(amount(entry, measure) for entry in group) for start, group in buckets.items()}
    best = max(sums.values())
    assert (got.count, got.start) == (best, min(start for start, count in sums.items() if count == best))
    assert got.rate == pytest.approx(best / got.seconds)


def amount(entry: Row, measure: str) -> int:
    """Return what one request adds to a measure."""
    if measure == "request_count":
        return 1
    return int(oracle.failed(entry)) if measure == "error_count" else int(entry[measure])
