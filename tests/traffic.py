"""Made-up traffic for tests: request rows, what of them a database would still hold, and Hypothesis strategies."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from mockforge_analytics.model.plan import Coverage, StatusRange
from mockforge_analytics.model.tiers import TIERS
from mockforge_analytics.model.window import MICROSECONDS, Window, ceil_to, floor_to
from mockforge_analytics.query.spec import MAX_LIMIT, QuerySpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NOW: Final = 1_750_250_607  # 2025-06-18 12:43:27 UTC, a Wednesday
NOW_US: Final = NOW * MICROSECONDS + 500_000
HOUR: Final = 3_600
DAY: Final = 86_400
KEPT_SECONDS: Final = {
    "live_hours": 2 * HOUR,
    "minute_aggregates_days": 7 * DAY,
    "hour_aggregates_days": 30 * DAY,
    "day_aggregates_days": 365 * DAY,
    "traffic_patterns_days": 90 * DAY,
    "client_analytics_days": 30 * DAY,
}
FIRST_ERROR: Final = 400
FIRST_SERVER_ERROR: Final = 500


# One request: time in microseconds, latency in microseconds or None, absent texts are empty, no status is 0.
Row = dict[str, Any]


def row(
    second: float,
    *,
    protocol: str = "HTTP",
    method: str = "GET",
    endpoint: str = "/",
    status_code: int = 200,
    workspace_id: str = "",
    environment: str = "",
    latency_us: int | None = 1_000,
    bytes_sent: int = 0,
    bytes_received: int = 0,
    client_ip: str = "127.0.0.1",
    user_agent_family: str = "",
) -> Row:
    """Return a request at a Unix time; errors get the type and category of their status."""
    failed = status_code >= FIRST_ERROR
    category = "server_error" if status_code >= FIRST_SERVER_ERROR else "client_error"
    return {
        "timestamp": round(second * MICROSECONDS),
        "protocol": protocol,
        "method": method,
        "endpoint": endpoint,
        "status_code": status_code,
        "workspace_id": workspace_id,
        "environment": environment,
        "latency_us": latency_us,
        "bytes_sent": bytes_sent,
        "bytes_received": bytes_received,
        "error_type": f"status_{status_code}" if failed else "",
        "error_category": category if failed else "",
        "client_ip": client_ip,
        "user_agent": f"{user_agent_family}/1" if user_agent_family else "",
        "user_agent_family": user_agent_family,
        "user_agent_version": "1" if user_agent_family else "",
    }


def coverage_of(rows: Iterable[Row], held: Sequence[Window] = (), *, kept: dict[str, int] | None = None) -> Coverage:
    """Return what a database at `NOW` holds of `rows` that has run for ever with the default retention.

    `held` are windows of imports that every tier but the finest keeps whatever their age.
    """
    kept = kept or KEPT_SECONDS
    floors = {tier.name: floor_to(NOW - kept[tier.setting], tier.block) for tier in TIERS}
    islands = {
        tier.name: tuple(
            Window(floor_to(part.start, tier.width), min(ceil_to(part.end, tier.width), floors[tier.name]))
            for part in held
            if tier.width > min(other.width for other in TIERS) and part.start < floors[tier.name]
        )
        for tier in TIERS
    }
    coverage = Coverage(floors, islands, None, None)
    times = [entry["timestamp"] for entry in rows if is_kept(entry["timestamp"], coverage)]
    return Coverage(floors, islands, min(times, default=None), max(times, default=None))


def is_kept(timestamp: int, coverage: Coverage) -> bool:
    """Return whether any tier still holds requests of that time."""
    second = timestamp // MICROSECONDS
    return any(coverage.ranges(tier, Window(second, second + 1)) for tier in TIERS)


PROTOCOLS: Final = ("HTTP", "gRPC", "MQTT")
METHODS: Final = ("GET", "POST", "")
ENDPOINTS: Final = ("/a", "/b/:id", "/c,d", "")
STATUSES: Final = (200, 201, 302, 404, 429, 500, 503, 0)
WORKSPACES: Final = ("", "one", "two")
ENVIRONMENTS: Final = ("", "prod")
CLIENTS: Final = ("10.0.0.1", "10.0.0.2", "2001:db8::1")
FAMILIES: Final = ("", "curl", "Firefox")

# Most traffic is recent, some lies around every retention cut-off.
AGES: Final = st.one_of(
    st.integers(0, 3 * HOUR),
    st.integers(0, 9 * DAY),
    st.integers(0, 40 * DAY),
    st.integers(80 * DAY, 95 * DAY),
    st.integers(0, 380 * DAY),
)


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """Draw one request."""
    entry = row(
        NOW - draw(AGES),
        protocol=draw(st.sampled_from(PROTOCOLS)),
        method=draw(st.sampled_from(METHODS)),
        endpoint=draw(st.sampled_from(ENDPOINTS)),
        status_code=draw(st.sampled_from(STATUSES)),
        workspace_id=draw(st.sampled_from(WORKSPACES)),
        environment=draw(st.sampled_from(ENVIRONMENTS)),
        latency_us=draw(st.one_of(st.none(), st.integers(0, 5_000_000))),
        bytes_sent=draw(st.integers(0, 10_000)),
        bytes_received=draw(st.integers(0, 100)),
        client_ip=draw(st.sampled_from(CLIENTS)),
        user_agent_family=draw(st.sampled_from(FAMILIES)),
    )
    entry["timestamp"] += draw(st.integers(0, MICROSECONDS - 1))
    return entry


def crowd(seed: int) -> list[Row]:
    """Return 150 requests, most of them of few kinds: groups are large, and differ in size."""
    chance = random.Random(seed)
    longest = [300, 2 * HOUR, 9 * DAY, 40 * DAY, 380 * DAY]
    found = []
    for _ in range(150):
        entry = row(
            NOW - chance.randrange(chance.choice(longest)),
            protocol=chance.choices(PROTOCOLS, [6, 2, 1])[0],
            method=chance.choices(METHODS, [6, 3, 1])[0],
            endpoint=chance.choices(ENDPOINTS, [4, 3, 2, 1])[0],
            status_code=chance.choices(STATUSES, [8, 2, 1, 5, 2, 4, 1, 1])[0],
            workspace_id=chance.choices(WORKSPACES, [6, 2, 1])[0],
            environment=chance.choice(ENVIRONMENTS),
            latency_us=chance.choice([None, round(chance.lognormvariate(9, 2))]),
            bytes_sent=chance.randrange(10_000),
            bytes_received=chance.randrange(100),
            client_ip=chance.choices(CLIENTS, [5, 2, 1])[0],
            user_agent_family=chance.choices(FAMILIES, [1, 3, 2])[0],
        )
        entry["timestamp"] += chance.randrange(MICROSECONDS)
        found.append(entry)
    return found


# Single requests shrink to small counter-examples, crowds find what takes many.
TRAFFIC: Final = st.one_of(st.lists(rows(), max_size=15), st.integers(0, 2**32).map(crowd))


@st.composite
def windows(draw: st.DrawFn) -> QuerySpec:
    """Draw a question with some kind of window and no filters."""
    start, end = sorted([NOW - draw(AGES), NOW - draw(AGES)])
    kind = draw(st.sampled_from(["all", "duration", "both", "start", "end"]))
    if kind == "all":
        return QuerySpec()
    if kind == "duration":
        return QuerySpec(duration=NOW - start + 1)
    if kind == "start":
        return QuerySpec(start=start)
    if kind == "end":
        return QuerySpec(end=end + 1)
    return QuerySpec(start=start, end=end + 1)


def some(values: Sequence[str]) -> st.SearchStrategy[tuple[str, ...]]:
    """Draw a filter: mostly none, else one or two of `values`."""
    return st.one_of(st.just(()), st.lists(st.sampled_from(values), max_size=2, unique=True).map(tuple))


STATUS_FILTERS: Final = st.one_of(
    st.just(()),
    st.lists(
        st.sampled_from([StatusRange(404, 404), StatusRange(400, 499), StatusRange(500, 599), StatusRange(0, 0)]),
        max_size=2,
        unique=True,
    ).map(tuple),
)

SCOPE_FILTERS: Final = st.builds(
    QuerySpec, protocol=some(PROTOCOLS), workspace_id=some(WORKSPACES), environment=some(ENVIRONMENTS)
)
SERIES_FILTERS: Final = st.builds(
    replace,
    SCOPE_FILTERS,
    method=some([*METHODS, "get"]),
    endpoint=some(ENDPOINTS),
    status_code=STATUS_FILTERS,
)
CLIENT_FILTERS: Final = st.builds(replace, SCOPE_FILTERS, client_ip=some(CLIENTS), user_agent_family=some(FAMILIES))
SOME_ENDPOINTS: Final = st.lists(st.sampled_from(ENDPOINTS), min_size=1, max_size=2, unique=True).map(tuple)
ENDPOINT_CLIENT_FILTERS: Final = st.builds(replace, CLIENT_FILTERS, endpoint=SOME_ENDPOINTS)
ZONES: Final = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe")


@st.composite
def questions(draw: st.DrawFn, filters: st.SearchStrategy[QuerySpec] = SERIES_FILTERS) -> QuerySpec:
    """Draw a question with filters and a window."""
    window, filtered = draw(windows()), draw(filters)
    return replace(filtered, start=window.start, end=window.end, duration=window.duration, limit=MAX_LIMIT)
