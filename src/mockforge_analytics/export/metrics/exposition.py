"""The whole exposition, in the format that the asker takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder

from mockforge_analytics.config import MetricNames
from mockforge_analytics.export.metrics.health import SourceNames, health_families
from mockforge_analytics.export.metrics.mockforge import mockforge_families
from mockforge_analytics.export.metrics.own import traffic_families
from mockforge_analytics.export.metrics.protobuf import CONTENT_TYPE, encode_protobuf, takes_protobuf
from mockforge_analytics.query.reports.connections import open_connections

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.core import Metric

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.export.metrics.traffic import TrafficCounters
    from mockforge_analytics.model.health import Health
    from mockforge_analytics.model.process import ProcessUsage
    from mockforge_analytics.model.status import StreamStats
    from mockforge_analytics.ports import Reader

__all__ = ["Exposition", "Rendered"]

_OPENMETRICS: Final = "application/openmetrics-text"


@dataclass(frozen=True, slots=True)
class Rendered:
    """An exposition and its content type."""

    body: bytes
    content_type: str


class Exposition:
    """Renders what there is to scrape. Safe to share between threads."""

    def __init__(
        self,
        traffic: TrafficCounters,
        reader: Reader,
        clock: Clock,
        *,
        health: Callable[[], Health],
        usage: Callable[[], ProcessUsage],
        version: str,
    ) -> None:
        self._traffic = traffic
        self._reader = reader
        self._clock = clock
        self._health = health
        self._usage = usage
        self._version = version
        self._sources = SourceNames(set())
        self._process = ProcessCollector(registry=None)

    def render(self, accept: str, names: MetricNames, stream: StreamStats) -> Rendered:
        """Return everything: as protobuf or OpenMetrics where `accept` (the header) asks for that, else as text 0.0.4.

        Protobuf has native histograms beside the classic ones.

        Raises:
            StoreError: the database cannot be read.
        """
        if takes_protobuf(accept):
            found = list(self._families(names, stream, created=True, native=True))
            return Rendered(encode_protobuf(found), CONTENT_TYPE)
        encode, content_type = choose_encoder(accept)
        families = list(self._families(names, stream, created=content_type.startswith(_OPENMETRICS)))
        return Rendered(encode(_Collected(families)), content_type)

    def _families(
        self, names: MetricNames, stream: StreamStats, *, created: bool, native: bool = False
    ) -> Iterator[Metric]:
        with self._reader.snapshot() as snapshot:
            connections = open_connections(snapshot, self._clock.now_us())
        counts = self._traffic.counts()
        if names is not MetricNames.MOCKFORGE:
            yield from traffic_families(counts, connections, created=created, native=native)
            yield from health_families(self._health(), stream, self._sources, self._version, created=created)
        if names is not MetricNames.OWN:
            yield from mockforge_families(counts, connections, self._usage(), created=created)
        yield from self._process.collect()


class _Collected(CollectorRegistry):
    """Families that are there already, for the encoders of the library."""

    def __init__(self, families: list[Metric]) -> None:
        super().__init__(auto_describe=False)
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Return them."""
        return iter(self._families)
