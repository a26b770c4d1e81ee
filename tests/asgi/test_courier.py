"""When batches leave, how often they are tried, and that every request is accounted for; on a clock that is set."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.sources.asgi.buffer import Buffer
from mockforge_analytics.sources.asgi.connections import OpenConnections
from mockforge_analytics.sources.asgi.courier import Courier, Load
from mockforge_analytics.sources.asgi.event import Describer
from mockforge_analytics.sources.asgi.settings import CaptureSettings, DeliverySettings
from mockforge_analytics.sources.asgi.sink import Outcome, Verdict
from mockforge_analytics.sources.asgi.stats import Drop, Ledger, ReporterStats
from tests.asgi.support import FakeClock
from tests.asgi.test_event import PLAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.asgi.event import ConnectionsSample, Event

DELIVERED = Outcome(Verdict.DELIVERED)
RETRY = Outcome(Verdict.RETRY, reason="away")
REFUSED = Outcome(Verdict.REFUSED, reason="no")


@dataclass
class Attempt:
    """One attempt: when, with what key, of which paths."""

    at: float
    key: str
    paths: list[str | None]
    samples: list[tuple[str, int]]
    timeout: float


@dataclass
class FakeSink:
    """A receiver with prepared answers (an exception is raised); without one it takes everything."""

    clock: FakeClock
    answers: deque[Outcome | Exception] = field(default_factory=deque)
    attempts: list[Attempt] = field(default_factory=list)
    costs: float = 0.0
    closed: bool = False

    def pack(self, events: Sequence[Event], samples: Sequence[ConnectionsSample], key: str) -> Package:
        paths = [event.path for event in events]
        return Package(self, key, paths, [(sample.protocol, sample.value) for sample in samples])

    def close(self) -> None:
        self.closed = True


@dataclass
class Package:
    """What the sink packed."""

    sink: FakeSink
    key: str
    paths: list[str | None]
    samples: list[tuple[str, int]]

    def send(self, timeout: float) -> Outcome:
        sink = self.sink
        sink.attempts.append(Attempt(sink.clock.monotonic(), self.key, self.paths, self.samples, timeout))
        sink.clock.advance(sink.costs)
        answer = sink.answers.popleft() if sink.answers else DELIVERED
        if isinstance(answer, Exception):
            raise answer
        return answer


class Rig:
    """A courier with everything around it."""

    def __init__(self, **settings: float) -> None:
        self.clock = FakeClock()
        values = {"batch_size": 3, "queue_size": 5, "gauge_interval": 1e9, **settings}
        self.settings = DeliverySettings(**values)  # type: ignore[arg-type]  # the sizes are whole numbers
        self.sink = FakeSink(self.clock)
        self.ledger = Ledger()
        self.connections = OpenConnections()
        self.buffer = Buffer(self.settings.queue_size, self.settings.batch_size, self.ledger)
        load = Load(self.buffer, self.connections, self.ledger, Describer(CaptureSettings()), "me")
        self.courier = Courier(load, self.sink, self.settings, self.clock, Random(1))
        self.count = 0

    def see(self, requests: int = 1) -> None:
        for _ in range(requests):
            self.count += 1
            self.buffer.append(PLAIN._replace(path=f"/{self.count}".encode()))

    def run(self, seconds: float) -> None:
        """Let so much time pass, stepping whenever the courier asks for it."""
        end = self.clock.seconds + seconds
        while (wait := self.courier.step()) + self.clock.seconds <= end:
            self.clock.advance(wait)
        self.clock.seconds = end

    @property
    def sent(self) -> list[list[str | None]]:
        return [attempt.paths for attempt in self.sink.attempts]

    @property
    def times(self) -> list[float]:
        return [attempt.at for attempt in self.sink.attempts]

    @property
    def stats(self) -> ReporterStats:
        return self.ledger.stats(self.buffer.recorded)


def test_a_full_batch_leaves_at_once() -> None:
    rig = Rig(interval=60)
    rig.see(2)
    rig.run(1)
    assert rig.sent == []
    assert not rig.buffer.full_batch.is_set()
    rig.see()
    assert rig.buffer.full_batch.is_set(), "the thread is woken"
    rig.run(0)
    assert rig.sent == [["/1", "/2", "/3"]]


def test_a_request_waits_no_longer_than_the_interval() -> None:
    rig = Rig(interval=2)
    rig.run(10.5)
    rig.see()
    rig.run(0)
    assert rig.sent == [["/1"]], "the last batch is more than an interval ago"
    rig.see()
    rig.run(1.9)
    assert len(rig.sent) == 1, "company is waited for"
    rig.see()
    rig.run(0.2)
    assert rig.sent == [["/1"], ["/2", "/3"]]
    assert rig.times == [10.5, 12.5]


def test_the_end_sends_what_waits_in_batches() -> None:
    rig = Rig(interval=60)
    rig.see(5)
    rig.courier.drain(rig.clock.seconds + 2)
    assert rig.sent == [["/1", "/2", "/3"], ["/4", "/5"]]
    assert rig.sink.closed
    assert (rig.stats.delivered, rig.stats.waiting) == (5, 0)


def test_the_end_does_not_wait_beyond_its_deadline() -> None:
    rig = Rig(interval=60)
    rig.sink.costs = 1.5
    rig.see(5)
    rig.courier.drain(rig.clock.seconds + 2)
    assert [attempt.timeout for attempt in rig.sink.attempts] == [2.0, 0.5]
    slow = Rig(interval=60)
    slow.sink.costs = 2.5
    slow.see(5)
    slow.courier.drain(slow.clock.seconds + 2)
    assert slow.sent == [["/1", "/2", "/3"]]
    assert (slow.stats.delivered, slow.stats.dropped, slow.stats.waiting) == (3, {Drop.SHUTDOWN: 2}, 0)


def test_the_end_tries_a_batch_that_waits_for_its_next_attempt_once_more() -> None:
    rig = Rig(interval=1)
    rig.sink.answers.extend([RETRY, RETRY])
    rig.see(4)
    rig.run(0)
    rig.courier.drain(rig.clock.seconds + 2)
    assert rig.sent == [["/1", "/2", "/3"]] * 2
    assert (rig.stats.dropped, rig.stats.waiting) == ({Drop.SHUTDOWN: 4}, 0)


def test_an_attempt_is_repeated_with_the_same_key_and_content_after_growing_waits() -> None:
    rig = Rig(retry_total=1_000)
    rig.sink.answers.extend([RETRY] * 9)
    rig.see(3)
    rig.run(400)
    assert {(attempt.key, tuple(attempt.paths)) for attempt in rig.sink.attempts} == {("me-1", ("/1", "/2", "/3"))}
    longest = [5, 7.5, 11.25, 16.875, 25.3125, 30, 30, 30, 30]
    waits = [later - earlier for earlier, later in zip(rig.times, rig.times[1:], strict=False)]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, longest, strict=True))
    assert len({round(wait / most, 6) for wait, most in zip(waits, longest, strict=True)}) == 9, "each with its jitter"
    assert (rig.stats.retries, rig.stats.delivered, rig.stats.last_error) == (9, 3, None)


def test_a_batch_is_given_up_after_its_time_and_the_next_one_tried() -> None:
    rig = Rig(retry_total=300)
    rig.sink.answers.extend([RETRY] * 100)
    rig.see(3)
    rig.run(310)
    assert max(rig.times) <= 300
    assert (rig.stats.dropped, rig.stats.last_error) == ({Drop.EXPIRED: 3}, "away")
    rig.sink.answers.clear()
    rig.see(2)
    rig.run(2)
    assert rig.sink.attempts[-1].key == "me-2"
    assert (rig.stats.delivered, rig.stats.last_error) == (2, None)


def test_the_receiver_may_ask_for_a_longer_wait() -> None:
    rig = Rig()
    rig.sink.answers.append(Outcome(Verdict.RETRY, wait=120.0, reason="HTTP 503"))
    rig.see(3)
    rig.run(119)
    assert len(rig.sent) == 1
    rig.run(2)
    assert rig.times == [0.0, 120.0]


def test_a_wait_beyond_the_total_gives_up_at_once() -> None:
    rig = Rig()
    rig.sink.answers.append(Outcome(Verdict.RETRY, wait=3_600.0))
    rig.see(3)
    rig.run(0)
    assert (rig.stats.dropped, rig.stats.waiting) == ({Drop.EXPIRED: 3}, 0)


@pytest.mark.parametrize("answer", [REFUSED, RuntimeError("broken")])
def test_what_is_refused_is_dropped_at_once(answer: Outcome | Exception) -> None:
    rig = Rig()
    rig.sink.answers.append(answer)
    rig.see(3)
    rig.run(100)
    assert len(rig.sent) == 1
    assert (rig.stats.dropped, rig.stats.waiting) == ({Drop.REFUSED: 3}, 0)


def test_the_oldest_make_room_while_the_receiver_is_away() -> None:
    rig = Rig()
    rig.sink.answers.append(RETRY)
    rig.see(3)
    rig.run(0)
    rig.see(9)
    rig.run(20)
    assert rig.sent == [["/1", "/2", "/3"], ["/1", "/2", "/3"], ["/8", "/9", "/10"], ["/11", "/12"]]
    assert (rig.stats.recorded, rig.stats.delivered, rig.stats.dropped) == (12, 8, {Drop.OVERFLOW: 4})


def test_requests_that_the_receiver_finds_wrong_are_counted_apart() -> None:
    rig = Rig()
    rig.sink.answers.append(Outcome(Verdict.DELIVERED, rejected=1))
    rig.see(3)
    rig.run(0)
    assert (rig.stats.delivered, rig.stats.rejected, rig.stats.waiting) == (2, 1, 0)


def test_a_request_that_makes_no_event_does_not_take_its_neighbours_along() -> None:
    rig = Rig()
    rig.see()
    rig.buffer.append(PLAIN._replace(method=7))  # type: ignore[arg-type]  # what no server sends
    rig.see()
    rig.run(0)
    assert rig.sent == [["/1", "/2"]]
    assert rig.stats.dropped == {Drop.UNENCODABLE: 1}


def test_open_connections_are_sampled_until_none_is_left() -> None:
    rig = Rig(gauge_interval=10, interval=3)
    rig.run(25)
    assert rig.sink.attempts == [], "nothing was ever open"
    rig.connections.enter("HTTP")
    rig.connections.enter("WebSocket")
    rig.connections.enter("WebSocket")
    rig.run(10)
    assert [attempt.samples for attempt in rig.sink.attempts] == [[("HTTP", 1), ("WebSocket", 2)]]
    rig.connections.leave("HTTP")
    rig.connections.leave("WebSocket")
    rig.connections.leave("WebSocket")
    rig.run(40)
    assert [attempt.samples for attempt in rig.sink.attempts[1:]] == [[("HTTP", 0), ("WebSocket", 0)]]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("see"), st.integers(1, 8)),
        st.tuples(st.just("run"), st.integers(0, 60)),
        st.tuples(st.just("answer"), st.sampled_from([0, 1, 2, 3])),
    ),
    max_size=30,
)


@given(STEPS, st.booleans())
def test_every_request_is_accounted_for(steps: list[tuple[str, int]], ends: bool) -> None:
    answers: list[Outcome | Exception] = [RETRY, REFUSED, Outcome(Verdict.DELIVERED, rejected=1), RuntimeError()]
    rig = Rig(retry_total=40)
    for what, value in steps:
        if what == "answer":
            rig.sink.answers.append(answers[value])
        else:
            (rig.see if what == "see" else rig.run)(value)
    if ends:
        rig.courier.drain(rig.clock.seconds + 2)
    stats = rig.stats
    assert stats.recorded == rig.count
    assert stats.delivered + stats.rejected + stats.dropped_total + stats.waiting == rig.count
    assert 0 <= stats.waiting <= (0 if ends else rig.settings.queue_size + rig.settings.batch_size)
    settled = [attempt.paths for attempt in {attempt.key: attempt for attempt in rig.sink.attempts}.values()]
    in_order = [int((path or "")[1:]) for paths in settled for path in paths]
    assert in_order == sorted(set(in_order)), "in order, and no request in two batches"
