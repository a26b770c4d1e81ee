"""Numbers of the reports, counted here from the lines that were imported."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.model.histogram import RELATIVE_ERROR
from tests.cli.support import FIRST, MICROSECONDS, Command, write_log
from tests.oracle import latency, nearest_rank

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.traffic import Row

HOUR = 3_600
NOT_FOUND, FIRST_ERROR, FIRST_SERVER_ERROR, UNAVAILABLE = 404, 400, 500, 503
PAGE_ROWS = 150
CLIENTS_OF_A_FEW = 4
NINETY_FIVE = (95, 100)
REPORTS = (
    "overview",
    "requests",
    "latency",
    "latency-distribution",
    "errors",
    "error-events",
    "endpoints",
    "protocols",
    "status-codes",
    "clients",
    "traffic-patterns",
    "peaks",
)


def failed(rows: list[Row]) -> int:
    return sum(row["status_code"] >= FIRST_ERROR for row in rows)


def by(rows: list[Row], *names: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names)].append(row)
    return groups


def test_overview_counts_what_was_imported(command: Command, requests: list[Row]) -> None:
    totals = command.good("report", "overview", "--json").json["totals"]
    exact = latency(requests)
    assert totals["total_requests"] == len(requests)
    assert totals["total_errors"] == failed(requests)
    assert totals["total_bytes_sent"] == sum(row["bytes_sent"] for row in requests)
    assert totals["latency_count"] == exact["count"]
    assert totals["avg_latency_ms"] == pytest.approx(exact["average"])
    assert totals["min_latency_ms"] == exact["minimum"]
    assert totals["max_latency_ms"] == exact["maximum"]
    for name in ("p50", "p95", "p99"):
        assert totals[f"{name}_latency_ms"] == pytest.approx(exact[name], rel=RELATIVE_ERROR)
    assert totals["first_request"] == requests[0]["timestamp"] / MICROSECONDS
    assert totals["last_request"] == requests[-1]["timestamp"] / MICROSECONDS


def test_endpoints_as_csv(command: Command, requests: list[Row]) -> None:
    groups = by(requests, "method", "endpoint")
    rows = command.good("report", "endpoints", "--csv").rows
    found = {(row["method"], row["endpoint"]): row for row in rows}
    assert found.keys() == groups.keys()
    for key, group in groups.items():
        assert int(found[key]["request_count"]) == len(group)
        assert int(found[key]["error_count"]) == failed(group)
        assert int(found[key]["bytes_sent"]) == sum(row["bytes_sent"] for row in group)
        exact = nearest_rank(sorted(row["latency_us"] for row in group), NINETY_FIVE)
        assert float(found[key]["p95_latency_ms"]) == pytest.approx(exact, rel=RELATIVE_ERROR)


def test_the_plain_table_says_the_same_as_csv(command: Command) -> None:
    heading, *lines = command.good("report", "endpoints").table
    rows = command.good("report", "endpoints", "--csv").rows
    assert heading[0] == "requests"
    assert [line[0] for line in lines] == [row["request_count"] for row in rows]
    assert [line[-2:] for line in lines] == [[row["method"], row["endpoint"]] for row in rows]
    assert {len(line) for line in lines} == {len(heading)}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--status", "404"), lambda row: row["status_code"] == NOT_FOUND),
        (
            ("--status", "4xx", "--status", "503"),
            lambda row: FIRST_ERROR <= row["status_code"] < FIRST_SERVER_ERROR or row["status_code"] == UNAVAILABLE,
        ),
        (("--method", "post"), lambda row: row["method"] == "POST"),
        (("--endpoint", "/users", "--endpoint", "/"), lambda row: row["endpoint"] in ("/users", "/")),
        (
            ("--endpoint", "/orders", "--method", "GET"),
            lambda row: row["endpoint"] == "/orders" and row["method"] == "GET",
        ),
        (("--protocol", "http"), lambda row: True),
        (("--environment", "(none)"), lambda row: True),
        (("--environment", "prod"), lambda row: False),
    ],
)
def test_filters(
    command: Command, requests: list[Row], options: tuple[str, ...], wanted: Callable[[Row], bool]
) -> None:
    expected = [row for row in requests if wanted(row)]
    found = command.good("report", "overview", *options, "--json").json
    assert found["totals"]["total_requests"] == len(expected)
    assert found["totals"]["total_bytes_sent"] == sum(row["bytes_sent"] for row in expected)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_the_window_is_that_of_the_zone(command: Command, requests: list[Row], zone: str) -> None:
    shift = {"UTC": 0, "America/New_York": 4}[zone]  # 2025-03-11 is after the change to daylight saving time
    start = datetime(2025, 3, 11, shift, tzinfo=UTC)
    span = start.timestamp(), (start + timedelta(hours=12)).timestamp()
    expected = [row for row in requests if span[0] <= row["timestamp"] / MICROSECONDS < span[1]]
    options = ("--start", "2025-03-11", "--end", "2025-03-11T12:00", "--zone", zone)
    found = command.good("report", "overview", *options, "--json").json
    assert (found["window"]["start"], found["window"]["end"]) == span
    assert found["totals"]["total_requests"] == len(expected)


@pytest.mark.parametrize(("width", "seconds"), [("minute", 60), ("15m", 900), ("hour", 3_600), ("day", 86_400)])
def test_requests_over_time(command: Command, requests: list[Row], width: str, seconds: int) -> None:
    expected = Counter(row["timestamp"] // MICROSECONDS // seconds * seconds for row in requests)
    rows = command.good("report", "requests", "--granularity", width, "--csv").rows
    found = {int(row["timestamp"]): int(row["request_count"]) for row in rows}
    assert {at: count for at, count in found.items() if count} == expected
    assert sorted(found) == list(range(min(expected), max(expected) + 1, seconds))


def test_latency_over_time(command: Command, requests: list[Row]) -> None:
    hours = by([{**row, "hour": row["timestamp"] // MICROSECONDS // HOUR * HOUR} for row in requests], "hour")
    rows = command.good("report", "latency", "--granularity", "hour", "--csv").rows
    for row in rows:
        group = hours[(int(row["timestamp"]),)]
        exact = nearest_rank(sorted(request["latency_us"] for request in group), NINETY_FIVE)
        assert int(row["latency_count"]) == len(group)
        assert float(row["p95_latency_ms"]) == pytest.approx(exact, rel=RELATIVE_ERROR)


def test_latency_distribution(command: Command, requests: list[Row]) -> None:
    rows = command.good("report", "latency-distribution", "--csv").rows
    assert sum(int(row["count"]) for row in rows) == len(requests)
    for row in rows:
        bounds = float(row["lower_ms"]) * 1_000, float(row["upper_ms"]) * 1_000
        inside = sum(bounds[0] < request["latency_us"] <= bounds[1] for request in requests)
        assert int(row["count"]) == inside


def test_errors(command: Command, requests: list[Row]) -> None:
    answer = command.good("report", "errors", "--json").json
    codes = Counter(row["status_code"] for row in requests if row["status_code"] >= FIRST_ERROR)
    assert sorted(group["count"] for group in answer["errors"]) == sorted(codes.values())
    server = command.good("report", "errors", "--error-category", "server_error", "--json").json["errors"]
    assert sum(group["count"] for group in server) == sum(codes[code] for code in codes if code >= FIRST_SERVER_ERROR)


def test_error_events_page_by_page(command: Command) -> None:
    everything = [row["id"] for row in command.good("report", "error-events", "--limit", "10000", "--csv").rows]
    paged: list[str] = []
    page: tuple[str, ...] = ()
    while True:
        outcome = command.good("report", "error-events", "--limit", str(PAGE_ROWS), *page)
        paged += [
            row["id"] for row in command.good("report", "error-events", "--limit", str(PAGE_ROWS), *page, "--csv").rows
        ]
        more = [line for line in outcome.out.splitlines() if "--before" in line]
        if not more:
            break
        page = ("--before", more[0].split()[-1])
    assert len(everything) > 2 * PAGE_ROWS
    assert paged == everything


def test_status_codes(command: Command, requests: list[Row]) -> None:
    rows = command.good("report", "status-codes", "--csv").rows
    assert {int(row["status_code"]): int(row["request_count"]) for row in rows} == Counter(
        row["status_code"] for row in requests
    )


def test_clients(command: Command, requests: list[Row]) -> None:
    rows = command.good("report", "clients", "--csv").rows
    expected = Counter(row["client_ip"] for row in requests)
    assert {row["client_ip"]: int(row["request_count"]) for row in rows} == expected
    one = rows[0]["client_ip"]
    filtered = command.good("report", "clients", "--client", one, "--csv").rows
    assert [(row["client_ip"], int(row["request_count"])) for row in filtered] == [(one, expected[one])]


def test_clients_of_an_endpoint(command: Command, requests: list[Row]) -> None:
    counts = by(requests, "endpoint")
    (endpoint,), mine = max(counts.items(), key=lambda item: len(item[1]))
    expected = Counter(row["client_ip"] for row in mine)
    document = command.good("report", "endpoint-clients", "--endpoint", endpoint, "--json").json
    assert {row["client_ip"]: row["request_count"] for row in document["endpoint_clients"]} == expected
    assert document["filters"] == {"endpoint": [endpoint]}
    totals = document["totals"]
    assert (totals["total_requests"], totals["unique_clients"]) == (len(mine), len(expected))
    drawn = command.good("report", "endpoint-clients", "--endpoint", endpoint)
    heading, *lines = drawn.table
    place = heading.index("client")
    assert {line[place]: int(line[0]) for line in lines} == expected
    assert "at_most" not in heading
    assert f"# requests with a known client: all {len(mine):,}\n" in drawn.out
    nothing = command.good("report", "endpoint-clients", "--endpoint", "/nowhere").out
    assert "nothing matches; the database holds requests from" in nothing


def test_clients_of_an_endpoint_past_a_cap(
    fresh: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, requests: list[Row]
) -> None:
    monkeypatch.setenv("MOCKFORGE_ANALYTICS_CAPS__ENDPOINTS_PER_CLIENT", "1")
    few = [row for row in requests if int(row["client_ip"].rpartition(".")[2]) <= CLIENTS_OF_A_FEW]
    fresh.good("import", write_log(tmp_path, few), "--format", "combined_time_us", "--templating", "none")
    expected = Counter(row["client_ip"] for row in few if row["endpoint"] == "/users")
    drawn = fresh.good("report", "endpoint-clients", "--endpoint", "/users")
    heading, *lines = drawn.table
    bounds = {line[heading.index("client")]: (int(line[0]), int(line[1])) for line in lines}
    assert heading[:2] == ["requests", "at_most"]
    assert all(low <= expected[client] <= high for client, (low, high) in bounds.items())
    known, total = sum(low for low, _ in bounds.values()), expected.total()
    unknown = f"{total - known:,} came without an address, or are past a cap"
    assert f"# requests with a known client: {known:,} of {total:,}; {unknown}\n" in drawn.out
    client = min(bounds)
    one = fresh.good("report", "endpoint-clients", "--endpoint", "/users", "--client", client)
    line = f"# requests with a known client: {bounds[client][0]:,}, and maybe some that are past a cap\n"
    assert line in one.out
    assert not {"share_%", "share"} & set(one.table[0])


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_traffic_patterns(command: Command, requests: list[Row], zone: str) -> None:
    shift = timedelta(minutes={"UTC": 0, "Asia/Kolkata": 330}[zone])
    moments = [datetime.fromtimestamp(row["timestamp"] / MICROSECONDS, UTC) + shift for row in requests]
    days = Counter((moment.date().isoformat(), moment.hour) for moment in moments)
    rows = command.good("report", "traffic-patterns", "--zone", zone, "--csv").rows
    assert {(row["date"], int(row["hour"])): int(row["request_count"]) for row in rows} == days
    lines = command.good("report", "traffic-patterns", "--zone", zone).table
    monday = next(line for line in lines if line[0] == "Mon")
    names = {(moment.weekday(), moment.hour) for moment in moments}
    assert [rate != "–" for rate in monday[1:]] == [(0, hour) in names for hour in range(24)]


def test_dimension_values(command: Command, requests: list[Row]) -> None:
    rows = command.good("report", "dimension-values", "endpoint", "--search", "USERS", "--csv").rows
    expected = Counter(row["endpoint"] for row in requests if "users" in row["endpoint"])
    assert {row["value"]: int(row["count"]) for row in rows} == expected


def test_peaks(command: Command, requests: list[Row]) -> None:
    minutes = Counter(row["timestamp"] // MICROSECONDS // 60 * 60 for row in requests)
    busiest = max(minutes.values())
    rows = {row["measure"]: row for row in command.good("report", "peaks", "--csv").rows}
    assert int(rows["requests"]["peak_count"]) == busiest
    assert int(rows["requests"]["peak_start"]) == min(at for at, count in minutes.items() if count == busiest)
    assert float(rows["requests"]["peak_rate"]) == pytest.approx(busiest / 60)


def test_export_as_csv_and_json(command: Command, requests: list[Row]) -> None:
    hour = Counter(row["timestamp"] // MICROSECONDS // HOUR * HOUR for row in requests)
    rows = command.good("export", "csv", "--granularity", "hour").rows
    counted: Counter[int] = Counter()
    for row in rows:
        counted[int(row["timestamp"])] += int(row["request_count"])
    assert counted == hour
    documents = command.good("export", "json", "--granularity", "hour").json
    assert [row["request_count"] for row in documents] == [int(row["request_count"]) for row in rows]
    assert sum(row["bytes_sent"] for row in documents) == sum(row["bytes_sent"] for row in requests)


def test_an_export_to_a_file_is_the_same(command: Command, tmp_path: Any) -> None:
    out = command.good("export", "csv", "--status", "5xx").out
    said = command.good("export", "csv", "--status", "5xx", "--output", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == out
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


@pytest.mark.parametrize("report", REPORTS)
def test_a_window_without_requests_says_what_there_is(command: Command, report: str) -> None:
    outcome = command.good("report", report, "--start", "2020-01-01", "--end", "2020-01-02")
    first = datetime.fromtimestamp(FIRST, UTC)
    assert "nothing matches" in outcome.out
    assert f"{first:%Y-%m-%d}" in outcome.out


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_a_window_without_requests_is_an_empty_answer(command: Command, report: str, form: str) -> None:
    outcome = command.good("report", report, "--start", "2020-01-01", "--end", "2020-01-02", form)
    assert outcome.err in ("", "note: no history is kept of 2020-01-01 00:00:00Z to 2020-01-02 00:00:00Z\n")
    if form == "--json":
        assert outcome.json["window"] == {"start": 1_577_836_800, "end": 1_577_923_200}
    else:
        assert outcome.out.count("\n") >= 1
