"""Raw samples from a Prometheus server, a handful of requests for any number of series.

An instant query of a range selector returns the samples themselves, not extrapolated rates
(https://prometheus.io/docs/prometheus/latest/querying/api/#range-vectors).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from mockforge_analytics.errors import InputTooLargeError, SourceError
from mockforge_analytics.sources.prometheus.native import NativeSample
from mockforge_analytics.sources.prometheus.series import RawSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mockforge_analytics.sources.prometheus.connection import Answer, Connection

__all__ = ["PrometheusClient", "Reading", "selector"]

_MILLISECONDS: Final = 1_000
_QUOTED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_REGEX: Final = frozenset("\\.+*?()|[]{}^$")
_SHOWN: Final = 200  # characters of a server's own words
_UNPROCESSABLE: Final = 422  # also: more samples than one query may load


class _Histogram(msgspec.Struct):
    sum: str = "NaN"
    buckets: list[tuple[int, str, str, str]] = []


class _Result(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []
    histograms: list[tuple[float, _Histogram]] = []


class _Matrix(msgspec.Struct):
    result_type: str = msgspec.field(name="resultType")
    result: list[_Result]


class _Samples(msgspec.Struct):
    status: str
    data: _Matrix | None = None
    error: str = ""
    warnings: list[str] = []


class _Names(msgspec.Struct):
    status: str
    data: list[str] | None = None
    error: str = ""


class _Refusal(msgspec.Struct):
    error: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The samples of one request; with `warnings` the server says that something may be missing."""

    series: tuple[RawSeries, ...]
    warnings: tuple[str, ...]
    samples: int


def selector(names: Iterable[str], matchers: Mapping[str, str] | None = None) -> str:
    """Return the selector of all series with one of `names` whose labels equal `matchers`.

    Names and values are quoted: none of their characters can end the string or change the query.
    """
    pattern = "|".join("".join(f"\\{c}" if c in _REGEX else c for c in name) for name in sorted(set(names)))
    parts = [f'__name__=~"{pattern.translate(_QUOTED)}"', *_equalities(matchers or {})]
    return "{" + ",".join(parts) + "}"


def _equalities(matchers: Mapping[str, str]) -> list[str]:
    return [f'{label}="{value.translate(_QUOTED)}"' for label, value in matchers.items()]


class PrometheusClient:
    """Asks one Prometheus server over `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._samples = msgspec.json.Decoder(_Samples)

    def samples(self, selection: str, start: int, end: int) -> Reading:
        """Return the samples of the series of `selection` within ``(start, end]``, milliseconds.

        Servers before version 3 also return a sample at `start` itself.

        Raises:
            InputTooLargeError: that is more than the server loads for one query.
            SourceError: the server cannot be reached, refuses, or answers something else; nothing of it is used.
        """
        place = self._connection.address
        query = f"{selection}[{max(end - start, 1)}ms]"
        given = self._connection.post("/api/v1/query", {"query": query, "time": f"{end / _MILLISECONDS:.3f}"})
        self._refuse_failure(given)
        try:
            answer = self._samples.decode(given.body)
        except msgspec.DecodeError as error:
            raise self._foreign(error) from error
        if answer.status != "success" or answer.data is None:
            message = f"the Prometheus server at {self._connection.address} could not answer: {answer.error[:_SHOWN]}"
            raise SourceError(message)
        if answer.data.result_type != "matrix":
            kind = answer.data.result_type[:_SHOWN]
            message = f"the Prometheus server at {place} answered with a {kind} where samples were asked for"
            raise SourceError(message)
        try:
            series = tuple(_raw(result) for result in answer.data.result)
        except (ValueError, OverflowError) as error:
            said = str(error)[:_SHOWN]
            message = f"the Prometheus server at {place} answered with a value that is no number: {said}"
            raise SourceError(message) from error
        return Reading(series, tuple(answer.warnings), sum(len(raw.seen) for raw in series))

    def metric_names(self, matchers: Mapping[str, str] | None = None) -> frozenset[str]:
        """Return the names of the metrics of all series whose labels equal `matchers`.

        Raises:
            SourceError: as `samples`.
        """
        chosen = {"match[]": "{" + ",".join(['__name__!=""', *_equalities(matchers)]) + "}"} if matchers else None
        given = self._connection.get("/api/v1/label/__name__/values", params=chosen)
        self._refuse_failure(given)
        try:
            answer = msgspec.json.decode(given.body, type=_Names)
        except msgspec.DecodeError as error:
            raise self._foreign(error) from error
        if answer.status != "success":
            message = f"the Prometheus server at {self._connection.address} could not answer: {answer.error[:_SHOWN]}"
            raise SourceError(message)
        return frozenset(answer.data or ())

    def _foreign(self, error: Exception) -> SourceError:
        message = f"the Prometheus server at {self._connection.address} does not answer like one: {str(error)[:_SHOWN]}"
        return SourceError(message)

    def _refuse_failure(self, answer: Answer) -> None:
        if answer.is_fine:
            return
        try:
            reason = msgspec.json.decode(answer.body, type=_Refusal).error
        except msgspec.DecodeError:
            reason = ""
        said = f"{answer.status}{': ' if reason else ''}{reason[:_SHOWN]}"
        message = f"the Prometheus server at {self._connection.address} answered {said}"
        if answer.status == _UNPROCESSABLE:
            raise InputTooLargeError(message)
        raise SourceError(message)


def _raw(result: _Result) -> RawSeries:
    count = len(result.values)
    time = np.fromiter((at for at, _ in result.values), np.float64, count)
    value = np.fromiter((float(text) for _, text in result.values), np.float64, count)
    native = tuple(_native(at, histogram) for at, histogram in result.histograms)
    return RawSeries(result.metric, np.rint(time * _MILLISECONDS).astype(np.int64), value, native=native)


def _native(at: float, histogram: _Histogram) -> NativeSample:
    buckets = tuple((float(low), float(high), float(count)) for _, low, high, count in histogram.buckets)
    return NativeSample(round(at * _MILLISECONDS), float(histogram.sum), buckets)
