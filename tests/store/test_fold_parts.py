"""A large fold in parts: the same rows in the end, and the same answers after each part."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.plan import ReadPlan, Slice
from mockforge_analytics.model.tiers import TIERS, Fact, tiers_of
from mockforge_analytics.model.window import Window
from mockforge_analytics.store.fold_parts import CLIENTS_AT_ONCE
from tests.support.naive import Req, batch
from tests.support.stores import CELL_TABLES, HOUR, MICROS, NOW, fold, opened_store, scalar, table_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.sqlite import SqliteStore

DAY = Window(NOW // 86_400 * 86_400, NOW // 86_400 * 86_400 + 86_400)
MINUTE = next(tier for tier in TIERS if tier.name == "series_minute")
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


def part(store: SqliteStore, clients: int) -> bool:
    """Fold a part; return whether there are more."""
    store.call(lambda committer: committer.fold_part(NOW * MICROS, clients))
    return bool(store.call(lambda committer: committer.is_folding))


def by_endpoint(store: SqliteStore) -> Counter[str]:
    plan = ReadPlan(Fact.SERIES, (Slice(MINUTE, DAY),), group_by=(Dimension.ENDPOINT,), measures=("request_count",))
    with store.snapshot() as snapshot:
        return Counter(dict(snapshot.read(plan).frame.iter_rows()))


def by_client(store: SqliteStore) -> Counter[str]:
    plan = ReadPlan(Fact.CLIENT, (Slice(CLIENT_HOUR, DAY),), group_by=(Dimension.CLIENT,), measures=("request_count",))
    with store.snapshot() as snapshot:
        return Counter(dict(snapshot.read(plan).frame.iter_rows()))


def client_endpoints(store: SqliteStore, clients: list[str]) -> Counter[tuple[str, str]]:
    with store.snapshot() as snapshot:
        rows = snapshot.client_endpoints(DAY, clients, {}).iter_rows()
        return Counter({(client, endpoint): count for client, endpoint, count in rows})


@pytest.mark.parametrize("clients", [1, 7, 60])
def test_answers_stay_the_same_from_part_to_part(tmp_path: Path, clients: int) -> None:
    sent = traffic(1)
    with opened_store(tmp_path / "a.db") as store:
        for at in range(0, len(sent), 40):
            store.write(batch(sent[at : at + 40], received_at=NOW))
        parts = 1
        while part(store, clients):
            parts += 1
            if parts in (2, 3):  # what comes meanwhile counts at once, and waits for the next fold
                more = traffic(parts, 25)
                store.write(batch(more, received_at=NOW))
                sent += more
            assert by_endpoint(store) == Counter(r.endpoint for r in sent)
            assert by_client(store) == Counter(r.client for r in sent)
            names = sorted({r.client for r in sent})
            assert client_endpoints(store, names) == Counter((r.client, r.endpoint) for r in sent)
        assert parts > 1
        assert scalar(store.path, "SELECT count(*) FROM pending") == min(parts - 1, 2)


def test_it_comes_to_the_same_rows(tmp_path: Path) -> None:
    for name, clients in (("whole", None), ("parted", 15)):
        with opened_store(tmp_path / f"{name}.db") as store:
            for seed in range(3):
                store.write(batch(traffic(seed), received_at=NOW))
            if clients is None:
                fold(store)
            else:
                while part(store, clients):
                    pass
    whole, parted = (table_rows(tmp_path / f"{name}.db", *SAME) for name in ("whole", "parted"))
    # Totals are numbered, and the endpoints of a client named, as they come.
    for found in (whole, parted):
        found["endpoint_total"] = sorted((row[1:] for row in found["endpoint_total"]), key=repr)
        found["client_hour"] = [(*row[:-1], sorted(json.loads(row[-1]).items())) for row in found["client_hour"]]
    assert parted == whole


def test_a_live_server_folds_in_parts_and_ends_with_nothing_left(tmp_path: Path) -> None:
    """More clients than one part takes, with the usual sizes, by the thread that writes."""
    clients = CLIENTS_AT_ONCE + 10_000
    sent = [Req(NOW, client=f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", agent=f"agent/{i % 10}") for i in range(clients)]
    path = tmp_path / "a.db"
    with opened_store(path, store={"fold_events": 1}, caps={"clients_per_hour": 100_000}) as store:
        store.write(batch(sent, received_at=NOW))
        while store.call(lambda committer: committer.is_folding):
            pass
        assert store.call(lambda committer: len(committer.pending)) == 0
        assert store.call(lambda committer: committer.folds) == 3  # the cells, then the clients in two
        assert scalar(path, "SELECT count(*) FROM client_hour") == clients
        assert scalar(path, "SELECT sum(request_count) FROM client_hour") == clients
