"""What a client of delta frames holds, written from the documentation alone, and what it should hold by brute force."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.model.window import MICROSECONDS
from tests.fakes.memory import matches

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.query.spec import Filters
    from tests.traffic import Row

__all__ = ["Listener", "expected_lines"]

_SHOWN: Final = 8
_LATENCIES: Final = ("p50", "p95", "p99", "avg", "min", "max", "latency_count", "request_count")


class Listener:
    """Applies frames as `docs/stream.md` says."""

    def __init__(self) -> None:
        self.commit = -1
        self.window = (0, 0)
        self.width = 0
        self.granularity = ""
        self.overview: dict[str, Any] = {}
        self.lines: dict[str, dict[int, tuple[int, int]]] = {}
        self.latency: dict[int, dict[str, Any]] = {}
        self.kinds: Counter[str] = Counter()

    def take(self, frame: str | dict[str, Any]) -> None:
        """Apply one frame; an assertion fails where it does not fit to those before."""
        told = json.loads(frame) if isinstance(frame, str) else frame
        self.kinds[told["type"]] += 1
        if told["type"] == "snapshot":
            self._replace(told)
        elif told["type"] == "delta":
            assert told["from_commit"] == self.commit, "a frame is missing"
            self.commit = told["commit"]
        else:
            assert told["type"] == "tick", told
            assert told["commit"] == self.commit
        self._move(told)
        if told["type"] == "delta":
            self._add(told)
        self.overview = told["overview"]

    def _replace(self, told: dict[str, Any]) -> None:
        self.commit, self.width, self.granularity = told["commit"], told["bucket_seconds"], told["granularity"]
        self.lines = {
            line["label"]: {point["timestamp"]: (point["value"], point["error_count"]) for point in line["data"]}
            for line in told["series"]
        }
        for line in told["series"]:
            assert line["total"] == sum(point["value"] for point in line["data"])
        self.latency = {item["timestamp"]: item for item in told["latency"]}

    def _move(self, told: dict[str, Any]) -> None:
        self.window = start, end = told["start_time"], told["end_time"]
        buckets = range(start // self.width * self.width, end, self.width)
        self.lines = {
            label: {bucket: points.get(bucket, (0, 0)) for bucket in buckets} for label, points in self.lines.items()
        }
        nothing = dict.fromkeys(_LATENCIES, 0)
        self.latency = {bucket: self.latency.get(bucket, {"timestamp": bucket, **nothing}) for bucket in buckets}

    def _add(self, told: dict[str, Any]) -> None:
        for line in told["series"]:
            points = self.lines[line["label"]]
            for point in line["data"]:
                value, errors = points[point["timestamp"]]
                points[point["timestamp"]] = (value + point["value"], errors + point["error_count"])
        for item in told["latency"]:
            assert item["timestamp"] in self.latency
            self.latency[item["timestamp"]] = item


def _label(entry: Row, group_by: str) -> tuple[Any, str]:
    if group_by == "none":
        return "", "(all)"
    if group_by == "status_class":
        key = entry["status_code"] // 100
        return key, f"{key}xx" if key else "(none)"
    key = entry[group_by]
    return key, str(key) if key else "(none)"


def expected_lines(
    rows: Iterable[Row], window: tuple[int, int], width: int, group_by: str, filters: Filters
) -> dict[str, dict[int, tuple[int, int]]]:
    """Return by label and bucket the requests and errors of `rows` in `window`; past eight lines the rest is one."""
    start, end = window
    inside = [
        entry
        for entry in rows
        if start * MICROSECONDS <= entry["timestamp"] < end * MICROSECONDS and matches(entry, filters)
    ]
    totals = Counter(_label(entry, group_by) for entry in inside)
    ranked = sorted(totals, key=lambda pair: (-totals[pair], pair[0]))
    shown = {pair[1] for pair in ranked[:_SHOWN]}
    labels = [pair[1] for pair in ranked[:_SHOWN]] + ["(other)"] * (len(ranked) > _SHOWN)
    if group_by == "none":
        labels = ["(all)"]
    buckets = range(start // width * width, end, width)
    lines = {label: dict.fromkeys(buckets, (0, 0)) for label in labels}
    for entry in inside:
        label = _label(entry, group_by)[1]
        points = lines[label if label in shown else "(other)"]
        bucket = entry["timestamp"] // MICROSECONDS // width * width
        requests, errors = points[bucket]
        points[bucket] = (requests + 1, errors + bool(entry["error_type"]))
    return lines
