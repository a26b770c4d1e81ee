"""Raw samples from a Prometheus server, a handful of requests for any number of series.

An instant query of a range selector returns the samples themselves, not extrapolated rates
(https://prometheus.io/docs/prometheus/latest/querying/api/#range-vectors).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import numpy as np

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.prometheus.series import RawSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["PrometheusClient", "Reading", "selector"]

_MILLISECONDS: Final = 1_000
_QUOTED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_REGEX: Final = frozenset("\\.+*?()|[]{}^$")
_MEGABYTE: Final = 1024 * 1024
_SHOWN: Final = 200  # characters of a server's own words


class _Result(msgspec.Struct):
    metric: dict[str, str]
    values: list[tuple[float, str]] = []
    histograms: list[Any] = []


class _Data(msgspec.Struct):
    result_type: str = msgspec.field(name="resultType")
    result: list[_Result]


class _Answer(msgspec.Struct):
    status: str
    data: _Data | None = None
    error: str = ""
    warnings: list[str] = []


_DECODER: Final = msgspec.json.Decoder(_Answer)


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
    parts = [f'__name__=~"{pattern.translate(_QUOTED)}"']
    parts += [f'{label}="{value.translate(_QUOTED)}"' for label, value in (matchers or {}).items()]
    return "{" + ",".join(parts) + "}"


class PrometheusClient:
    """Asks one Prometheus server. `http` carries its address, credentials, certificates and time limits."""

    def __init__(self, http: httpx.Client, *, max_body_bytes: int = 256 * _MEGABYTE) -> None:
        self._http = http
        self._max_body_bytes = max_body_bytes

    def samples(self, selection: str, start: int, end: int) -> Reading:
        """Return the samples of the series of `selection` within ``(start, end]``, milliseconds.

        Servers before version 3 also return a sample at `start` itself.

        Raises:
            SourceError: the server cannot be reached, refuses, or answers something else; nothing of it is used.
        """
        query = f"{selection}[{max(end - start, 1)}ms]"
        body = self._post("/api/v1/query", {"query": query, "time": f"{end / _MILLISECONDS:.3f}"})
        try:
            answer = _DECODER.decode(body)
        except msgspec.DecodeError as error:
            message = f"{self._place} does not answer like a Prometheus server: {error}"
            raise SourceError(message) from error
        if answer.status != "success" or answer.data is None:
            message = f"{self._place} could not answer: {answer.error[:_SHOWN]}"
            raise SourceError(message)
        if answer.data.result_type != "matrix":
            message = f"{self._place} answered with a {answer.data.result_type[:_SHOWN]} where samples were asked for"
            raise SourceError(message)
        series = tuple(_raw(result) for result in answer.data.result)
        return Reading(series, tuple(answer.warnings), sum(len(raw.time) for raw in series))

    @property
    def _place(self) -> str:
        return f"the server at {self._http.base_url.copy_with(userinfo=b'')}"

    def _post(self, path: str, form: Mapping[str, str]) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            with self._http.stream("POST", path, data=dict(form)) as answer:
                for part in answer.iter_bytes():
                    size += len(part)
                    if size > self._max_body_bytes:
                        message = f"{self._place} answered with more than {self._max_body_bytes} bytes"
                        raise SourceError(message)
                    parts.append(part)
                body = b"".join(parts)
                if answer.is_error:
                    raise SourceError(self._refusal(answer.status_code, body))
                return body
        except httpx.HTTPError as error:
            message = f"{self._place} cannot be asked: {str(error) or type(error).__name__}"
            raise SourceError(message) from error

    def _refusal(self, status: int, body: bytes) -> str:
        try:
            reason = _DECODER.decode(body).error
        except msgspec.DecodeError:
            reason = ""
        return f"{self._place} answered {status}{': ' if reason else ''}{reason[:_SHOWN]}"


def _raw(result: _Result) -> RawSeries:
    time = np.array([round(at * _MILLISECONDS) for at, _ in result.values], np.int64)
    return RawSeries(result.metric, time, np.array([float(text) for _, text in result.values], np.float64))
