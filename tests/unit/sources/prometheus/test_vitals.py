"""What MockForge says of itself, read from an exposition as its registry writes it (contract section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.collection import Collected
from mockforge_analytics.sources.prometheus.detection import rules_of, wanted_names
from mockforge_analytics.sources.prometheus.exposition import ScrapeLimits, parse_exposition
from mockforge_analytics.sources.prometheus.vitals import vital_samples

if TYPE_CHECKING:
    from mockforge_analytics.sources.prometheus.series import RawSeries

AT = 60_000
NAME = "mockforge_ws_connection_duration_seconds"
EXPOSED = f"""
mockforge_memory_usage_bytes 1.5e9
mockforge_cpu_usage_percent 12.5
mockforge_thread_count 9
mockforge_uptime_seconds 61
mockforge_ws_connections_total 12
mockforge_smtp_connections_total 3
{NAME}_bucket{{status="normal",le="1"}} 2
{NAME}_bucket{{status="normal",le="+Inf"}} 4
{NAME}_sum{{status="normal"}} 40.5
{NAME}_count{{status="normal"}} 4
{NAME}_bucket{{status="error",le="+Inf"}} 1
{NAME}_sum{{status="error"}} 2
{NAME}_count{{status="error"}} 1
"""


def series(text: str = EXPOSED, instance: str = "i") -> list[RawSeries]:
    return parse_exposition(text.encode(), "text/plain", AT, {"job": "j", "instance": instance}, ScrapeLimits())


def test_each_sign_is_read_once() -> None:
    mine = rules_of(Collected(url="http://t", workspace_id="shop"), ["mockforge"])
    assert {raw.labels["__name__"] for raw in series()} - wanted_names(mine) == {f"{NAME}_bucket"}
    frame, refused = vital_samples(mine, series(), "scrape:t", AT - 1)
    assert refused == {}
    assert set(frame["timestamp"]) == {AT * 1_000}
    assert set(frame["source"]) == {"scrape:t:j:i"}
    assert set(frame["workspace_id"]) == {"shop"}
    assert {(protocol, name): value for protocol, name, value in frame["protocol", "name", "value"].rows()} == {
        ("", "memory"): 1.5e9,
        ("", "cpu"): 12.5,
        ("", "threads"): 9,
        ("", "uptime"): 61,
        ("WebSocket", "sessions"): 12,
        ("SMTP", "sessions"): 3,
        ("WebSocket", "session_seconds"): 42.5,
        ("WebSocket", "sessions_ended"): 5,
    }
    assert vital_samples(mine, series(), "scrape:t", AT)[0].is_empty()  # known already


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "1e300"])
def test_an_impossible_sign_is_left_out(value: str) -> None:
    mine = rules_of(Collected(url="http://t"), ["mockforge"])
    text = f"mockforge_memory_usage_bytes {value}\nmockforge_thread_count 2\n"
    frame, refused = vital_samples(mine, series(text), "s", 0)
    assert frame["name"].to_list() == ["threads"]
    assert refused == {"not a vital sign": 1}


def test_too_many_targets_are_refused_and_counted() -> None:
    mine = rules_of(Collected(url="http://t"), ["mockforge"])
    many = [raw for number in range(5) for raw in series("mockforge_thread_count 2\n", f"i{number}")]
    frame, refused = vital_samples(mine, [*many, *many[:3]], "s", 0, most=3)
    assert frame["source"].to_list() == [f"s:j:i{number}" for number in range(3)]
    assert refused == {"too many vital signs in a reading": 2}
