"""Two families that count the same requests, creation times, and what labels say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.model.cells import Measure
from mockforge_analytics.sources.prometheus.counters import NEVER
from mockforge_analytics.sources.prometheus.counting import START_TIME, start
from mockforge_analytics.sources.prometheus.created import created_name, with_creation_times
from mockforge_analytics.sources.prometheus.labels import meaning, status_of
from mockforge_analytics.sources.prometheus.mapping import Kind, Rule
from mockforge_analytics.sources.prometheus.presets import PRESETS
from tests.support.series import counted_requests, raw

if TYPE_CHECKING:
    from mockforge_analytics.sources.prometheus.series import RawSeries

RULES = PRESETS["mockforge"].rules


def test_what_the_detailed_family_counts_is_not_counted_again() -> None:
    series = [
        # One kind of request in two series, because of a label that means nothing here.
        raw("mockforge_requests_total", [(0, 0), (9_000, 5)], protocol="http", method="GET", status="200", pillar="a"),
        raw("mockforge_requests_total", [(0, 0), (9_000, 3)], protocol="http", method="GET", status="200", pillar="b"),
        raw("mockforge_requests_total", [(0, 0), (9_000, 2)], protocol="grpc", method="S::M", status="ok"),
        raw("mockforge_requests_by_path_total", [(0, 0), (9_000, 4)], method="GET", path="/x", status="200"),
        raw("mockforge_requests_by_path_total", [(0, 0), (9_000, 2)], method="GET", path="/y", status="200"),
    ]
    counted = start().take(RULES, series, 9_000, 10_000).counted
    assert counted_requests(counted, "protocol", "method", "endpoint") == {
        ("HTTP", "GET", "/x"): 4,
        ("HTTP", "GET", "/y"): 2,
        ("http", "GET", None): 2,  # eight in all, six of them by path
        ("grpc", "S::M", None): 2,
    }


def test_where_the_detail_counts_more_the_detail_holds() -> None:
    series = [
        raw("mockforge_requests_total", [(0, 0), (9_000, 3)], protocol="http", method="GET", status="200"),
        raw("mockforge_requests_by_path_total", [(0, 0), (9_000, 4)], method="GET", path="/x", status="200"),
    ]
    assert start().take(RULES, series, 9_000, 10_000).counted.measures[Measure.REQUESTS].sum() == 4


def test_histograms_in_more_detail_replace_those_in_less() -> None:
    def histogram(metric: str, counts: dict[str, int], **labels: str) -> list[RawSeries]:
        return [raw(f"{metric}_bucket", [(0, 0), (9_000, n)], le=le, **labels) for le, n in counts.items()]

    series = [
        *histogram("mockforge_request_duration_seconds", {"0.1": 5, "+Inf": 9}, protocol="http", method="GET"),
        *histogram("mockforge_request_duration_by_path_seconds", {"0.1": 3, "+Inf": 4}, method="GET", path="/x"),
    ]
    counted = start().take(RULES, series, 9_000, 10_000).counted
    assert counted.measures[Measure.LATENCY_COUNT].sum() == 9


def test_creation_times_belong_to_the_samples_of_their_time() -> None:
    assert created_name("a_total") == created_name("a_bucket") == created_name("a_sum") == "a_created"
    (joined,) = with_creation_times(
        [
            raw("a_total", [(1_000, 5), (2_000, 6), (3_000, 7)], x="1"),
            raw("a_created", [(1_000, 0.5), (3_000, 2.5)], x="1"),
        ]
    )
    assert joined.beginnings.tolist() == [500, NEVER, 2_500]
    assert [one.labels["x"] for one in with_creation_times([raw("a_total", [(1, 1)], x="2")])] == ["2"]


def test_a_counter_with_a_creation_time_counts_from_there() -> None:
    rule = Rule("a_total", Kind.REQUESTS)
    series = [
        raw("up", [(10_000, 1), (20_000, 1)]),
        raw("a_total", [(20_000, 6)]),
        raw("a_created", [(20_000, 19.0)]),
    ]
    counted = start().take([rule], series, 20_000, 1_000).counted
    assert counted.frame["timestamp"].min() == 19_000_000
    assert counted.measures[Measure.REQUESTS].sum() == 6
    old = [raw("up", [(10_000, 1), (20_000, 1)]), raw("a_total", [(20_000, 6)]), raw("a_created", [(20_000, 3.0)])]
    assert start().take([rule], old, 20_000, 1_000).counted.measures[Measure.REQUESTS].sum() == 0


def test_a_process_that_started_since_we_look_was_watched_from_its_start() -> None:
    rule = Rule("a_total", Kind.REQUESTS)
    before = start().take([rule], [], 100_000, 10_000).after
    young = [raw(START_TIME, [(120_000, 110.0)], instance="i"), raw("a_total", [(120_000, 8)], instance="i")]
    taken = before.take([rule], young, 120_000, 10_000)
    # The rule was read before, and the process is younger than that: nothing of its counter is old.
    assert taken.counted.measures[Measure.REQUESTS].sum() == 8
    old = [raw(START_TIME, [(120_000, 50.0)], instance="i"), raw("a_total", [(120_000, 8)], instance="i")]
    assert before.take([rule], old, 120_000, 10_000).counted.measures[Measure.REQUESTS].sum() == 0


@pytest.mark.parametrize(
    ("status", "error_type", "expected"),
    [
        ("200", "", (200, None)),
        ("404", "not_found", (404, "not_found")),
        ("5xx", "", (None, "5xx")),
        ("2xx", "", (None, None)),
        ("ok", "", (None, None)),
        ("0", "", (None, None)),
        ("", "timeout", (None, "timeout")),
        ("NotFound", "", (None, "NotFound")),
        ("99999", "", (None, "99999")),
        ("٤٠٤", "", (None, "٤٠٤")),
    ],
)
def test_a_status_is_a_code_or_the_kind_of_an_error(
    status: str, error_type: str, expected: tuple[int | None, str | None]
) -> None:
    assert status_of(status, error_type) == expected


def test_the_first_label_that_is_set_speaks() -> None:
    rule = Rule("a", Kind.REQUESTS, {"endpoint": "route|path"}, {"endpoint": "fallback", "protocol": "HTTP"})
    assert meaning(rule, {"route": "", "path": "/p"})["endpoint"] == "/p"
    assert meaning(rule, {"route": "/r", "path": "/p"})["endpoint"] == "/r"
    assert meaning(rule, {})["endpoint"] == "fallback"
    assert meaning(rule, {"protocol": "gRPC"})["protocol"] == "HTTP"
