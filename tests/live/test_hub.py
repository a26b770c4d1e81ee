"""The hub on an event loop, with readers that block and a feed that floods: fakes of the ports, no sockets."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mockforge_analytics.config import StreamConfig
from mockforge_analytics.live.hub import Hub
from mockforge_analytics.live.outbox import Closing, Outbox, SlowReaderError
from mockforge_analytics.model.commit import Committed, GaugeMaxima, SeriesName
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.fakes.memory import MemoryReader, MemorySnapshot
from tests.support.listener import Listener
from tests.support.requests import frame
from tests.support.stores import FixedClock, settings
from tests.traffic import NOW, Row, coverage_of, row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mockforge_analytics.live.subscription import Client
    from mockforge_analytics.model.cells import Cells

NO_GAUGES = GaugeMaxima(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
SECONDS = 30.0


class Feed:
    """A feed that says what the test says."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[Committed], None]] = []

    def subscribe(self, callback: Callable[[Committed], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def say(self, before: int, number: int, cells: tuple[Cells, ...] = (), *, rewritten: bool = False) -> None:
        name = SeriesName("HTTP", "", "", "GET", "/", 200)
        for callback in self.callbacks:
            callback(Committed(before, number, (name,), cells, (), NO_GAUGES, rewritten))


class Stand:
    """A hub over rows in memory; what a client is sent ends in its queue, unless its gate is closed."""

    def __init__(self, rows: list[Row], **config: Any) -> None:
        self.reader = MemoryReader(MemorySnapshot(rows, coverage_of(rows)))
        self.feed = Feed()
        self.hub = Hub(self.reader, FixedClock(NOW), StreamConfig(**config), self.feed)
        self.tasks: list[asyncio.Task[Closing]] = []

    def join(self, **wish: Any) -> tuple[Client, asyncio.Queue[dict[str, Any]], asyncio.Event]:
        client = self.hub.connect()
        assert not isinstance(client, Closing)
        if wish:
            self.hub.configure(client, json.dumps(wish))
        heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        gate = asyncio.Event()
        gate.set()

        async def send(message: str) -> None:
            await gate.wait()
            heard.put_nowait(json.loads(message))

        self.tasks.append(asyncio.create_task(client.outbox.drain(send)))
        return client, heard, gate

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for client in list(self.hub._clients):
            self.hub.disconnect(client)
        while self.hub._tasks:
            await asyncio.gather(*self.hub._tasks)


async def heard_next(heard: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        return await heard.get()


def test_a_flood_of_commits_is_dropped_and_everything_read_anew() -> None:
    async def run() -> None:
        stand = Stand([row(NOW - 5)])
        _, heard, _ = stand.join(frames="delta", interval_seconds=3_600)
        assert (await heard_next(heard))["type"] == "snapshot"
        first = stand.reader.state.commit
        for number in range(first, first + 300):  # while the loop has no turn
            stand.feed.say(number, number + 1)
        assert (await heard_next(heard))["type"] == "snapshot"
        assert stand.hub.stats().reads == 2
        await stand.end()

    asyncio.run(run())


def test_commits_that_change_nothing_are_told_as_one() -> None:
    async def run() -> None:
        stand = Stand([row(NOW - 5)])
        _, heard, _ = stand.join(frames="delta", interval_seconds=3_600)
        held = await heard_next(heard)
        for number in range(held["commit"], held["commit"] + 50):
            stand.feed.say(number, number + 1)
        told = await heard_next(heard)
        assert (told["type"], told["from_commit"], told["commit"]) == ("delta", held["commit"], held["commit"] + 50)
        assert (told["series"], told["latency"]) == ([], [])
        await stand.end()

    asyncio.run(run())


def test_a_reader_that_is_behind_gets_one_snapshot_for_all_it_missed(tmp_path: Path) -> None:
    async def run(database: AnalyticsDatabase) -> None:
        assert database.store.feed is not None
        database.write_requests(frame([row(NOW - 5)]))
        stand = Stand([], queue_messages=2, frames_per_second=100)
        stand.hub = Hub(database.store, database.clock, stand.hub.config, database.store.feed)
        wish = {"frames": "delta", "interval_seconds": 3_600, "duration_seconds": 600}
        (client, heard, gate), (_, others, _) = stand.join(**wish), stand.join(**wish)
        slow, quick = Listener(), Listener()
        slow.take(await heard_next(heard))
        quick.take(await heard_next(others))
        gate.clear()
        commit = quick.commit
        for number in range(40):
            rows = [row(NOW - 3 * number), row(NOW - 1, latency_us=number)]
            commit = (await asyncio.to_thread(database.write_requests, frame(rows))).commit
            while quick.commit < commit:
                quick.take(await heard_next(others))
        assert client.outbox.coalesced > 0
        gate.set()
        while slow.commit < commit:
            slow.take(await heard_next(heard))
        assert slow.kinds["snapshot"] == 2
        assert slow.kinds["delta"] < quick.kinds["delta"]
        assert (slow.lines, slow.latency, slow.overview) == (quick.lines, quick.latency, quick.overview)
        await stand.end()

    with AnalyticsDatabase.open(tmp_path / "a.db", config=settings(), clock=FixedClock(NOW)) as database:
        asyncio.run(run(database))


def test_who_takes_nothing_while_others_are_dropped_is_too_slow() -> None:
    async def run() -> None:
        outbox = Outbox(StreamConfig(slow_seconds=0.01, queue_messages=1))
        sending = asyncio.Event()

        async def never(_message: str) -> None:
            sending.set()
            await asyncio.Event().wait()

        outbox.put("a")
        task = asyncio.create_task(outbox.drain(never))
        await sending.wait()
        outbox.put("b")
        outbox.put("c")
        with pytest.raises(SlowReaderError):
            await task
        assert outbox.coalesced == 1
        assert outbox.wants_snapshot

    asyncio.run(run())


def test_who_takes_long_but_misses_nothing_may_stay() -> None:
    async def run() -> None:
        outbox = Outbox(StreamConfig(slow_seconds=0.01))
        taken: list[str] = []

        async def slowly(message: str) -> None:
            await asyncio.wait({asyncio.create_task(asyncio.Event().wait())}, timeout=0.05)
            taken.append(message)
            outbox.close(Closing(1000, "done"))

        outbox.put("a")
        assert (await outbox.drain(slowly)).reason == "done"
        assert taken == ["a"]
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(run())


def test_the_newest_of_the_contracts_frames_wins() -> None:
    async def run() -> None:
        outbox = Outbox(StreamConfig())
        for message in "abc":
            outbox.replace(message)
        taken: list[str] = []

        async def take(message: str) -> None:
            taken.append(message)
            outbox.close(Closing(1000, "done"))

        await outbox.drain(take)
        assert (taken, outbox.coalesced) == (["c"], 2)

    asyncio.run(run())


def test_what_has_no_answer_is_told_and_the_last_settings_come_back() -> None:
    async def run() -> None:
        rows = [row(NOW - number % 3_000, endpoint=f"/{number}") for number in range(3_500)]
        stand = Stand(rows)
        client, heard, _ = stand.join(frames="delta", group_by="none", interval_seconds=3_600)
        assert (await heard_next(heard))["type"] == "snapshot"
        wish = {"frames": "delta", "group_by": "endpoint", "granularity": "10s"}
        stand.hub.configure(client, json.dumps(wish))
        told = [await heard_next(heard), await heard_next(heard)]
        assert [frame["type"] for frame in told] == ["error", "snapshot"]
        assert told[0]["field"] == "group_by"
        assert [line["label"] for line in told[1]["series"]] == ["(all)"]
        await stand.end()

    asyncio.run(run())


def test_nobody_left_means_nothing_subscribed_and_nothing_running() -> None:
    async def run() -> None:
        stand = Stand([row(NOW - 5)])
        clients = [stand.join(frames="delta", duration_seconds=60 * number) for number in range(1, 4)]
        for _, heard, _ in clients:
            await heard_next(heard)
        assert len(stand.feed.callbacks) == 1
        assert stand.hub.stats().subscriptions == 3
        await stand.end()
        assert stand.feed.callbacks == []
        assert (stand.hub.stats().clients, stand.hub.stats().subscriptions) == (0, 0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())


def test_a_hub_that_closes_takes_no_more() -> None:
    async def run() -> None:
        stand = Stand([row(NOW - 5)])
        client, _, _ = stand.join()
        stand.tasks[0].add_done_callback(lambda _task: stand.hub.disconnect(client))
        await stand.hub.close()
        assert stand.tasks[0].result().code == 1001
        assert stand.hub.connect() == stand.tasks[0].result()
        await stand.end()

    asyncio.run(run())
