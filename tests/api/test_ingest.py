"""Posting events: what is stored, what is answered, and what is refused; over a real socket."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import zstandard
from pydantic import TypeAdapter

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.api.schemas.events import EventsData
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import database_app
from mockforge_analytics.store.tokens import TokenFile
from tests.support.requests import frame
from tests.support.server import Served, serving, serving_app
from tests.support.stores import NOW, FixedClock
from tests.traffic import row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EVENTS = f"{BASE_PATH}/events"
HOUR = 3_600


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, ingest={"max_body_bytes": 100_000, "max_events": 50, "max_errors": 3}) as running:
        yield running


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"path": f"/things/{number % 3}/x", "status_code": (200, 404)[number % 2], "timestamp": NOW - 60, **more}


def lines(events: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(one).encode() for one in events)


def post(served: Served, content: Any, kind: str = "application/x-ndjson", **headers: str) -> httpx.Response:
    given = {"Content-Type": kind} | {name.replace("_", "-"): value for name, value in headers.items()}
    return served.client.post(EVENTS, content=content, headers=given)


def total(served: Served) -> int:
    count: int = served.data("overview", duration=HOUR)["total_requests"]
    return count


def ledger(served: Served) -> dict[str, Any]:
    """Return the ledger of the events source, every figure summed."""
    (row,) = (row for row in served.data("status")["sources"] if row["source"].startswith("events"))
    assert isinstance(row, dict)
    return row


def test_acknowledged_events_are_there_at_once(served: Served) -> None:
    answer = post(served, lines([event(number) for number in range(10)]))
    assert answer.status_code == 200
    data = answer.json()["data"]
    TypeAdapter(EventsData).validate_python(data, strict=True)
    wanted = {"received": 10, "stored": 10, "deduplicated": 0, "rejected": 0, "overflowed": 0, "errors": []}
    assert {name: data[name] for name in wanted} == wanted
    overview = served.data("overview", duration=HOUR)
    assert (overview["total_requests"], overview["total_errors"]) == (10, 5)
    assert overview["meta"]["commit"] == data["commit"]


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("encoding", COMPRESSED)
def test_compressed_bodies(served: Served, encoding: str) -> None:
    answer = post(served, COMPRESSED[encoding](lines([event(1), event(2)])), Content_Encoding=encoding)
    assert (answer.status_code, total(served)) == (200, 2)


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/X-NDJSON", ""])
def test_content_types(served: Served, kind: str) -> None:
    assert post(served, json.dumps(event(1)), kind).status_code == 200


def test_good_events_of_a_mixed_body_are_stored_and_bad_ones_named(served: Served) -> None:
    body = [event(0), {"status_code": "x"}, event(1), {}, event(2, timestamp=NOW * 1_000), event(3, method="A B")]
    answer = post(served, json.dumps(body), "application/json")
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["received"], data["stored"], data["rejected"]) == (6, 2, 4)
    assert [(error["index"], error["field"]) for error in data["errors"]] == [
        (1, "status_code"),
        (3, None),
        (4, "timestamp"),
    ]  # bounded by max_errors
    served.database.fold()  # what was refused is shown from then on
    status = served.data("status")
    (figures,) = status["sources"]
    assert (figures["received"], figures["stored"], figures["rejected"]) == (6, 2, 4)
    assert figures["reasons"] == {"status_code": 1, "event": 1, "timestamp": 1, "method": 1}
    assert {"status_code", "event", "timestamp", "method"} == {sample["reason"] for sample in status["samples"]}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b'{"path":', 400, None),
        (b"\xff", 400, None),
        (b"", 400, None),
        (b'[{"path":"/"},', 400, None),
        (b"[" * 50_000, 400, None),
        (b'{"a":' * 10_000, 400, None),
        (b'{"path":"/","latency_ms":NaN}', 400, None),
        (b"5", 422, None),
        (b"{}", 422, None),
        (b'[{"path":5},{"path":6}]', 422, "path"),
        (b'{"path":"/","status_code":' + b"9" * 5_000 + b"}", 422, "status_code"),
    ],
)
def test_where_nothing_is_good_nothing_is_stored(served: Served, body: bytes, status: int, field: str | None) -> None:
    answer = post(served, body, "application/json", Idempotency_Key="once")
    assert answer.status_code == status
    envelope = answer.json()
    assert (envelope["success"], envelope["data"], envelope["field"]) == (False, None, field)
    assert envelope["errors"]
    assert envelope["errors"][0]["reason"] in envelope["error"]
    assert post(served, body, "application/json", Idempotency_Key="once").status_code == status
    figures = ledger(served)
    assert (figures["stored"], figures["received"]) == (0, figures["rejected"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Encoding": "br"}, 415),
        ({"Content-Encoding": "gzip, gzip"}, 415),
        ({"Content-Encoding": "gzip"}, 400),
        ({"Idempotency-Key": "x" * 201}, 422),
        ({"Idempotency-Key": "a b"}, 422),
        ({"Idempotency-Key": ""}, 422),
    ],
)
def test_headers_that_are_refused(served: Served, headers: dict[str, str], status: int) -> None:
    given = {"Content-Type": "application/json", **headers}
    answer = served.client.post(EVENTS, content=json.dumps(event(1)), headers=given)
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert total(served) == 0


def test_sizes_are_bounded(served: Served) -> None:
    assert post(served, lines([event(1)] * 51)).status_code == 413
    assert post(served, b" " * 100_001).status_code == 413
    assert post(served, iter([b" " * 60_000, b" " * 60_000])).status_code == 413  # chunked: no length is told
    assert post(served, gzip.compress(b" " * 2_000_000), Content_Encoding="gzip").status_code == 413
    assert post(served, lines([event(1)] * 50)).json()["data"]["stored"] == 50


def test_a_repeated_key_changes_nothing(served: Served) -> None:
    body = lines([event(number) for number in range(5)] + [{"type": "connections", "value": 3}])
    first, second = (post(served, body, Idempotency_Key="batch-1").json()["data"] for _ in range(2))
    served.database.fold()
    third = post(served, body, Idempotency_Key="batch-1").json()["data"]
    other = post(served, body, Idempotency_Key="batch-2").json()["data"]
    assert (first["stored"], first["deduplicated"]) == (6, 0)
    for again in (second, third):
        assert (again["received"], again["stored"], again["deduplicated"], again["rejected"]) == (6, 0, 6, 0)
    assert other["stored"] == 6
    assert total(served) == 10
    figures = ledger(served)
    assert (figures["received"], figures["stored"], figures["deduplicated"]) == (20, 10, 10)


def test_concurrent_sendings_share_work_and_duplicates_count_once(served: Served) -> None:
    """Sixteen threads send forty batches, each of them twice; every answer balances, and each event counts once."""
    batches = [(f"key-{number}", [event(number), event(number + 1)]) for number in range(40)]
    work = iter([*batches, *reversed(batches)])
    answers: list[tuple[str, dict[str, Any]]] = []
    lock = threading.Lock()

    def send() -> None:
        while True:
            with lock:
                batch = next(work, None)
            if batch is None:
                return
            while (answer := post(served, lines(batch[1]), Idempotency_Key=batch[0])).status_code == 503:
                pass  # both copies met at the moment of the commit
            with lock:
                answers.append((batch[0], answer.json()["data"]))

    threads = [threading.Thread(target=send) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored, repeated = Counter[str](), Counter[str]()
    for key, data in answers:
        assert (data["received"], data["rejected"]) == (2, 0)
        stored[key] += data["stored"]
        repeated[key] += data["deduplicated"]
    assert set(stored.values()) == set(repeated.values()) == {2}
    assert total(served) == 80
    figures = ledger(served)
    assert (figures["received"], figures["stored"], figures["deduplicated"]) == (160, 80, 80)


def test_old_and_future_events_are_named(served: Served) -> None:
    day = 86_400
    body = [
        event(0),
        event(1, timestamp=NOW - 400 * day),
        event(2, timestamp=NOW + 3 * day),
        event(3, timestamp=NOW + day),
    ]
    data = post(served, lines(body)).json()["data"]
    assert (data["stored"], data["rejected"]) == (2, 2)
    assert [(error["index"], error["field"]) for error in data["errors"]] == [(1, "timestamp"), (2, "timestamp")]


def test_connections_are_no_requests(served: Served) -> None:
    made = [
        {"type": "connections", "protocol": "ws", "value": value, "source": source, "timestamp": NOW - 60}
        for source, value in (("app-1", 7), ("app-2", 5))
    ]
    data = post(served, lines(made)).json()["data"]
    assert (data["received"], data["stored"]) == (2, 2)
    overview = served.data("overview", duration=HOUR)
    assert (overview["total_requests"], overview["active_connections"]) == (0, 12)
    assert served.data("overview", duration=HOUR, protocol="WebSocket")["active_connections"] == 12


def test_nothing_is_a_sound_list_of_events(served: Served) -> None:
    data = post(served, b"[]", "application/json").json()["data"]
    assert (data["received"], data["stored"], data["commit"]) == (0, 0, None)


def test_a_full_disk_refuses_events_and_answers_reports(tmp_path: Path) -> None:
    with serving(tmp_path, ingest={"min_free_percent": 90.0, "min_free_bytes": 2**60}) as served:
        answer = post(served, lines([event(1)]))
        assert (answer.status_code, answer.json()["success"]) == (503, False)
        assert 1 <= int(answer.headers["Retry-After"]) <= 30
        assert total(served) == 0


def test_a_full_queue_asks_to_come_back(tmp_path: Path) -> None:
    with serving(tmp_path, store={"queue_batches": 1}) as served:
        held, begun = threading.Event(), threading.Event()

        def occupy(_committer: object) -> None:
            begun.set()
            held.wait(60)

        blocked = threading.Thread(target=served.database.store.call, args=(occupy,))
        blocked.start()
        assert begun.wait(60)
        answers: list[int] = []
        waits: list[str] = []

        def send() -> None:
            answer = post(served, lines([event(1)]))
            answers.append(answer.status_code)
            waits.extend([answer.headers["Retry-After"]] if answer.status_code == 503 else [])
            if len(answers) >= 7:
                held.set()  # one waits in the queue, the others were turned away

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in (*threads, blocked):
            thread.join()
        assert set(answers) == {200, 503}
        assert all(1 <= int(seconds) <= 30 for seconds in waits)
        assert total(served) == answers.count(200)


def test_a_sender_bound_to_a_workspace_writes_to_no_other(tmp_path: Path) -> None:
    config, clock = AnalyticsConfig(), FixedClock()
    with AnalyticsDatabase.open(tmp_path / "a.db", config=config, clock=clock) as database:
        app = database_app(database)
        tokens = TokenFile(database.path, clock)
        _, secret = tokens.create("shop-app", [Scope.INGEST, Scope.READ], workspace_id="shop")
        sender = {"Authorization": f"Bearer {secret}"}
        watching = {"Authorization": f"Bearer {tokens.create('watcher', [Scope.READ])[1]}"}
        with ExitStack() as stack, serving_app(app) as url, httpx.Client(base_url=url, headers=sender) as client:
            served = Served(database, client, url, app)
            body = lines([event(0), event(1, workspace_id="shop"), event(2, workspace_id="other")])
            data = post(served, body, Idempotency_Key="k").json()["data"]
            assert (data["stored"], [error["field"] for error in data["errors"]]) == (2, ["workspace_id"])
            assert served.data("overview", duration=HOUR, workspace_id="shop")["total_requests"] == total(served) == 2
            watcher = Served(database, stack.enter_context(httpx.Client(base_url=url, headers=watching)), url, app)
            assert ledger(watcher)["source"] == "events/shop-app"
            # The key is this sender's own.
            database.write_requests(frame([row(NOW - 60)]), source="x", token="events//k")
            assert post(served, body, Idempotency_Key="k").json()["data"]["deduplicated"] == 3
