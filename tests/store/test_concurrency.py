"""Readers beside a writer: every answer is of one commit, totals never waver, whatever folds in between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from mockforge_analytics.model.plan import ReadPlan, Slice
from mockforge_analytics.model.tiers import Fact, tiers_of
from mockforge_analytics.model.window import Window
from mockforge_analytics.store.retention import run_retention
from mockforge_analytics.store.sqlite import SqliteStore
from tests.support.naive import Req, batch
from tests.support.stores import DAY, MICROS, NOW, FixedClock, opened_store, settings

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.reader import SqliteSnapshot

ROUNDS = 20
PER_ROUND = 5
BULK, FOLD, RETENTION = range(3, ROUNDS, 4), range(0, ROUNDS, 3), range(9, ROUNDS, 10)  # in which rounds
PLANS = [
    ReadPlan(fact, (Slice(tier, Window((NOW - 86_400) // tier.width * tier.width, NOW // DAY * DAY + DAY)),))
    for fact in (Fact.SERIES, Fact.SCOPE)
    for tier in tiers_of(fact)
]


def totals(snapshot: SqliteSnapshot) -> set[int]:
    return {int(snapshot.read(plan).frame["request_count"].sum()) for plan in PLANS}


def write_rounds(store: SqliteStore) -> None:
    for part in range(ROUNDS):
        requests = [Req(NOW - (part * PER_ROUND + i) * 7, endpoint=f"/{i}") for i in range(PER_ROUND)]
        store.write(batch(requests, received_at=NOW, bulk=part in BULK))
        if part in FOLD:
            store.call(lambda committer: committer.fold(NOW * MICROS))
        if part in RETENTION:
            run_retention(store.call, settings().retention, NOW * MICROS)


def test_totals_of_every_tier_agree_in_every_snapshot_while_batches_come_and_fold(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    stop = threading.Event()
    seen: list[list[tuple[int, set[int]]]] = [[], []]
    faults: list[BaseException] = []
    with opened_store(path) as store:
        other = SqliteStore(path, settings(), FixedClock(), writable=False)

        def look(answers: list[tuple[int, set[int]]], source: SqliteStore) -> None:
            try:
                while not stop.is_set():
                    with source.snapshot() as snapshot:
                        answers.append((snapshot.commit, totals(snapshot)))
            except BaseException as fault:  # noqa: BLE001 - told to the test, which fails with it
                faults.append(fault)

        sources = [store, other]
        readers = [threading.Thread(target=look, args=pair) for pair in zip(seen, sources, strict=True)]
        for reader in readers:
            reader.start()
        write_rounds(store)
        with store.snapshot() as snapshot:
            last = snapshot.commit, totals(snapshot)
        stop.set()
        for reader in readers:
            reader.join()
        other.close()
    assert faults == []
    assert last == (ROUNDS, {ROUNDS * PER_ROUND})
    for answers in seen:
        commits = [commit for commit, _ in answers]
        assert commits == sorted(commits)
        assert {(commit, frozenset(found)) for commit, found in answers} == {
            (commit, frozenset({commit * PER_ROUND} if commit else {0})) for commit in set(commits)
        }


def test_batches_from_many_threads_share_commits_and_lose_nothing(tmp_path: Path) -> None:
    threads, each = 8, 25
    with opened_store(tmp_path / "a.db", store={"commit_delay_ms": 5, "fold_events": 40}) as store:

        def send(number: int) -> None:
            for part in range(each):
                made = [Req(NOW - part, endpoint=f"/{number}")]
                result = store.write(batch(made, received_at=NOW, token=f"{number} {part}"))
                assert result.stored == 1

        senders = [threading.Thread(target=send, args=(number,)) for number in range(threads)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        with store.snapshot() as snapshot:
            assert totals(snapshot) == {threads * each}
            assert snapshot.commit == threads * each


def test_an_open_snapshot_does_not_see_retention(tmp_path: Path) -> None:
    """S13: what was there when the snapshot opened stays there for it."""
    with opened_store(tmp_path / "a.db") as store:
        store.write(batch([Req(NOW - i * 60) for i in range(100)], received_at=NOW))
        store.call(lambda committer: committer.fold(NOW * MICROS))
        with store.snapshot() as warm, store.snapshot() as cold:
            before = totals(warm)
            late = (NOW + 500 * DAY) * MICROS
            report = run_retention(store.call, settings().retention, late, trust_clock=True)
            assert report.deleted["series_day"] > 0
            assert totals(warm) == totals(cold) == before == {100}
        with store.snapshot() as snapshot:
            assert totals(snapshot) == {0}
