"""Finding out the format of a log by reading ahead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.errors import FormatError
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.layout import Layout
from mockforge_analytics.sources.accesslog.presets import PRESET_NAMES, parse_format
from mockforge_analytics.sources.accesslog.text import printable
from mockforge_analytics.sources.accesslog.text_lines import parser_for
from mockforge_analytics.sources.accesslog.tolerant import Fit, Parsed

if TYPE_CHECKING:
    from mockforge_analytics.sources.accesslog.format import LogFormat

__all__ = ["SAMPLE_BYTES", "Detection", "confirm", "detect"]

SAMPLE_BYTES: Final = 4 * 1024 * 1024
_MAX_SAMPLE_LINES: Final = 1_000
_MIN_CONFIDENCE: Final = 0.1
_MAX_SHOWN_CHARS: Final = 80

_JSON_FORMATS: Final = ("traefik_json", "caddy_json", "nginx_json")
# A latency is read in seconds here; its unit is decided afterwards.
_TEXT_FORMATS: Final = (
    "common",
    "combined",
    "vhost_common",
    "vhost_combined",
    "common_time_s",
    "combined_time_s",
    "nginx_main",
    "traefik_clf",
)
_SCORE: Final = {Fit.EXACT: 1.0, Fit.TRAILING: 0.5, Fit.GUESSED: 0.3, Fit.BROKEN_OFF: 0.1}

# No web server answers in less than 20 microseconds, so integers as small as that are milliseconds; one line in
# twenty keeps a single odd value from deciding.
_FASTEST_US: Final = 20
_LOW_QUANTILE: Final = 0.05


@dataclass(frozen=True, slots=True)
class Detection:
    """What a sample looks like.

    Attributes:
        log_format: the format found.
        lines: how many lines were looked at, blank ones aside.
        matched: how many of them are requests in this format.
        note: what was assumed and how to say otherwise, or "".
    """

    log_format: LogFormat
    lines: int
    matched: int
    note: str

    @property
    def confidence(self) -> float:
        """The share of the lines looked at that are requests, 0 to 1."""
        return self.matched / self.lines


def detect(sample: bytes) -> Detection:
    """Return the format of the log that `sample`, whole lines or nearly so, was taken from.

    Up to 1,000 lines spread over the sample are looked at, so dirt in front does no harm.

    Raises:
        FormatError: fewer than a tenth of the lines are requests in any known format.
    """
    lines = _sample_lines(sample)
    candidates = [_best_text(lines)]
    if any(line.startswith(b"{") for line in lines):
        candidates += [(parse_format(name), "") for name in _JSON_FORMATS]
    chunk = b"\n".join(lines)
    best = max((_detection(log_format, note, lines, chunk) for log_format, note in candidates), key=_rank, default=None)
    if best is None or not lines or best[0].confidence < _MIN_CONFIDENCE or not best[0].matched:
        shown = printable(lines[0], _MAX_SHOWN_CHARS) if lines else ""
        raise FormatError(
            f"Unknown log format: none of the known formats fits the {len(lines)} lines looked at, such as {shown!r}; "
            f"name one of {', '.join(PRESET_NAMES)} or give the log_format (nginx) or LogFormat (Apache) string with "
            "--format."
        )
    return best[0]


def confirm(sample: bytes, log_format: LogFormat) -> None:
    """Return if at least one line of `sample` is a request in `log_format`, or there is no line at all.

    Raises:
        FormatError: none is, so the log would be read to its end for nothing, and taken for imported.
    """
    lines = _sample_lines(sample)
    if lines and decode(b"\n".join(lines), log_format).frame.is_empty():
        raise FormatError(
            f"None of the {len(lines)} lines looked at is in the format {log_format.name}, such as "
            f"{printable(lines[0], _MAX_SHOWN_CHARS)!r}; correct --format, or leave it out to have the format found."
        )


def _rank(candidate: tuple[Detection, int]) -> tuple[int, int]:
    detection, known_values = candidate
    return detection.matched, known_values


def _detection(log_format: LogFormat, note: str, lines: list[bytes], chunk: bytes) -> tuple[Detection, int]:
    frame = decode(chunk, log_format).frame
    unknown = frame.select("path", "status_code", "client_ip", "latency").null_count().sum_horizontal().item()
    return Detection(log_format, len(lines), frame.height, note), -unknown


def _sample_lines(sample: bytes) -> list[bytes]:
    # A full sample ends somewhere in a line; a short one is the whole log.
    whole = sample[: sample.rfind(b"\n") + 1] if len(sample) >= SAMPLE_BYTES else sample
    lines = [line for line in whole.split(b"\n") if line.strip(b"\0 \t\r")]
    step = max(1, -(-len(lines) // _MAX_SAMPLE_LINES))
    return lines[::step]


def _best_text(lines: list[bytes]) -> tuple[LogFormat, str]:
    """Return the text format that reads most of the most lines, and what was assumed."""
    best, best_score, best_parsed = _TEXT_FORMATS[0], 0.0, list[Parsed]()
    for name in _TEXT_FORMATS:
        layout = _layout(name)
        parsed = [found for line in lines if (found := parser_for(layout).parse(line))]
        # Of two formats that fit alike the one with more fields says more.
        score = sum(_SCORE[fit] for _, fit in parsed) + len(layout.fields) / _MAX_SAMPLE_LINES
        if parsed and score > best_score:
            best, best_score, best_parsed = name, score, parsed
    if best.endswith("_time_s"):
        return _with_unit(best, [fields[Field.LATENCY] for fields, fit in best_parsed if fit is not Fit.BROKEN_OFF])
    trailing = sum(fit is Fit.TRAILING for _, fit in best_parsed)
    ignored = "text after the last known field is read over; give --format to use it"
    return parse_format(best), ignored if 2 * trailing > len(best_parsed) else ""


def _layout(name: str) -> Layout:
    shape = parse_format(name).shape
    assert isinstance(shape, Layout)
    return shape


def _with_unit(name: str, latencies: list[bytes]) -> tuple[LogFormat, str]:
    """Return the variant of `name` with the unit of `latencies`, and the note that says so."""
    numbers = [value for value in latencies if value.strip(b"-")]
    stem = name.removesuffix("s")
    if not numbers or any(b"." in value for value in numbers):
        return parse_format(name), "the number at the end of a line is read as seconds"
    low = np.quantile(np.array([int(value) for value in numbers if value.isdigit()] or [0]), _LOW_QUANTILE)
    unit, word = ("ms", "milliseconds") if low < _FASTEST_US else ("us", "microseconds")
    other = "us" if unit == "ms" else "ms"
    return parse_format(stem + unit), (
        f"the whole number at the end of a line is read as {word}; if that is wrong, use --format {stem}{other} "
        f"or {stem}s"
    )
