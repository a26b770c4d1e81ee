"""Large bodies read in another process come to the same as in the server's own, also when that process is killed."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.errors import InputTooLargeError, SourceError
from mockforge_analytics.model.events import EventBody
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.event_processes import LARGE_BYTES
from mockforge_analytics.runtime.events import EventIntake
from mockforge_analytics.runtime.service import services
from tests.support.process import server_process
from tests.support.stores import NOW, FixedClock
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.model.events import EventOutcome, EventReceipt

SMALL, LARGE = 3, 2_000


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AnalyticsDatabase]:
    with opened(tmp_path / "a.db") as database:
        yield database


def opened(
    path: Path, *, processes: int = 1, templating: str = "identifiers", clock: Clock | None = None
) -> AnalyticsDatabase:
    settings = {
        "ingest": {"processes": processes, "max_events": 5_000, "max_errors": 7},
        "store": {"commit_delay_ms": 0},
        "templating": templating,
    }
    return AnalyticsDatabase.open(path, config=AnalyticsConfig.model_validate(settings), clock=clock or FixedClock())


def body(count: int, first: int = 0, key: str | None = None) -> EventBody:
    """Return a body of so many events, every eleventh of them with a fault, every seventh a failure."""
    lines = [json.dumps(event(number)).encode() for number in range(first, first + count)]
    return EventBody(data=b"\n".join(lines), encoding=None, is_lines=True, key=key, sender=None, workspace=None)


def event(number: int) -> dict[str, object]:
    return {
        "timestamp": NOW - number % 3_600,
        "path": f"/orders/{number}" if number % 2 else f"/é/{number % 5}",
        "method": "GET" if number % 3 else "POST",
        "status_code": 503 if number % 7 == 0 else 200,
        "latency_ms": 1 + number % 40,
        "bytes_sent": -1 if number % 11 == 0 else number,
        "client_ip": f"192.0.2.{number % 200}",
        "user_agent": "curl/8.5.0",
        "error_message": "x" * 20,
    }


def taken(intake: EventIntake, body: EventBody) -> EventReceipt:
    offered = intake.offer(body)
    receipt = None if offered is None else offered.result()
    return intake.submit(body) if receipt is None else receipt


def sent(intake: EventIntake, body: EventBody) -> EventOutcome:
    receipt = taken(intake, body)
    return receipt.outcome(None if receipt.written is None else receipt.written.result())


def is_up(intake: EventIntake) -> bool:
    return bool(intake.beside.pids)


def up(intake: EventIntake) -> int:
    """Have the process started; return its number."""
    sent(intake, body(LARGE))
    until(partial(is_up, intake), "a process")
    (pid,) = intake.beside.pids
    return pid


def answers(database: AnalyticsDatabase) -> list[object]:
    database.fold()
    reports = (database.overview(), database.endpoints(), database.errors(), database.clients(), database.requests())
    events = database.error_events(limit=500).frame.drop("id").rows()
    ledger = [(one.source, one.received, one.stored, one.rejected, one.reasons) for one in database.status().sources]
    # How many commits it took is no part of an answer.
    return [*(re.sub(r"commit=\d+", "", repr(report)) for report in reports), sorted(map(repr, events)), ledger]


def test_both_ways_come_to_the_same(tmp_path: Path) -> None:
    bodies = [
        body(LARGE),
        body(SMALL, LARGE),
        body(LARGE, 3_000, key="x"),
        body(LARGE, 3_000, key="x"),
        body(900, 9_000),
    ]
    packed = body(LARGE, 20_000)
    bodies.append(replace(packed, data=gzip.compress(packed.data, 1), encoding="gzip"))
    found = {}
    for own in (True, False):
        with opened(tmp_path / f"{own}.db", processes=int(own)) as database:
            intake = EventIntake(database)
            outcomes = [sent(intake, bodies[0])]
            if own:
                until(partial(is_up, intake), "a process")
            outcomes += [sent(intake, one) for one in bodies]
            assert bool(intake.beside.pids) is own
            found[own] = [replace(outcome, commit=None) for outcome in outcomes], answers(database)
    assert found[True] == found[False]
    outcomes = found[True][0]
    assert outcomes[0].rejected == sum(number % 11 == 0 for number in range(LARGE))
    assert [outcome.deduplicated for outcome in outcomes[3:5]] == [0, LARGE]


@pytest.mark.parametrize(
    ("data", "encoding", "error", "words"),
    [
        (b'{"path":"/"}\n' * 5_001, None, InputTooLargeError, "more than 5,000 events"),
        (os.urandom(LARGE_BYTES), "gzip", SourceError, "gzip"),
    ],
    ids=["too many", "damaged"],
)
def test_a_refusal_is_the_same(
    database: AnalyticsDatabase, data: bytes, encoding: str | None, error: type[Exception], words: str
) -> None:
    intake = EventIntake(database)
    pid = up(intake)
    with pytest.raises(error, match=words):
        taken(intake, replace(body(1), data=data + b" " * LARGE_BYTES if encoding is None else data, encoding=encoding))
    assert intake.beside.pids == [pid]


def test_a_killed_process_loses_nothing(database: AnalyticsDatabase, caplog: pytest.LogCaptureFixture) -> None:
    intake = EventIntake(database)
    pid = up(intake)
    os.kill(pid, signal.SIGSTOP)  # so that bodies are under way when it is killed
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(sent, intake, body(LARGE, 10_000 * number)) for number in range(1, 5)]
        os.kill(pid, signal.SIGKILL)
        outcomes = [one.result() for one in waiting]
    bad = sum(number % 11 == 0 for start in range(1, 5) for number in range(10_000 * start, 10_000 * start + LARGE))
    assert sum(outcome.stored for outcome in outcomes) == 4 * LARGE - bad
    assert not intake.beside.pids
    assert "was killed by SIGKILL" in caplog.text
    (ledger,) = database.status().sources
    assert ledger.received == 5 * LARGE


def test_a_server_reads_itself_what_a_killed_process_was_asked(database: AnalyticsDatabase) -> None:
    provided = services(database, guarded=False)
    intake = provided.events
    assert isinstance(intake, EventIntake)
    pid = up(intake)
    os.kill(pid, signal.SIGSTOP)

    async def take() -> list[EventReceipt]:
        taking = [asyncio.create_task(provided.take(body(LARGE, 10_000 * number))) for number in range(1, 4)]
        await asyncio.sleep(0)  # each has offered its body
        os.kill(pid, signal.SIGKILL)
        return list(await asyncio.gather(*taking))

    receipts = asyncio.run(take())
    assert [receipt.received for receipt in receipts] == [LARGE] * 3
    stored = [receipt.written.result().stored for receipt in receipts if receipt.written is not None]
    assert sum(stored) + sum(receipt.rejected for receipt in receipts) == 3 * LARGE


def test_bodies_that_wait_are_read_together_and_stored_each_for_itself(tmp_path: Path) -> None:
    """While the process stands still many bodies gather: of two senders, one refused, two the same, one key used up."""
    bodies = [
        body(LARGE, 10_000),
        body(LARGE, 20_000, key="x"),
        replace(body(1), data=b'{"path":"/"}\n' * 5_001 + b" " * LARGE_BYTES),
        body(LARGE, 20_000, key="x"),
        replace(body(LARGE, 30_000), sender="other"),
        replace(body(LARGE, 40_000), workspace="w"),
        body(LARGE, 50_000, key="before"),
        body(LARGE, 60_000),
    ]
    found = {}
    for own in (True, False):
        with opened(tmp_path / f"{own}.db", processes=int(own)) as database:
            intake = EventIntake(database)
            sent(intake, body(LARGE, 50_000, key="before"))
            if own:
                pid = up(intake)
                os.kill(pid, signal.SIGSTOP)
                offers = [intake.offer(one) for one in bodies]
                os.kill(pid, signal.SIGCONT)
                outcomes = [outcome_of(offer) for offer in offers]
                assert intake.beside.pids == [pid]
            else:
                sent(intake, body(LARGE))
                outcomes = [here(intake, one) for one in bodies]
            found[own] = outcomes, answers(database)
    assert list(map(repr, found[True][0])) == list(map(repr, found[False][0]))
    assert found[True][1] == found[False][1]
    assert [isinstance(outcome, InputTooLargeError) for outcome in found[True][0]].count(True) == 1
    assert sum(getattr(outcome, "deduplicated", 0) for outcome in found[True][0]) == 2 * LARGE


def outcome_of(offer: Future[EventReceipt | None] | None) -> object:
    """Return what became of a body that the process read."""
    assert offer is not None
    error = offer.exception()
    if error is not None:
        return type(error)(*error.args)
    receipt = offer.result()
    assert receipt is not None
    return replace(receipt.outcome(None if receipt.written is None else receipt.written.result()), commit=None)


def here(intake: EventIntake, body: EventBody) -> object:
    try:
        return replace(sent(intake, body), commit=None)
    except InputTooLargeError as error:
        return error


def test_what_learns_is_read_here(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db", templating="adaptive") as database:
        intake = EventIntake(database)
        assert sent(intake, body(LARGE)).stored > 0
        assert not intake.beside.is_wanted


def test_a_busy_process_gets_company_and_both_store_what_one_would(tmp_path: Path) -> None:
    clock = SteppedClock()
    bodies: list[EventBody] = []
    outcomes: list[object] = []
    with opened(tmp_path / "two.db", processes=2, clock=clock) as database:
        intake = EventIntake(database)
        pid = up(intake)

        def is_helped() -> bool:
            bodies.append(body(LARGE, 10_000 * len(bodies)))
            os.kill(pid, signal.SIGSTOP)
            offer = intake.offer(bodies[-1])
            until(lambda: intake.beside.under_way > 0, "the question")
            clock.seconds += 10  # so long it takes to answer
            os.kill(pid, signal.SIGCONT)
            outcomes.append(outcome_of(offer))
            return len(intake.beside.pids) > 1

        until(is_helped, "a second process")
        first, second = intake.beside.pids
        assert first == pid
        for one in (first, second):
            os.kill(one, signal.SIGSTOP)
        more = [body(LARGE, 10_000 * number) for number in range(len(bodies), len(bodies) + 6)]
        offers = [intake.offer(one) for one in more]
        os.kill(second, signal.SIGKILL)
        os.kill(first, signal.SIGCONT)
        for sent_body, offer in zip(more, offers, strict=True):
            assert offer is not None
            outcomes.append(here(intake, sent_body) if offer.result() is None else outcome_of(offer))
        assert intake.beside.pids == [first]
        *found, _, ledger = answers(database)  # which errors a full minute keeps depends on their order
    with opened(tmp_path / "none.db", processes=0) as database:
        intake = EventIntake(database)
        sent(intake, body(LARGE))
        assert outcomes == [here(intake, one) for one in (*bodies, *more)]
        *alone, _, alone_ledger = answers(database)
        assert (found, ledger) == (alone, alone_ledger)


class SteppedClock(FixedClock):
    """A clock that the test moves on."""

    seconds = 0.0

    def monotonic(self) -> float:
        """Return how far it has been moved."""
        return self.seconds


def test_it_ends_with_the_database(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as database:
        pid = up(EventIntake(database))
    assert not Path(f"/proc/{pid}").exists()


def test_it_ends_with_a_server_that_is_killed(tmp_path: Path) -> None:
    lines = b"\n".join(json.dumps(event(number) | {"timestamp": None}).encode() for number in range(LARGE))
    with server_process(tmp_path) as server:
        answer = server.client.post(
            f"{BASE_PATH}/events", content=lines, headers={"Content-Type": "application/x-ndjson"}
        )
        assert answer.status_code == httpx.codes.OK
        until(lambda: bool(children(server.process.pid)), "a process beside the server")
        found = children(server.process.pid)
        server.kill()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in found), "the end of the process")


def children(pid: int) -> list[str]:
    """Return the numbers of the processes that threads of a process have started."""
    return [one for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()]
