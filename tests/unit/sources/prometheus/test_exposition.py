"""Real expositions against sums that other programs have counted, and the conformance cases of OpenMetrics."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.prometheus.exposition import ScrapeLimits, parse_exposition
from mockforge_analytics.sources.prometheus.series import NAME, RawSeries
from tests.support.samples import sample_bytes, sample_path, sample_truth

TARGET = {"job": "j", "instance": "i"}
TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
EXPOSITIONS = [
    "beats_metrics-with-naninf.plain",
    "dd_envoy_openmetrics_openmetrics.txt",
    "dd_istio_1.5_istio-proxy.txt",
    "dd_istio_non-conforming.txt",
    "dd_kong_prometheus-v3.txt",
    "dd_kong_prometheus.txt",
    "dd_nginx_ingress_controller_metrics.txt",
    "prom_alltypes.237mfs.prom.txt",
]


def parsed(body: bytes, content_type: str = TEXT, limits: ScrapeLimits | None = None) -> list[RawSeries]:
    return parse_exposition(body, content_type, 1_000, TARGET, limits or ScrapeLimits())


@pytest.mark.parametrize("name", EXPOSITIONS)
def test_real_expositions_have_the_known_sums(name: str) -> None:
    truth = sample_truth(f"prometheus/{name}")
    series = parsed(sample_bytes(f"prometheus/{name}"))
    assert len(series) == truth["samples"]
    sums: Counter[str] = Counter()
    for raw in series:
        sums[raw.labels[NAME]] += np.nan_to_num(raw.value[0], posinf=0, neginf=0)
    assert {metric: sums[metric] for metric, _ in truth["http_sums"]} == dict(truth["http_sums"])


def test_the_conformance_cases_are_read_or_refused_whole() -> None:
    folder = sample_path("prometheus/openmetrics_conformance")
    wrong = []
    for case in sorted(folder.glob("*__test.json")):
        accepted = json.loads(case.read_text())["shouldParse"]
        body = case.with_name(case.name.replace("__test.json", "__metrics")).read_bytes()
        try:
            parsed(body, OPENMETRICS)
            found = True
        except SourceError:
            found = False
        if found is not accepted:
            wrong.append((case.name, accepted))
    assert wrong == []


@pytest.mark.parametrize(
    ("body", "content_type", "limits", "reason"),
    [
        (b"<html>log in</html>", "text/html", ScrapeLimits(), "text/html"),
        (b"a{b=\xff} 1\n", TEXT, ScrapeLimits(), "utf-8"),
        (b"a 1\nb two\n", TEXT, ScrapeLimits(), "two"),
        (b"a 1\na 2\n", TEXT, ScrapeLimits(), "twice"),
        (b"a 1\nb 2\n", TEXT, ScrapeLimits(samples=1), "more than 1 samples"),
        (b'a{b="1",c="2"} 1\n', TEXT, ScrapeLimits(labels=1), "2 labels"),
        (b'a{b="12345"} 1\n', TEXT, ScrapeLimits(label_length=4), "label of 5"),
        (b"a 1\n", OPENMETRICS, ScrapeLimits(), "EOF"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    body: bytes, content_type: str, limits: ScrapeLimits, reason: str
) -> None:
    with pytest.raises(SourceError, match=reason):
        parsed(body, content_type, limits)


def test_labels_of_the_target_hold_and_its_own_stay_readable() -> None:
    (raw,) = parsed(b'a{job="mine",x="1"} 5\n')
    assert raw.labels == {NAME: "a", "job": "j", "instance": "i", "exported_job": "mine", "x": "1"}
