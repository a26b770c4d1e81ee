"""Presets against expositions of real servers, whose sums other programs have counted."""

from __future__ import annotations

from collections import Counter

import pytest

from mockforge_analytics.collection import Collected, MappingConfig
from mockforge_analytics.errors import ConfigError
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.sources.prometheus.counting import Counting
from mockforge_analytics.sources.prometheus.detection import chosen_presets, rules_of, wanted_names
from mockforge_analytics.sources.prometheus.exposition import ScrapeLimits, parse_exposition
from mockforge_analytics.sources.prometheus.gauges import connection_samples
from mockforge_analytics.sources.prometheus.mapping import DIMENSIONS, Kind
from mockforge_analytics.sources.prometheus.presets import PRESETS
from mockforge_analytics.sources.prometheus.series import NAME, RawSeries
from tests.support.samples import sample_bytes, sample_truth
from tests.support.series import counted_requests

AT = 60_000
TARGET = {"job": "j", "instance": "i"}
AUTO = Collected(url="http://target")


def exposed(name: str) -> list[RawSeries]:
    return parse_exposition(sample_bytes(f"prometheus/{name}"), "text/plain", AT, TARGET, ScrapeLimits())


def fitting(series: list[RawSeries]) -> tuple[str, ...]:
    return chosen_presets(AUTO, {raw.labels[NAME] for raw in series})


def everything(series: list[RawSeries], *presets: str) -> Counter[Measure]:
    """Return what is counted of a target that was watched before it had counted anything."""
    rules = rules_of(AUTO, presets)
    watched = Counting(AT - 1, (), {("j", "i"): AT - 1}, frozenset(rule.key for rule in rules))
    counted = watched.take(rules, series, AT, 10_000).counted
    return Counter({measure: int(counted.measures[measure].sum()) for measure in Measure})


@pytest.mark.parametrize(
    ("name", "preset", "requests", "latencies", "sent", "received"),
    [
        ("dd_kong_prometheus-v3.txt", "kong", "kong_http_requests_total", "kong_request_latency_ms_count", 264, 93),
        ("dd_kong_prometheus.txt", "kong", "kong_http_status", 2, 1277, 254),
        (
            "dd_nginx_ingress_controller_metrics.txt",
            "nginx-ingress",
            "nginx_ingress_controller_requests",
            "nginx_ingress_controller_request_duration_seconds_count",
            191 + 687,
            348 + 329 + 1111,
        ),
        ("dd_envoy_openmetrics_openmetrics.txt", "envoy", "envoy_cluster_upstream_rq", 2, 0, 0),
        (
            "prom_alltypes.237mfs.prom.txt",
            "prometheus",
            "prometheus_http_requests_total",
            "prometheus_http_request_duration_seconds_count",
            None,
            0,
        ),
        ("otel_hertz_http_server.txt", "opentelemetry-http", 1, 0, 0, 0),
        ("beats_metrics-with-naninf.plain", "fastapi-instrumentator", 0, 0, 0, 0),
    ],
)
def test_a_real_exposition_gets_its_preset_and_its_sums(
    name: str, preset: str, requests: str | int, latencies: str | int, sent: int | None, received: int
) -> None:
    series = exposed(name)
    sums = dict(sample_truth(f"prometheus/{name}")["http_sums"]) if not name.startswith("otel") else {}
    assert fitting(series) == (preset,)
    found = everything(series, preset)
    assert found[Measure.REQUESTS] == sums.get(requests, requests)
    assert found[Measure.LATENCY_COUNT] == sums.get(latencies, latencies)
    assert sent is None or found[Measure.BYTES_SENT] == sent
    assert found[Measure.BYTES_RECEIVED] == received


def test_istio_is_counted_by_one_end_of_each_request() -> None:
    series = exposed("dd_istio_1.5_istio-proxy.txt")
    assert fitting(series) == ("istio",)  # envoy fits as well, and counts the same requests
    assert everything(series, "istio")[Measure.REQUESTS] == 0  # this proxy only calls
    known = dict(sample_truth("prometheus/dd_istio_1.5_istio-proxy.txt")["http_sums"])
    assert everything(series, "istio-source")[Measure.REQUESTS] == known["istio_requests_total"]
    assert everything(series, "istio-source")[Measure.LATENCY_COUNT] == known["istio_requests_total"]


def test_labels_that_were_renamed_over_the_years_mean_the_same() -> None:
    rules = rules_of(AUTO, ["opentelemetry-http"])
    watched = Counting(AT - 1, (), {("j", "i"): AT - 1}, frozenset(rule.key for rule in rules))
    counted = watched.take(rules, exposed("otel_hertz_http_server.txt"), AT, 10_000).counted
    assert counted_requests(counted, "protocol", "method", "endpoint", "status_code", "environment") == {
        ("HTTP", "GET", "/ping", 200, "test-env"): 1
    }


def test_connections_are_those_of_the_one_state_that_means_them() -> None:
    rules = rules_of(AUTO, ["kong"])
    assert connection_samples(rules, exposed("dd_kong_prometheus-v3.txt"), "s", 0)["value"].to_list() == [9]
    assert connection_samples(rules, exposed("dd_kong_prometheus.txt"), "s", 0)["value"].to_list() == [1]


def test_every_preset_is_whole() -> None:
    for preset in PRESETS.values():
        assert any(rule.kind is Kind.REQUESTS or rule.counts_requests for rule in preset.rules)
        assert len({rule.key for rule in preset.rules}) == len(preset.rules)
        for rule in preset.rules:
            assert set(rule.labels) | set(rule.constants) <= set(DIMENSIONS)
            assert rule.detail_of is None or any(other.metric == rule.detail_of for other in preset.rules)
        wanted = wanted_names(preset.rules)
        assert all(sign in wanted for sign in preset.signs)


def test_what_a_prometheus_server_counts_of_itself_is_traffic_only_where_nothing_else_is() -> None:
    assert chosen_presets(AUTO, {"prometheus_http_requests_total"}) == ("prometheus",)
    assert chosen_presets(AUTO, {"prometheus_http_requests_total", "mockforge_requests_total"}) == ("mockforge",)
    assert chosen_presets(AUTO, {"up"}) == ()


def test_settings_name_presets_and_add_mappings() -> None:
    mapping = MappingConfig(metric="http_requests_total", kind="requests", labels={"status": "result"})
    settings = Collected(
        url="http://t", presets=("fastapi-instrumentator",), mappings=(mapping,), workspace_id="w", environment="e"
    )
    rules = rules_of(settings, chosen_presets(settings, ()))
    (own,) = [rule for rule in rules if rule.metric == "http_requests_total"]
    assert own.labels == {"status": "result"}
    assert {(rule.constants["workspace_id"], rule.constants["environment"]) for rule in rules} == {("w", "e")}
    with pytest.raises(ConfigError, match="no preset 'nginx'"):
        chosen_presets(Collected(url="http://t", presets=("nginx",)), ())
