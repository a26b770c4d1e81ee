"""Where a source stands, as text that is stored with what it has counted."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any, Final

import msgspec
import numpy as np
import zstandard

from mockforge_analytics.errors import SourceError
from mockforge_analytics.model.status import Tally
from mockforge_analytics.sources.prometheus.buckets import Layout
from mockforge_analytics.sources.prometheus.counters import Marks
from mockforge_analytics.sources.prometheus.counting import Counting
from mockforge_analytics.sources.prometheus.memory import Memory

__all__ = ["load_state", "save_state", "without_marks"]

_VERSION: Final = 1
_MAX_BYTES: Final = 512 * 1024 * 1024


def save_state(counting: Counting, tally: Tally) -> str:
    """Return a JSON object with the time and the tally in the open and the marks packed (msgpack, zstd, base64)."""
    memories = [
        {
            "rule": memory.rule,
            "bounds": None if memory.layout is None else memory.layout.bounds,
            "starts": None if memory.layout is None else memory.layout.starts,
            "keys": list(memory.numbers),
            "time": memory.marks.time.tobytes(),
            "value": memory.marks.value.tobytes(),
            "counters": memory.marks.value.shape[1],
        }
        for memory in counting.memories
    ]
    inner = {"memories": memories, "targets": list(counting.targets.items()), "rules": sorted(counting.rules)}
    marks = base64.b64encode(zstandard.compress(msgspec.msgpack.encode(inner))).decode()
    return json.dumps({"version": _VERSION, "until": counting.until, "tally": asdict(tally), "marks": marks})


def load_state(text: str) -> tuple[Counting, Tally]:
    """Return what `save_state` wrote.

    Raises:
        SourceError: the text is something else.
    """
    try:
        outer = json.loads(text)
        version = outer["version"]
        if version == _VERSION:
            packed = zstandard.decompress(base64.b64decode(outer["marks"]), max_output_size=_MAX_BYTES)
            inner = msgspec.msgpack.decode(packed)
            memories = tuple(map(_memory, inner["memories"]))
            targets = {tuple(target): int(seen) for target, seen in inner["targets"]}
            return Counting(int(outer["until"]), memories, targets, frozenset(inner["rules"])), Tally(**outer["tally"])
    except (ValueError, KeyError, TypeError, zstandard.ZstdError, msgspec.DecodeError) as error:
        message = f"the stored state of a Prometheus source cannot be read: {error}"
        raise SourceError(message) from error
    message = f"the stored state of a Prometheus source has version {version}, this program knows {_VERSION}"
    raise SourceError(message)


def without_marks(text: str) -> dict[str, Any] | None:
    """Return what `save_state` wrote in the open: version, ``until`` in milliseconds, tally; None of any other text."""
    try:
        outer = json.loads(text)
    except ValueError:
        return None
    if not isinstance(outer, dict) or "tally" not in outer or "marks" not in outer:
        return None
    return {name: value for name, value in outer.items() if name != "marks"}


def _memory(entry: dict[str, Any]) -> Memory:
    bounds, starts, counters = entry["bounds"], entry["starts"], entry["counters"]
    keys = [tuple(tuple(pair) for pair in key) for key in entry["keys"]]
    time = np.frombuffer(entry["time"], np.int64)
    return Memory(
        entry["rule"],
        None if bounds is None else Layout(tuple(bounds), None if starts is None else tuple(starts)),
        {key: number for number, key in enumerate(keys)},
        Marks(time, np.frombuffer(entry["value"], np.int64).reshape(len(time), counters)),
    )
