"""Past a cap names are lost, never requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import polars as pl

from mockforge_analytics.config import CapConfig, RetentionConfig, Templating
from mockforge_analytics.model.batch import Batch, Intake
from mockforge_analytics.model.plan import CLIENT_MEASURES, ReadPlan, Slice
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.model.window import Window
from mockforge_analytics.rollup.stage import Rollup
from mockforge_analytics.store.check import check
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.keys import workspace_slot
from mockforge_analytics.store.status import storage_status
from tests.support.naive import Req, batch
from tests.support.stores import HOUR, MICROS, NOW, fold, opened_committer, opened_store, scalar

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer

START = NOW // HOUR * HOUR
NEIGHBOURS = tuple(name for name in map(str, range(400)) if workspace_slot(name) == workspace_slot(""))[:2]


def test_no_series_is_made_for_an_overflow_that_never_happened(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        committer.write([batch([Req(NOW)], received_at=NOW)])
        assert committer.connection.execute("SELECT count(*) FROM series").fetchall() == [(1,)]


def failing(committer: Committer, workspace: str, endpoints: range) -> int:
    requests = [Req(START, endpoint=f"/{i}", status=500, workspace=workspace) for i in endpoints]
    result = committer.write([batch(requests, received_at=NOW)])[0]
    assert not isinstance(result, Exception)
    return result.overflowed


def overflown_errors(path: Path) -> int:
    found: int = scalar(path, "SELECT count(*) FROM error_series WHERE error_type = '__overflow__'")
    return found


def test_error_kinds_of_one_workspace_take_no_room_from_another(tmp_path: Path) -> None:
    """Two workspaces in one slot of the key, with and without a restart between their batches."""
    path, cap = tmp_path / "a.db", 5
    caps = {"series_per_hour": cap}
    with opened_committer(path, caps=caps) as committer:
        assert failing(committer, NEIGHBOURS[0], range(cap)) == 0
    with opened_committer(path, caps=caps) as committer:
        assert failing(committer, NEIGHBOURS[1], range(cap)) == 0
        committer.fold(NOW * MICROS)
    with opened_committer(path, caps=caps) as committer:
        assert failing(committer, "", range(cap)) == 0
    assert overflown_errors(path) == 0


def test_what_was_refused_does_not_move_the_first_and_last_request(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    old, kept = NOW - 400 * 24 * HOUR, NOW // HOUR * HOUR - 5 * HOUR
    with opened_committer(path) as committer:
        result = committer.write([batch([Req(old), Req(kept + 5)], received_at=NOW)])[0]
        assert not isinstance(result, Exception)
        assert (result.stored, result.too_old) == (1, 1)
        committer.fold(NOW * MICROS)
    first = scalar(path, "SELECT value FROM meta WHERE key = 'first'") / MICROS
    assert kept <= first <= kept + 5


def rolled(frame: pl.DataFrame, caps: CapConfig) -> Batch:
    made, refused = Rollup(Templating.NONE, caps).deltas(frame, now_us=NOW * MICROS)
    assert not refused
    return Batch(NOW * MICROS, Intake("test", len(frame)), made)


def frame_of(count: int, **columns: pl.Series) -> pl.DataFrame:
    times = pl.Series("timestamp", [(START - HOUR + i % HOUR) * MICROS for i in range(count)])
    given = {"timestamp": times, "protocol": pl.repeat("HTTP", count, eager=True), **columns}
    return pl.DataFrame({name: given.get(name, pl.Series(name, [None] * count)) for name in REQUEST_SCHEMA}).cast(
        REQUEST_SCHEMA  # type: ignore[arg-type]  # a mapping of names to types, which cast takes
    )


def test_a_hundred_thousand_random_paths_stay_under_the_cap_with_exact_totals(tmp_path: Path) -> None:
    """L1: the series of the hour are capped, every request is counted, and the culprit is named."""
    path, count, cap, parts = tmp_path / "a.db", 100_000, 1_000, 4
    caps = CapConfig(series_per_hour=cap)
    paths = pl.Series("path", [f"/{number:08x}" for number in range(count)])
    status = pl.Series("status_code", [500 if i % 10 == 0 else 200 for i in range(count)])
    sizes = pl.Series("bytes_sent", range(count))
    frame = frame_of(count, path=paths, status_code=status, bytes_sent=sizes)
    overflowed = 0
    with opened_committer(path, caps=caps.model_dump()) as committer:
        for part in range(parts):
            piece = frame.slice(part * count // parts, count // parts)
            result = committer.write([rolled(piece, caps)])[0]
            assert not isinstance(result, Exception)
            assert result.stored == len(piece)
            overflowed += result.overflowed
            if part % 2:
                committer.fold(NOW * MICROS)
    totals = "SELECT sum(request_count), sum(error_count), sum(bytes_sent) FROM "
    for table in ("series_minute", "series_hour", "series_day", "scope_day", "endpoint_total"):
        connection = apsw.Connection(str(path))
        assert connection.execute(totals + table).fetchall() == [(count, count // 10, int(sizes.sum()))]
        assert connection.execute("SELECT sum(error_count) FROM error_hour").fetchall() == [(count // 10,)]
        connection.close()
    assert scalar(path, "SELECT count(*) FROM series") == cap + 1
    assert scalar(path, "SELECT count(*) FROM series_hour") == cap + 1
    assert overflowed == count - cap
    over = "SELECT sum(request_count) FROM metrics_aggregates_day WHERE endpoint = '__overflow__'"
    assert scalar(path, over) == overflowed
    assert scalar(path, "SELECT count(*) FROM error_events") <= 60 * caps.error_events_per_minute_total
    (named,) = storage_status(path, RetentionConfig(), NOW).overflowed
    assert (named.hour, named.workspace_id, named.requests) == (START - HOUR, "", overflowed)
    assert [f.what for f in check(path, NOW) if f.level is Level.ERROR] == []


def test_clients_past_the_cap_leave_an_exact_remainder_and_a_good_estimate(tmp_path: Path) -> None:
    path, count, cap = tmp_path / "a.db", 20_000, 500
    caps = CapConfig(clients_per_hour=cap)
    addresses = pl.Series("client_ip", [f"2001:db8::{i % (count // 2):x}" for i in range(count)])
    sizes = pl.Series("bytes_received", range(count))
    frame = frame_of(count, client_ip=addresses, bytes_received=sizes)
    with opened_store(path, caps=caps.model_dump()) as store:
        for part in range(5):
            store.write(rolled(frame.slice(part * count // 5, count // 5), caps))
            fold(store)
        (tier,) = tiers_of(Fact.CLIENT)
        plan = ReadPlan(Fact.CLIENT, (Slice(tier, Window(START - HOUR, START)),), measures=CLIENT_MEASURES, group_by=())
        with store.snapshot() as snapshot:
            result = snapshot.read(plan)
    (row,) = result.frame.iter_rows(named=True)
    assert (row["request_count"], row["bytes_received"]) == (count, int(sizes.sum()))
    assert result.approximate
    distinct = count // 2
    assert (
        abs(row["unique_clients"] - distinct) < distinct * 0.05
    )  # three times the 1.6 % of a sketch of 2^12 registers
    assert scalar(path, "SELECT count(*) FROM client_hour") == cap + 1
    rest = "SELECT request_count FROM client_hour WHERE client_ip = '__overflow__'"
    kept = addresses[:cap].to_list()
    assert scalar(path, rest) == count - sum(addresses.is_in(kept))


def test_stored_error_events_are_capped_while_counts_stay_exact(tmp_path: Path) -> None:
    path, each, total, count = tmp_path / "a.db", 3, 10, 220
    caps = CapConfig(error_events_per_minute=each, error_events_per_minute_total=total)
    shop = [i % 11 == 0 for i in range(count)]
    frame = frame_of(
        count,
        timestamp=pl.Series([(START + i % 60) * MICROS for i in range(count)]),
        path=pl.Series(["/other" if own else f"/{i % 5}" for i, own in enumerate(shop)]),
        status_code=pl.repeat(500, count, eager=True),
        workspace_id=pl.Series(["shop" if own else None for own in shop]),
    )
    with opened_committer(path, caps=caps.model_dump()) as committer:
        for number, start in enumerate(range(0, count, 30)):
            committer.write([rolled(frame.slice(start, 30), caps)])
            if number % 3:
                committer.fold(NOW * MICROS)
        committer.fold(NOW * MICROS)
    counted = "SELECT count(*) FROM error_events WHERE coalesce(workspace_id, '') = "
    assert scalar(path, counted + "''") == total
    assert scalar(path, counted + "'shop'") == each
    most = "SELECT max(n) FROM (SELECT count(*) AS n FROM error_events GROUP BY endpoint, workspace_id)"
    assert scalar(path, most) == each
    assert scalar(path, "SELECT sum(error_count) FROM error_minute") == count
