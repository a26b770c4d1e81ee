"""Active connections against loops over single samples: pending, half folded and folded, by source and by bucket."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.model.batch import GAUGE_SCHEMA, Batch, Deltas, Intake
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import GAUGE_MEASURES, ReadPlan, Slice
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.model.window import Window
from tests.support.stores import MICROS, NOW, FixedClock, fold, opened_store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.store.sqlite import SqliteStore

Sample = tuple[int, str, str, int]  # seconds before NOW, workspace, source, value
Row = dict[str, Any]

WIDTH = 10
LONGEST = 120
SAMPLES = st.lists(
    st.tuples(st.integers(1, LONGEST), st.sampled_from(["", "one"]), st.sampled_from(["a", "b"]), st.integers(0, 50)),
    max_size=12,
)
GROUPINGS = ((), (Dimension.WORKSPACE,), (Dimension.WORKSPACE, Dimension.SOURCE))


def expected(samples: Sequence[Sample], group_by: Sequence[Dimension], width: int | None) -> list[Row]:
    """Return the rows of an answer, in their order."""
    groups: dict[tuple[Any, ...], list[Sample]] = defaultdict(list)
    for sample in samples:
        second, workspace, source, _ = (NOW - sample[0], *sample[1:])
        names = {Dimension.WORKSPACE: workspace, Dimension.SOURCE: source}
        at = () if width is None else (second // width * width,)
        groups[(*at, *(names[dimension] for dimension in group_by))].append(sample)
    return [
        {
            **({} if width is None else {"bucket": key[0]}),
            **dict(zip(map(str, group_by), key[0 if width is None else 1 :], strict=True)),
            **measured(groups[key]),
        }
        for key in sorted(groups)
    ]


def measured(samples: Sequence[Sample]) -> Row:
    cells: dict[int, dict[tuple[str, str], list[int]]] = defaultdict(lambda: defaultdict(list))
    sources: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for ago, workspace, source, value in samples:
        cells[(NOW - ago) // WIDTH][workspace, source].append(value)
        sources[workspace, source].append((NOW - ago, value))
    most = max(sum(max(values) for values in by_source.values()) for by_source in cells.values())
    average = sum(sum(value for _, value in values) / len(values) for values in sources.values())
    return dict(
        zip(GAUGE_MEASURES, (most, pytest.approx(average), sum(max(v)[1] for v in sources.values())), strict=True)
    )


def written(store: SqliteStore, samples: Sequence[Sample]) -> None:
    rows = [((NOW - ago) * MICROS, "HTTP", workspace, "", source, value) for ago, workspace, source, value in samples]
    gauges = pl.DataFrame(rows, schema=GAUGE_SCHEMA, orient="row")
    store.write(Batch(NOW * MICROS, Intake("test", 0), Deltas.empty(), gauges=gauges))


def check(store: SqliteStore, samples: Sequence[Sample]) -> None:
    tier = tiers_of(Fact.GAUGE)[0]
    window = Window((NOW - LONGEST) // WIDTH * WIDTH, NOW)
    with store.snapshot() as snapshot:
        for group_by in GROUPINGS:
            for width in (None, WIDTH, 3 * WIDTH):
                plan = ReadPlan(Fact.GAUGE, (Slice(tier, window),), group_by, width, measures=GAUGE_MEASURES)
                answer = snapshot.read(plan)
                assert answer.frame.to_dicts() == expected(samples, group_by, width)
                assert answer.rows == len(answer.frame)


@settings(max_examples=25)
@given(SAMPLES, SAMPLES)
def test_connections(early: list[Sample], late: list[Sample]) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        opened_store(Path(folder) / "a.db", FixedClock(NOW)) as store,
    ):
        written(store, early)
        check(store, early)
        fold(store, NOW)
        check(store, early)
        written(store, late)
        check(store, [*early, *late])
        fold(store, NOW)
        check(store, [*early, *late])
