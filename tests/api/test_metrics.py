"""`/metrics`: counters equal the requests, never fall, and are what Prometheus takes."""

from __future__ import annotations

import math
import re
import sqlite3
import subprocess
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from mockforge_analytics.export.metrics.names import OTHER, BusiestNames
from mockforge_analytics.export.metrics.traffic import TrafficCounters
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.store.tokens import TokenFile
from tests.api.traffic import ROWS as ALL_ROWS
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import NOW, FixedClock, opened_store
from tests.support.stores import settings as store_settings
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.model.commit import Committed
    from tests.traffic import Row

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
ROWS = ALL_ROWS[:200]
SERIES = ("protocol", "method", "endpoint", "environment", "workspace_id")
P = "mockforge_analytics_"
Key = tuple[str, frozenset[tuple[str, str]]]


def scrape(served: Served, accept: str = "", **parameters: str) -> dict[Key, float]:
    """Return the samples of a scrape by name and labels."""
    answer = served.client.get("/metrics", params=parameters, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    families = (read_openmetrics if accept else read_text)(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def by_labels(samples: dict[Key, float], name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """Return the sums of a metric by labels."""
    found: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for (metric, key), value in samples.items():
        if metric == name:
            known = dict(key)
            found[tuple(known[label] for label in labels)] += value
    return found


def write(served: Served, rows: list[Row], **more: Any) -> None:
    """Store `rows`; return when the counters have heard of it, which is just after the writer has answered."""
    served.database.write_requests(frame(rows), **more)
    served.database.store.call(lambda _committer: None)


def status_class(code: int) -> str:
    return f"{code // 100}xx" if code else "none"


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_counters_are_those_of_the_requests(tmp_path: Path, accept: str) -> None:
    with serving(tmp_path) as served:
        for part in range(5):
            write(served, ROWS[part::5])
        samples = scrape(served, accept)
    rows = [(tuple(entry[name] for name in SERIES), entry) for entry in ROWS]
    requests = Counter((*key, status_class(entry["status_code"])) for key, entry in rows)
    assert by_labels(samples, f"{P}requests_total", *SERIES, "status_class") == requests
    errors = Counter(
        (*key, "server_error" if entry["status_code"] >= 500 else "client_error")
        for key, entry in rows
        if entry["status_code"] >= 400
    )
    counted = by_labels(samples, f"{P}errors_total", *SERIES, "error_category")
    assert {key: value for key, value in counted.items() if value} == errors
    sent: Counter[tuple[str, ...]] = Counter()
    for key, entry in rows:
        sent[key[0], key[3], key[4]] += entry["bytes_sent"]
    assert by_labels(samples, f"{P}sent_bytes_total", "protocol", "environment", "workspace_id") == sent
    name = f"{P}request_duration_seconds"
    known = [entry["latency_us"] for entry in ROWS if entry["latency_us"] is not None]
    assert by_labels(samples, f"{name}_count")[()] == len(known)
    assert by_labels(samples, f"{name}_sum")[()] == pytest.approx(sum(known) / 1e6)
    buckets = {float(le): value for (le,), value in by_labels(samples, f"{name}_bucket", "le").items()}
    assert buckets == {
        bound: sum(value / 1e6 <= bound for value in known) for bound in (*(2.0**k for k in range(-10, 5)), math.inf)
    }


def test_the_names_of_mockforge_count_the_same(tmp_path: Path) -> None:
    with serving(tmp_path, metrics={"names": "mockforge"}) as served:
        write(served, ROWS)
        samples = scrape(served)
        assert scrape(served, names="both").keys() > samples.keys()
    assert not any(name.startswith(P) for name, _ in samples)
    assert sum(by_labels(samples, "mockforge_requests_total").values()) == len(ROWS)
    by_path = by_labels(samples, "mockforge_requests_by_path_total", "path", "method")
    assert by_path == Counter((entry["endpoint"], entry["method"]) for entry in ROWS)
    http = by_labels(samples, "mockforge_requests_total", "protocol", "status")
    assert http["http", "404"] == sum(e["protocol"] == "HTTP" and e["status_code"] == 404 for e in ROWS)
    failed = sum(e["protocol"] == "gRPC" and e["status_code"] >= 400 for e in ROWS)
    assert http["grpc", "error"] == failed
    assert by_labels(samples, "mockforge_errors_total", "error_type")["grpc_error",] == failed
    shop = by_labels(samples, "mockforge_workspace_requests_total", "workspace_id")
    assert shop == Counter((e["workspace_id"],) for e in ROWS if e["workspace_id"])


@pytest.mark.parametrize(
    ("path", "pillar"), [("/api/chaos/ai", "reality"), ("/llm/x", "ai"), ("/org/1", "cloud"), ("/x", "unknown")]
)
def test_the_pillar_is_that_of_the_contract(tmp_path: Path, path: str, pillar: str) -> None:
    with serving(tmp_path) as served:
        write(served, [row(NOW - 5, endpoint=path)])
        assert by_labels(scrape(served, names="mockforge"), "mockforge_requests_total", "pillar") == {(pillar,): 1}


def is_counter(name: str) -> bool:
    gauges = ("process_", "mockforge_thread_count")
    return name.endswith(("_total", "_count", "_bucket")) and not name.startswith(gauges)


def test_no_counter_ever_falls_or_vanishes(tmp_path: Path) -> None:
    with serving(tmp_path, metrics={"endpoints": 2, "series": 10}) as served:
        before: dict[Key, float] = {}
        sent = 0

        @settings(max_examples=25, deadline=None)
        @given(st.lists(st.integers(0, 40), min_size=1, max_size=30))
        def write_and_look(numbers: list[int]) -> None:
            nonlocal before, sent
            rows = [row(NOW - 1, endpoint=f"/{number}", status_code=200 + number % 5 * 100) for number in numbers]
            write(served, rows)
            sent += len(rows)
            after = scrape(served, names="both")
            fallen = [key for key, value in before.items() if is_counter(key[0]) and after.get(key, -1.0) < value]
            assert not fallen
            assert by_labels(after, f"{P}requests_total")[()] == sent
            before = after

        write_and_look()
        endpoints = by_labels(before, f"{P}requests_total", "endpoint")
        assert 2 < len(endpoints) <= 2 * 4 + 1
        assert len([key for key in before if key[0] == f"{P}requests_total"]) <= 10 + 5


def test_the_busiest_endpoints_have_names_and_the_others_are_one(tmp_path: Path) -> None:
    rows = [
        row(NOW - 1, endpoint=f"/{name}")
        for name, count in zip("abcde", (9, 7, 5, 3, 1), strict=True)
        for _ in range(count)
    ]
    with serving(tmp_path, metrics={"endpoints": 3}) as served:
        write(served, rows)
        first = by_labels(scrape(served), f"{P}requests_total", "endpoint")
        assert first == {("/a",): 9, ("/b",): 7, ("/c",): 5, (OTHER,): 4}
        # What becomes busy later gets its name then; what it counted before stays where it was.
        write(served, [row(NOW - 1, endpoint="/e")] * 20)
        second = by_labels(scrape(served), f"{P}requests_total", "endpoint")
        assert second == {**first, ("/e",): 20}


def test_names_are_bounded_in_the_life_of_a_process() -> None:
    names = BusiestNames(5)
    for number in range(1_000):
        names.count({f"/{number}": 10 + number})
    assert sum(names.label(f"/{number}") != OTHER for number in range(1_000)) == 20


def test_a_counter_tells_since_when_it_counts(tmp_path: Path) -> None:
    clock = FixedClock(NOW)
    with serving(tmp_path, clock=clock) as served:
        write(served, [row(NOW - 1, endpoint="/a")])
        clock.now = NOW + 60
        scrape(served, OPENMETRICS)
        write(served, [row(NOW + 61, endpoint="/b")])
        clock.now = NOW + 120
        samples = scrape(served, OPENMETRICS)
        assert by_labels(samples, f"{P}requests_created", "endpoint") == {("/a",): NOW, ("/b",): NOW + 60}
        assert not any("_created" in name for name, _ in scrape(served))


def test_a_new_process_begins_at_zero_and_the_ledger_goes_on(tmp_path: Path) -> None:
    for run in (1, 2):
        with serving(tmp_path) as served:
            assert not by_labels(scrape(served), f"{P}requests_total")
            write(served, [row(NOW - 1), row(NOW - 2, latency_us=-1)])
            samples = scrape(served)
            assert by_labels(samples, f"{P}requests_total")[()] == 1
            for name, value in {"received": 2, "stored": 1, "rejected": 1, "deduplicated": 0}.items():
                assert by_labels(samples, f"{P}ingest_{name}_total", "source") == {("library",): value * run}


def test_the_health_of_the_service(tmp_path: Path) -> None:
    with serving(tmp_path, store={"fold_interval_seconds": 3_600.0}) as served:
        write(served, ROWS)
        served.data("overview")
        served.data("latency/distribution")
        samples = scrape(served)
        path = served.database.path
        wal = path.with_name(f"{path.name}-wal").stat().st_size
        connection = sqlite3.connect(path)
        ((pages,),) = connection.execute("PRAGMA page_count")
        connection.close()
    assert by_labels(samples, f"{P}database_bytes")[()] == pages * 4_096
    assert by_labels(samples, f"{P}wal_bytes")[()] == wal > 0
    assert by_labels(samples, f"{P}pending_requests")[()] == len(ROWS)
    assert by_labels(samples, f"{P}commit_duration_seconds_count")[()] == 1
    reports = by_labels(samples, f"{P}query_duration_seconds_count", "report")
    assert reports == {("overview",): 1, ("latency_distribution",): 1}
    assert by_labels(samples, f"{P}ready")[()] == 1
    newest = max(entry["timestamp"] for entry in ROWS) / 1e6
    assert by_labels(samples, f"{P}last_request_timestamp_seconds")[()] == pytest.approx(newest)
    assert by_labels(samples, f"{P}write_queue_batches_limit")[()] == 1_000


def test_scrapes_are_no_traffic(tmp_path: Path) -> None:
    with serving(tmp_path, ROWS) as served:
        first = by_labels(scrape(served), f"{P}requests_total")
        scrape(served, OPENMETRICS)
        last = scrape(served)
        assert by_labels(last, f"{P}requests_total") == first
        assert not by_labels(last, f"{P}query_duration_seconds_count", "report")


def test_promtool_finds_nothing_wrong(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        write(served, ROWS)
        served.data("overview")
        found = {}
        for names in ("own", "mockforge"):
            text = served.client.get("/metrics", params={"names": names}).text
            run = subprocess.run(
                ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
            )
            found[names] = (run.stdout + run.stderr).splitlines()
    assert found["own"] == []
    # MockForge's own name, which its boards ask for.
    assert found["mockforge"] == [
        'mockforge_thread_count non-histogram and non-summary metrics should not have "_count" suffix'
    ]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html", "text/plain; version=0.0.4; charset=utf-8"),
        (f"{OPENMETRICS},text/plain;version=0.0.4;q=0.3", "application/openmetrics-text; version=1.0.0"),
    ],
)
def test_the_format_is_what_is_asked_for(served: Served, accept: str, content_type: str) -> None:
    answer = served.client.get("/metrics", headers={"Accept": accept})
    assert answer.headers["Content-Type"].startswith(content_type)
    assert answer.text.endswith("# EOF\n") is ("openmetrics" in content_type)


def test_a_wrong_name_is_refused(served: Served) -> None:
    answer = served.client.get("/metrics", params={"names": "theirs"})
    assert answer.status_code == 422
    assert answer.json()["field"] == "names"


def test_where_tokens_are_required_one_that_reads_is(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        tokens = TokenFile(served.database.path, served.database.clock)
        allowed: list[tuple[list[Scope], dict[str, Any], int]] = [
            ([Scope.READ], {}, 200),
            ([Scope.INGEST], {}, 403),
            ([Scope.READ], {"workspace_id": "shop"}, 403),
        ]
        for scopes, bounds, status in allowed:
            _, secret = tokens.create("t", scopes, **bounds)
            headers = {"Authorization": f"Bearer {secret}"}
            assert served.client.get("/metrics", headers=headers).status_code == status
        assert served.client.get("/metrics").status_code == 401


def test_many_commits_without_a_scrape_are_counted(tmp_path: Path) -> None:
    heard: list[Committed] = []
    with opened_store(tmp_path / "a.db") as store, AnalyticsDatabase(store, store_settings(), FixedClock()) as database:
        assert store.feed is not None
        store.feed.subscribe(heard.append)
        database.write_requests(frame(ROWS))
        database.fold()
    traffic = TrafficCounters(FixedClock(), endpoints=50, series=1_000)
    for _ in range(2_500):
        traffic.hear(heard[0])
    assert traffic.counts().sums[:, 0].sum() == 2_500 * len(ROWS)


def test_messages_of_websocket_are_no_sessions(tmp_path: Path) -> None:
    kinds = ["GET"] * 2 + ["send"] * 5 + ["receive"] * 7 + ["error"]
    rows = [row(NOW - 5, protocol="WebSocket", method=kind, endpoint="", status_code=0) for kind in kinds]
    rows += [row(NOW - 5, protocol="SMTP", method=kind, endpoint="", status_code=0) for kind in ("receive", "error")]
    with serving(tmp_path) as served:
        served.database.write_requests(frame(rows))
        text = served.client.get("/metrics", params={"names": "mockforge"}).text
    assert re.search(r"^mockforge_smtp_messages_received_total 1\.0$", text, re.MULTILINE)
    found = dict(re.findall(r"^mockforge_ws_(\w+)_total (\S+)$", text, re.MULTILINE))
    assert {name: float(value) for name, value in found.items() if name != "errors"} == {
        "connections": 2,
        "messages_sent": 5,
        "messages_received": 7,
    }
