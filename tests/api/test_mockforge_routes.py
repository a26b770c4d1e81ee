"""MockForge's older routes give the figures of the requests that were written, under its own names."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.batch import GAUGE_SCHEMA, VITAL_SCHEMA, Batch, Deltas, Intake
from mockforge_analytics.model.dimensions import OWN_WORKSPACE
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.model.window import Window
from mockforge_analytics.query.spec import QuerySpec
from mockforge_analytics.store.tokens import TokenFile
from tests import oracle
from tests.api.traffic import ROWS
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import NOW
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MICRO = 1_000_000
ONE_PERCENT_AND_A_HALF_BUCKET = 0.011
STEPS = {"5m": (300, 10), "15m": (900, 30), "1h": (3_600, 60), "6h": (21_600, 300), "24h": (86_400, 900)}
LATELY = [
    row(
        NOW - 1 - number * 7 % 290,
        protocol=("WebSocket", "SMTP", "HTTP")[number % 3],
        endpoint=f"/{number % 5}",
        status_code=500 if number % 4 == 0 else 200,
        latency_us=1_000 * number,
    )
    for number in range(120)
]
WITH_GAUGES = row(NOW - 20_000)
ALL = [*ROWS, *LATELY, WITH_GAUGES]
GAUGES = [
    ("WebSocket", 25, "a", 3),
    ("WebSocket", 5, "a", 7),  # the newest of its source
    ("WebSocket", 9, "b", 2),
    ("HTTP", 3, "a", 4),
    ("SMTP", 300, "old", 50),  # too old to be of now
]


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("busy"), [*ROWS, *LATELY]) as running:
        samples = [((NOW - age) * MICRO, name, "", "", source, value) for name, age, source, value in GAUGES]
        gauges = pl.DataFrame(samples, schema=GAUGE_SCHEMA, orient="row")
        running.database.write_requests(frame([WITH_GAUGES]), gauges=gauges)
        yield running


def ask(served: Served, route: str, **parameters: Any) -> Any:
    answer = served.client.get(f"/__mockforge/analytics/{route}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"success", "data", "error", "timestamp"}
    return answer.json()["data"]


def recent(seconds: int, spec: QuerySpec | None = None) -> list[Row]:
    return oracle.selected(ALL, Window(NOW - seconds, NOW), spec or QuerySpec())


def failures(rows: list[Row]) -> int:
    return sum(map(oracle.failed, rows))


@pytest.mark.parametrize("name", [None, *STEPS])
def test_summary(busy: Served, name: str | None) -> None:
    seconds = STEPS[name or "5m"][0]
    data = ask(busy, "summary", **({"range": name} if name else {}))
    rows = recent(seconds)
    assert set(data) == {
        "timestamp", "request_rate", "p95_latency_ms", "error_rate_percent", "active_connections",
    }  # fmt: skip
    assert data["request_rate"] == pytest.approx(len(rows) / seconds)
    assert data["error_rate_percent"] == pytest.approx(100 * failures(rows) / len(rows))
    assert data["p95_latency_ms"] == pytest.approx(oracle.latency(rows)["p95"], rel=ONE_PERCENT_AND_A_HALF_BUCKET)
    assert data["active_connections"] == 7 + 2 + 4


@pytest.mark.parametrize("name", STEPS)
def test_requests(busy: Served, name: str) -> None:
    seconds, step = STEPS[name]
    data = ask(busy, "requests", range=name)
    counts: Counter[tuple[str, int]] = Counter()
    for entry in recent(seconds):
        second = entry["timestamp"] // MICRO
        counts[entry["protocol"], second - second % step] += 1
    starts = data["timestamps"]
    first = NOW - seconds - (NOW - seconds) % step
    assert starts == list(range(first, NOW, step))
    assert {line["name"] for line in data["series"]} == {protocol for protocol, _ in counts}
    for line in data["series"]:
        covered = [min(start + step, NOW) - max(start, NOW - seconds) for start in starts]
        got = [value * within for value, within in zip(line["values"], covered, strict=True)]
        assert got == pytest.approx([counts[line["name"], start] for start in starts])


def test_requests_default_to_an_hour(busy: Served) -> None:
    assert ask(busy, "requests") == ask(busy, "requests", range="1h")


def test_endpoints(busy: Served) -> None:
    data = ask(busy, "endpoints", range="6h", limit=1_000)
    expected = dict(oracle.breakdown(recent(21_600), "protocol", "method", "endpoint"))
    assert len(data) == len(expected)
    rates = [item["request_rate"] for item in data]
    assert rates == sorted(rates, reverse=True)
    by_path: dict[tuple[str, str], list[Any]] = {}
    for (_, method, endpoint), figures in expected.items():
        by_path.setdefault((endpoint, method), []).append(figures)
    for item in data:
        requests = round(item["request_rate"] * 21_600)
        (figures, *_) = [
            one
            for one in by_path[item["path"], item["method"]]
            if one["request_count"] == requests
            and math.isclose(item["avg_latency_ms"], one["latency"]["average"] or 0, rel_tol=1e-9)
        ]
        assert item["errors"] == pytest.approx(figures["error_count"] / 21_600)
        assert item["error_rate_percent"] == pytest.approx(figures["error_rate"])
        assert item["p95_latency_ms"] == pytest.approx(
            figures["latency"]["p95"] or 0, rel=ONE_PERCENT_AND_A_HALF_BUCKET
        )


def test_endpoints_are_ten_of_the_last_five_minutes(busy: Served) -> None:
    data = ask(busy, "endpoints")
    assert data == ask(busy, "endpoints", range="5m", limit=10)
    counts = Counter((entry["protocol"], entry["method"], entry["endpoint"]) for entry in recent(300))
    assert [round(item["request_rate"] * 300) for item in data] == [count for _, count in counts.most_common(10)]
    assert len(ask(busy, "endpoints", limit=3)) == 3


def test_websocket_and_smtp(busy: Served) -> None:
    sessions, messages = recent(300, QuerySpec(protocol=("WebSocket",))), recent(300, QuerySpec(protocol=("SMTP",)))
    assert sessions
    assert messages
    assert ask(busy, "websocket") == {
        "active_connections": 7 + 2,
        "total_connections": len(sessions),
        "message_rate_sent": 0,
        "message_rate_received": 0,
        "error_rate": pytest.approx(failures(sessions) / 300),
        "avg_connection_duration_seconds": 0,
    }
    assert ask(busy, "smtp") == {
        "active_connections": 0,
        "total_connections": len(messages),
        "message_rate_received": pytest.approx(len(messages) / 300),
        "message_rate_stored": pytest.approx((len(messages) - failures(messages)) / 300),
        "error_rate": pytest.approx(failures(messages) / 300),
    }


def tell(served: Served, *signs: tuple[int, str, str, str, float], workspace: str = "") -> None:
    """Store vital signs: seconds ago, protocol, source, name, value."""
    samples = [
        ((NOW - age) * MICRO, protocol, workspace, "", source, name, value)
        for age, protocol, source, name, value in signs
    ]
    vitals = pl.DataFrame(samples, schema=VITAL_SCHEMA, orient="row")
    served.database.store.write(Batch(NOW * MICRO, Intake("t", 0), Deltas.empty(), vitals=vitals))


def test_websocket_and_smtp_of_metrics(tmp_path: Path) -> None:
    """MockForge counts messages and errors as such; connections, and how long they lasted, as they stand."""
    kinds = [("WebSocket", "send", 30), ("WebSocket", "receive", 12), ("SMTP", "receive", 9)]
    rows = [row(NOW - 60, protocol=protocol, method=method) for protocol, method, count in kinds for _ in range(count)]
    failed = [
        row(NOW - 60, protocol=protocol, method="error", status_code=500)
        for protocol in ("WebSocket", "SMTP")
        for _ in range(3)
    ]
    sessions = [row(NOW - 60, protocol="WebSocket", method="GET", status_code=101) for _ in range(4)]
    with serving(tmp_path, [*rows, *failed, *sessions]) as served:
        tell(
            served,
            (90, "WebSocket", "a", "sessions", 19.0),
            (30, "WebSocket", "a", "sessions", 20.0),
            (30, "WebSocket", "b", "sessions", 5.0),
            (30, "WebSocket", "a", "sessions_ended", 10.0),
            (30, "WebSocket", "a", "session_seconds", 125.0),
            (30, "SMTP", "a", "sessions", 6.0),
            (5_000, "SMTP", "gone", "sessions", 100.0),
        )
        assert ask(served, "websocket") == {
            "active_connections": 0,
            "total_connections": 4 + 20 + 5,
            "message_rate_sent": pytest.approx(30 / 300),
            "message_rate_received": pytest.approx(12 / 300),
            "error_rate": pytest.approx(3 / 300),
            "avg_connection_duration_seconds": 12.5,
        }
        assert ask(served, "smtp") == {
            "active_connections": 0,
            "total_connections": 6,
            "message_rate_received": pytest.approx(9 / 300),
            "message_rate_stored": pytest.approx(9 / 300),
            "error_rate": pytest.approx(3 / 300),
        }
        assert ask(served, "websocket", method="SEND")["message_rate_sent"] == pytest.approx(30 / 300)
        assert ask(served, "websocket", method="SEND")["message_rate_received"] == 0


def test_system_is_what_targets_say(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        mega = 1024.0 * 1024
        for workspace, more in (("", 0.0), ("shop", 1_000.0)):
            tell(
                served,
                (60, "", "a", "memory", 30 * mega),
                (20, "", "a", "memory", 40 * mega + more * mega),
                (20, "", "b", "memory", 5 * mega),
                (20, "", "a", "cpu", 10.0),
                (20, "", "b", "cpu", 40.0),
                (20, "", "a", "threads", 3.0),
                (20, "", "b", "threads", 4.0),
                (20, "", "a", "uptime", 900.5),
                (20, "", "b", "uptime", 7.5),
                workspace=workspace,
            )
        assert ask(served, "system", workspace_id="shop") == {
            "memory_usage_mb": 1_045.0,
            "cpu_usage_percent": 25.0,
            "thread_count": 7,
            "uptime_seconds": 7.5,
        }
        assert ask(served, "system")["memory_usage_mb"] == 45.0 + 1_045.0
        _, secret = TokenFile(served.database.path, served.database.clock).create(
            "t", [Scope.READ], workspace_id="shop"
        )
        served.client.headers["Authorization"] = f"Bearer {secret}"
        assert ask(served, "system")["memory_usage_mb"] == 1_045.0


@pytest.mark.parametrize("asked", [{"workspace_id": "shop"}, {"environment": "prod"}, {"workspace_id": "(none)"}])
def test_system_without_a_target_that_the_filter_lets_through(busy: Served, asked: dict[str, str]) -> None:
    """What this process takes is of no workspace and no environment: it would be a wrong answer to that question."""
    answer = busy.client.get("/__mockforge/analytics/system", params=asked)
    assert (answer.status_code, answer.json()["field"]) == (422, *asked)
    assert "no target" in answer.json()["error"]
    assert ask(busy, "system", workspace_id=OWN_WORKSPACE)["thread_count"] > 1


def test_system_of_this_process_is_not_for_a_token_of_one_workspace(tmp_path: Path) -> None:
    """Memory and processor time of the server tell of the load of others, as its `status` does."""
    with serving(tmp_path) as served:
        tell(served, (20, "", "a", "threads", 3.0), workspace="other")
        _, secret = TokenFile(served.database.path, served.database.clock).create(
            "t", [Scope.READ], workspace_id="shop"
        )
        headers = {"Authorization": f"Bearer {secret}"}
        answer = served.client.get("/__mockforge/analytics/system", headers=headers)
        status = served.client.get(f"{BASE_PATH}/status", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (403, status.json()["error"])


def test_filters_hold(busy: Served) -> None:
    rows = recent(86_400, QuerySpec(environment=("prod",), method=("GET",)))
    data = ask(busy, "summary", range="24h", environment="prod", method="get")
    assert data["request_rate"] == pytest.approx(len(rows) / 86_400)
    assert data["active_connections"] == 0


def test_system_is_this_process(busy: Served) -> None:
    data = ask(busy, "system")
    with open("/proc/self/status", encoding="ascii") as status:
        resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert data["memory_usage_mb"] == pytest.approx(resident / 1_024, rel=0.2)
    assert data["thread_count"] > 1
    assert data["cpu_usage_percent"] >= 0
    assert data["uptime_seconds"] > 0


@pytest.mark.parametrize(
    ("route", "parameters"),
    [
        ("summary", {"range": "2h"}),
        ("requests", {"range": "1"}),
        ("endpoints", {"limit": "0"}),
        ("smtp", {"range": "x"}),
    ],
)
def test_what_is_not_understood_is_refused(busy: Served, route: str, parameters: dict[str, str]) -> None:
    answer = busy.client.get(f"/__mockforge/analytics/{route}", params=parameters)
    assert answer.status_code == 422
    assert answer.json()["field"] in parameters


def test_an_empty_database_gives_zeros(tmp_path: Path) -> None:
    with serving(tmp_path) as empty:
        assert not any(value for name, value in ask(empty, "summary").items() if name != "timestamp")
        assert ask(empty, "requests")["series"] == []
        assert ask(empty, "endpoints") == []
        assert not any(ask(empty, "websocket").values())
        assert not any(ask(empty, "smtp").values())


def test_a_token_of_one_workspace_sees_that_one(tmp_path: Path) -> None:
    with serving(tmp_path, ROWS) as served:
        _, secret = TokenFile(served.database.path, served.database.clock).create(
            "t", [Scope.READ], workspace_id="shop"
        )
        assert served.client.get("/__mockforge/analytics/summary").status_code == 401
        served.client.headers["Authorization"] = f"Bearer {secret}"
        rows = recent(86_400, QuerySpec(workspace_id=("shop",)))
        assert ask(served, "summary", range="24h")["request_rate"] == pytest.approx(len(rows) / 86_400)
        assert served.client.get("/metrics").status_code == 403
