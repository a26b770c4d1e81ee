"""What a Prometheus server or a target would give, found out without storing anything."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import numpy as np

from mockforge_analytics.collection import Collected, PrometheusSource, ScrapeTarget
from mockforge_analytics.errors import SourceError
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.window import MICROSECONDS
from mockforge_analytics.runtime.collectors.scraper import scrape
from mockforge_analytics.sources.prometheus.client import PrometheusClient, selector
from mockforge_analytics.sources.prometheus.connection import Connection
from mockforge_analytics.sources.prometheus.counting import Counting, start
from mockforge_analytics.sources.prometheus.created import with_creation_times
from mockforge_analytics.sources.prometheus.detection import chosen_presets, rules_of, wanted_names
from mockforge_analytics.sources.prometheus.labels import meaning
from mockforge_analytics.sources.prometheus.mapping import DIMENSIONS, Kind
from mockforge_analytics.sources.prometheus.series import NAME, is_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.sources.prometheus.mapping import Rule
    from mockforge_analytics.sources.prometheus.series import RawSeries

__all__ = ["Probe", "ProbedRule", "probe"]

_MILLISECONDS: Final = 1_000
_MINUTES: Final = 5
_LOOK_BACK: Final = _MINUTES * 60 * _MILLISECONDS
_EXAMPLES: Final = 3
_UNREAD: Final = 20
_TRAFFIC: Final = re.compile(r"http|rpc|request|response|latency|connection|status", re.IGNORECASE)
_PARTS: Final = re.compile(r"_(bucket|sum|count|created|total)$")  # also `requests_created` is of `requests_total`
_WIDTH: Final = 60 * _MILLISECONDS
_MEASURES: Final = {
    Kind.REQUESTS: Measure.REQUESTS,
    Kind.DURATION: Measure.LATENCY_COUNT,
    Kind.BYTES_SENT: Measure.BYTES_SENT,
    Kind.BYTES_RECEIVED: Measure.BYTES_RECEIVED,
}


@dataclass(frozen=True, slots=True)
class ProbedRule:
    """One family of metrics.

    Attributes:
        series: how many series it has now.
        meanings: for each dimension that has any, its values: how many there are, and some of them.
        amount: requests, latencies or bytes of the last five minutes; of a target all that it counts now; of
            connections and vital signs what they are now, all series together.
        refused: samples and histograms that cannot be used, by reason.
    """

    metric: str
    kind: str
    series: int
    meanings: dict[str, tuple[int, tuple[str, ...]]]
    amount: int
    refused: dict[str, int]


@dataclass(frozen=True, slots=True)
class Probe:
    """What an address gives.

    Attributes:
        is_server: whether it is a Prometheus server; else a target.
        seconds: how long the amounts took to come together; None of a target, which tells no time.
        presets: those that would be used.
        rules: the families that are there, as they would be read.
        absent: families of these presets that are not there.
        unread: families that sound like traffic and that nothing would read.
    """

    address: str
    is_server: bool
    seconds: int | None
    presets: tuple[str, ...]
    rules: tuple[ProbedRule, ...]
    absent: tuple[str, ...]
    unread: tuple[str, ...]


def probe(settings: Collected, clock: Clock) -> Probe:
    """Return what the address of `settings` gives, a Prometheus server or a target.

    Raises:
        ConfigError: a preset is unknown, or certificates cannot be read.
        SourceError: the address is neither.
    """
    if isinstance(settings, PrometheusSource):
        return _probe_server(settings, clock)
    if isinstance(settings, ScrapeTarget):
        return _probe_target(settings, clock)
    common = settings.model_dump(include=set(Collected.model_fields))
    refusal = ""
    if not urlsplit(settings.url).path.endswith("/metrics"):
        try:
            return _probe_server(PrometheusSource(**common), clock)
        except SourceError as error:
            refusal = f"{error}; and "
    try:
        return _probe_target(ScrapeTarget(**common), clock)
    except SourceError as error:
        message = f"{settings.url} is neither a Prometheus server nor metrics of a target: {refusal}{error}"
        raise SourceError(message) from error


def _probe_server(source: PrometheusSource, clock: Clock) -> Probe:
    until = clock.now_us() // (MICROSECONDS // _MILLISECONDS)
    with Connection(source) as connection:
        client = PrometheusClient(connection)
        names = client.metric_names(source.matchers)
        presets = chosen_presets(source, names)
        rules = rules_of(source, presets)
        series: Sequence[RawSeries] = ()
        if rules:
            series = client.samples(selector(wanted_names(rules), source.matchers), until - _LOOK_BACK, until).series
    return _probe(source, names, presets, rules, series, start(), until)


def _probe_target(target: ScrapeTarget, clock: Clock) -> Probe:
    now = clock.now_us() // (MICROSECONDS // _MILLISECONDS)
    with Connection(target) as connection:
        series = scrape(connection, target, now)
    names = {raw.labels[NAME] for raw in series}
    presets = chosen_presets(target, names)
    rules = rules_of(target, presets)
    # As if the target had been watched before it counted anything: all it counts is new then.
    labels = (series[-1].labels["job"], series[-1].labels["instance"])
    before = Counting(now - 1, (), {labels: now - 1}, frozenset(rule.key for rule in rules))
    return _probe(
        target, names, presets, rules, [replace(raw, created=None) for raw in with_creation_times(series)], before, now
    )


def _probe(
    settings: Collected,
    names: Collection[str],
    presets: tuple[str, ...],
    rules: Sequence[Rule],
    series: Sequence[RawSeries],
    before: Counting,
    until: int,
) -> Probe:
    found = [_probed(rule, series, before, until) for rule in rules]
    is_server = isinstance(settings, PrometheusSource)
    return Probe(
        settings.url,
        is_server,
        _LOOK_BACK // _MILLISECONDS if is_server else None,
        presets,
        tuple(rule for rule in found if rule.series),
        tuple(rule.metric for rule in found if not rule.series),
        _unread(names, rules),
    )


def _probed(rule: Rule, series: Sequence[RawSeries], before: Counting, until: int) -> ProbedRule:
    mine = [raw for raw in series if raw.labels[NAME] in rule.sample_names and is_of(rule, raw.labels)]
    labels = {tuple(sorted(meaning(rule, raw.labels).items())) for raw in mine}
    meanings = {}
    for name in DIMENSIONS:
        values = sorted({value for kind in labels for dimension, value in kind if dimension == name and value})
        if values:
            meanings[name] = (len(values), tuple(values[:_EXAMPLES]))
    keys = {tuple(sorted((k, v) for k, v in raw.labels.items() if k not in (NAME, "le"))) for raw in mine}
    amount, refused = _amount(rule, mine, series, before, until)
    return ProbedRule(rule.metric, rule.kind.value, len(keys), meanings, amount, refused)


def _amount(
    rule: Rule, mine: Sequence[RawSeries], series: Sequence[RawSeries], before: Counting, until: int
) -> tuple[int, dict[str, int]]:
    if rule.kind not in _MEASURES:
        last = [raw.value[-1] for raw in mine if len(raw.value) and np.isfinite(raw.value[-1])]
        return round(sum(last) * rule.unit), {}
    taken = before.take([rule], series, until, _WIDTH)
    return int(taken.counted.measures[_MEASURES[rule.kind]].sum()), taken.refused


def _unread(names: Collection[str], rules: Sequence[Rule]) -> tuple[str, ...]:
    read = {_PARTS.sub("", name) for rule in rules for name in (rule.metric, *rule.sample_names)}
    families: dict[str, str] = {}
    for name in sorted(names):
        if _TRAFFIC.search(name) and (family := _PARTS.sub("", name)) not in read:
            families[family] = name if name.endswith("_total") else families.get(family, family)
    return tuple(sorted(families.values())[:_UNREAD])
