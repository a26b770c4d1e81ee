"""The protobuf exposition, in which alone Prometheus takes native histograms.

Messages of https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto, each behind its
length. They are only written here, five kinds of fields in all, so this is less than a library and its generated code.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from prometheus_client.core import Metric
    from prometheus_client.samples import NativeHistogram, Sample

__all__ = ["CONTENT_TYPE", "encode_protobuf", "takes_protobuf"]

_MEDIA: Final = "application/vnd.google.protobuf"
_MESSAGE: Final = "io.prometheus.client.MetricFamily"
CONTENT_TYPE: Final = f"{_MEDIA}; proto={_MESSAGE}; encoding=delimited"
_OTHERS: Final = ("application/openmetrics-text", "text/plain", "text/*", "*/*")
_COUNTER, _GAUGE, _HISTOGRAM = 0, 1, 4  # MetricType
_TYPES: Final = {"counter": _COUNTER, "gauge": _GAUGE, "info": _GAUGE, "histogram": _HISTOGRAM}
_SUFFIXES: Final = {"counter": "_total", "info": "_info"}
_NANOSECONDS: Final = 1_000_000_000
_LE: Final = "le"
_SEVEN_BITS: Final = 0x7F


def takes_protobuf(accept: str) -> bool:
    """Return whether the header `accept` prefers the protobuf exposition to the others.

    A server asks for it where native histograms are switched on.
    """
    preference: dict[str, float] = {}
    for part in accept.split(","):
        media, *given = (piece.strip() for piece in part.split(";"))
        parameters = dict(piece.split("=", 1) for piece in given if "=" in piece)
        fits = parameters.get("proto") == _MESSAGE and parameters.get("encoding") == "delimited"
        if media in _OTHERS or (media == _MEDIA and fits):
            preference[media] = max(preference.get(media, 0.0), _weight(parameters.get("q", "1")))
    mine = preference.pop(_MEDIA, 0.0)
    return mine > 0 and mine >= max(preference.values(), default=0.0)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def encode_protobuf(families: Iterable[Metric]) -> bytes:
    """Return counters, gauges, information and histograms, classic and native together where both are known."""
    return b"".join(_nested(None, _family(family)) for family in families if family.samples)


def _family(family: Metric) -> bytes:
    name = family.name + _SUFFIXES.get(family.type, "")
    return b"".join(
        (
            _text(1, name),
            _text(2, family.documentation),
            _number(3, _TYPES[family.type]),
            *(_nested(4, _metric(family, one)) for one in _metrics(family.samples)),
        )
    )


@dataclass(slots=True)
class _One:
    """The samples of one metric by what follows the name of the family."""

    labels: Mapping[str, str]
    values: dict[str, float] = field(default_factory=dict)
    buckets: list[tuple[float, float]] = field(default_factory=list)
    native: NativeHistogram | None = None


def _metrics(samples: Iterable[Sample]) -> Iterable[_One]:
    found: dict[tuple[tuple[str, str], ...], _One] = {}
    for sample in samples:
        labels = {name: value for name, value in sample.labels.items() if name != _LE}
        one = found.setdefault(tuple(labels.items()), _One(labels))
        if sample.native_histogram is not None:
            one.native = sample.native_histogram
        elif _LE in sample.labels:
            one.buckets.append((float(sample.labels[_LE]), sample.value))
        else:
            one.values[sample.name.rpartition("_")[2]] = sample.value
    return found.values()


def _metric(family: Metric, one: _One) -> bytes:
    labels = b"".join(_nested(1, _text(1, name) + _text(2, value)) for name, value in one.labels.items())
    if family.type == "histogram":
        return labels + _nested(7, _histogram(one))
    if family.type == "counter":
        return labels + _nested(3, _double(1, one.values["total"]) + _created(3, one))
    return labels + _nested(2, _double(1, next(iter(one.values.values()))))


def _histogram(one: _One) -> bytes:
    parts = [_number(1, int(one.values["count"])), _double(2, one.values["sum"])]
    parts += [_nested(3, _number(1, int(count)) + _double(2, bound)) for bound, count in one.buckets]
    if (native := one.native) is not None:
        parts += [_signed(5, native.schema), _double(6, native.zero_threshold), _number(7, int(native.zero_count))]
        parts += [_nested(12, _signed(1, span.offset) + _number(2, span.length)) for span in native.pos_spans or ()]
        parts += [_signed(13, delta) for delta in native.pos_deltas or ()]
    return b"".join((*parts, _created(15, one)))


def _created(number: int, one: _One) -> bytes:
    if (seconds := one.values.get("created")) is None:
        return b""
    whole, part = divmod(round(seconds * _NANOSECONDS), _NANOSECONDS)
    return _nested(number, _number(1, whole) + _number(2, part))


def _varint(value: int) -> bytes:
    """Return a number of at least 0, seven bits a byte, the lowest first."""
    found = bytearray()
    while value > _SEVEN_BITS:
        found.append(value & _SEVEN_BITS | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _signed(number: int, value: int) -> bytes:
    """Return an ``sint`` field: numbers near 0 are short, whatever their sign."""
    return _number(number, value << 1 if value >= 0 else (-value << 1) - 1)


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | 1) + struct.pack("<d", value)


def _text(number: int, value: str) -> bytes:
    return _nested(number, value.encode())


def _nested(number: int | None, content: bytes) -> bytes:
    """Return a field with `content` and its length; just both without a `number`."""
    return (b"" if number is None else _varint(number << 3 | 2)) + _varint(len(content)) + content
