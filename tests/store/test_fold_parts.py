"""A large fold in parts: the same rows in the end, and the same answers after each part."""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.config import RetentionConfig
from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import ReadPlan, Slice
from mockforge_analytics.model.tiers import TIERS, Fact, tiers_of
from mockforge_analytics.model.window import Window
from mockforge_analytics.store.check import check
from mockforge_analytics.store.findings import Level
from mockforge_analytics.store.fold_parts import PART_SIZES, PartSizes
from mockforge_analytics.store.health import storage_health
from mockforge_analytics.store.sqlite import SqliteStore
from mockforge_analytics.store.status import storage_status
from tests.support.naive import Req, batch
from tests.support.stores import (
    CELL_TABLES,
    HOUR,
    MICROS,
    NOW,
    FixedClock,
    opened_store,
    scalar,
    settings,
    table_rows,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer

DAY = Window(NOW // 86_400 * 86_400, NOW // 86_400 * 86_400 + 86_400)
MINUTE = next(tier for tier in TIERS if tier.name == "series_minute")
ERROR_MINUTE = next(tier for tier in TIERS if tier.name == "error_minute")
(CLIENT_HOUR,) = tiers_of(Fact.CLIENT)
SAME = (*CELL_TABLES, "endpoint_total", "error_events", "series", "agent", "scope")


def traffic(seed: int, count: int = 200) -> list[Req]:
    draw = random.Random(seed)
    return [
        Req(
            NOW - draw.randrange(3 * HOUR),
            f"/{draw.randrange(12)}",
            draw.choice([200, 200, 404, 500]),
            latency=draw.choice([None, draw.random()]),
            client=f"192.0.2.{draw.randrange(40)}",
            agent=f"agent/{draw.randrange(9)}",
        )
        for _ in range(count)
    ]


def part(store: SqliteStore, rows: int, clients: int) -> bool:
    """Fold a part; return whether there are more."""
    store.call(lambda committer: committer.fold_part(NOW * MICROS, PartSizes(rows, clients)))
    return bool(store.call(lambda committer: committer.is_folding))


def reader(path: Path) -> SqliteStore:
    """Return what another program reads, which knows nothing of what the writer has in memory."""
    return SqliteStore(path, settings(), FixedClock(), writable=False)


def by_endpoint(store: SqliteStore) -> Counter[str]:
    plan = ReadPlan(Fact.SERIES, (Slice(MINUTE, DAY),), group_by=(Dimension.ENDPOINT,), measures=("request_count",))
    with store.snapshot() as snapshot:
        return Counter(dict(snapshot.read(plan).frame.iter_rows()))


def errors(store: SqliteStore) -> Counter[str]:
    plan = ReadPlan(Fact.ERROR, (Slice(ERROR_MINUTE, DAY),), group_by=(Dimension.ENDPOINT,), measures=("error_count",))
    with store.snapshot() as snapshot:
        return Counter(dict(snapshot.read(plan).frame.iter_rows()))


def waiting(path: Path) -> int:
    return storage_status(path, RetentionConfig(), NOW).pending_requests


def by_client(store: SqliteStore) -> Counter[str]:
    plan = ReadPlan(Fact.CLIENT, (Slice(CLIENT_HOUR, DAY),), group_by=(Dimension.CLIENT,), measures=("request_count",))
    with store.snapshot() as snapshot:
        return Counter(dict(snapshot.read(plan).frame.iter_rows()))


def client_endpoints(store: SqliteStore, clients: list[str]) -> Counter[tuple[str, str]]:
    with store.snapshot() as snapshot:
        rows = snapshot.client_endpoints(DAY, clients, {}).iter_rows()
        return Counter({(client, endpoint): count for client, endpoint, count in rows})


@pytest.mark.parametrize(("rows", "clients"), [(1, 1), (40, 7), (300, 60)])
def test_answers_stay_the_same_from_part_to_part(tmp_path: Path, rows: int, clients: int) -> None:
    sent = traffic(1)
    with opened_store(tmp_path / "a.db") as store, closing(reader(store.path)) as elsewhere:
        for at in range(0, len(sent), 40):
            store.write(batch(sent[at : at + 40], received_at=NOW))
        parts = 1
        while part(store, rows, clients):
            parts += 1
            if parts in (2, 9):  # what comes meanwhile counts at once, and waits for the next fold
                more = traffic(parts, 25)
                store.write(batch(more, received_at=NOW))
                sent += more
            assert [found for found in check(store.path, NOW) if found.level is Level.ERROR] == []
            assert storage_health(store.path).pending_requests == waiting(store.path)
            for asked in (store, elsewhere):
                assert by_endpoint(asked) == Counter(r.endpoint for r in sent)
                assert errors(asked) == Counter(r.endpoint for r in sent if r.status >= 400)
                assert by_client(asked) == Counter(r.client for r in sent)
                names = sorted({r.client for r in sent})
                assert client_endpoints(asked, names) == Counter((r.client, r.endpoint) for r in sent)
        assert parts > 3
        assert scalar(store.path, "SELECT count(*) FROM pending") == (2 if parts >= 9 else 1)


def test_it_comes_to_the_same_rows(tmp_path: Path) -> None:
    """Also where the database is closed, or a commit fails, in the midst of it."""
    for name in ("whole", "parted", "reopened", "failed"):
        path, parts = tmp_path / f"{name}.db", 0
        with opened_store(path) as store:
            for seed in range(3):
                store.write(batch(traffic(seed), received_at=NOW))
            while name != "whole" and part(store, 90, 15):
                parts += 1
                if parts == 4 and name == "reopened":
                    break
                if parts % 3 == 0 and name == "failed":
                    fail(store)
            if name == "reopened":
                assert scalar(path, "SELECT count(*) FROM fold_progress") == 1
                shutil.copy2(path, tmp_path / "again.db")
                shutil.copy2(f"{path}-wal", tmp_path / "again.db-wal")
        assert parts > 3 or name == "whole"
    with opened_store(tmp_path / "again.db") as store:
        assert store.call(lambda committer: committer.is_folding)
        while part(store, 200, 30):
            pass
    found = [as_they_come(tmp_path / f"{name}.db") for name in ("whole", "parted", "failed", "again")]
    assert found[1:] == found[:1] * 3


def fail(store: SqliteStore) -> None:
    """Have a transaction of the writer fail, so that it reads again what is left of the fold."""

    def work(committer: Committer) -> None:
        committer.change(broken)

    def broken(_connection: object) -> None:
        raise StoreError

    with pytest.raises(StoreError):
        store.call(work)


def as_they_come(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of a database without what depends on the order of parts."""
    found = table_rows(path, *SAME)
    # Totals are numbered, and the endpoints of a client named, as they come.
    found["endpoint_total"] = sorted((row[1:] for row in found["endpoint_total"]), key=repr)
    found["client_hour"] = [(*row[:-1], sorted(json.loads(row[-1]).items())) for row in found["client_hour"]]
    return found


def test_a_live_server_folds_in_parts_and_ends_with_nothing_left(tmp_path: Path) -> None:
    """More clients than one part takes, with the usual sizes, by the thread that writes."""
    clients = PART_SIZES.clients * 2 + 10_000
    sent = [Req(NOW, client=f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", agent=f"agent/{i % 10}") for i in range(clients)]
    path = tmp_path / "a.db"
    with opened_store(path, store={"fold_events": 1}, caps={"clients_per_hour": 100_000}) as store:
        store.write(batch(sent, received_at=NOW))
        while store.call(lambda committer: committer.is_folding):
            pass
        assert store.call(lambda committer: len(committer.pending)) == 0
        assert store.call(lambda committer: committer.folds) == 5  # what is small, the cells, the clients in three
        assert scalar(path, "SELECT count(*) FROM client_hour") == clients
        assert scalar(path, "SELECT sum(request_count) FROM client_hour") == clients
