"""Where a source stands, as text that is stored with what it has counted."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import zstandard

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.prometheus.buckets import Layout
from mockforge_analytics.sources.prometheus.counters import Marks
from mockforge_analytics.sources.prometheus.counting import Counting, Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.sources.prometheus.mapping import Rule

__all__ = ["load_state", "save_state"]

_VERSION: Final = 1
_MAX_BYTES: Final = 512 * 1024 * 1024


def save_state(counting: Counting, rules: Sequence[Rule]) -> str:
    """Return `counting` as a JSON object with its time in the open and the marks packed (msgpack, zstd, base64)."""
    memories = [
        {
            "metric": rules[memory.rule].metric,
            "kind": rules[memory.rule].kind.value,
            "bounds": None if memory.layout is None else memory.layout.bounds,
            "keys": list(memory.numbers),
            "time": memory.marks.time.tobytes(),
            "value": memory.marks.value.tobytes(),
        }
        for memory in counting.memories
    ]
    packed = msgspec.msgpack.encode({"memories": memories, "targets": list(counting.targets.items())})
    marks = base64.b64encode(zstandard.compress(packed)).decode()
    return json.dumps({"version": _VERSION, "until": counting.until, "marks": marks})


def load_state(text: str, rules: Sequence[Rule]) -> Counting:
    """Return what `save_state` wrote; memories of rules that `rules` no longer has are left out.

    Raises:
        SourceError: the text is something else.
    """
    try:
        outer = json.loads(text)
        if outer["version"] != _VERSION:
            message = f"the state of a Prometheus source has version {outer['version']}, this program knows {_VERSION}"
            raise SourceError(message)
        packed = zstandard.decompress(base64.b64decode(outer["marks"]), max_output_size=_MAX_BYTES)
        inner = msgspec.msgpack.decode(packed)
        places = {(rule.metric, rule.kind.value): number for number, rule in enumerate(rules)}
        memories = tuple(
            _memory(entry, places[entry["metric"], entry["kind"]])
            for entry in inner["memories"]
            if (entry["metric"], entry["kind"]) in places
        )
        targets = {tuple(target): int(seen) for target, seen in inner["targets"]}
        return Counting(int(outer["until"]), memories, targets)
    except (ValueError, KeyError, TypeError, zstandard.ZstdError, msgspec.DecodeError) as error:
        message = f"the stored state of a Prometheus source cannot be read: {error}"
        raise SourceError(message) from error


def _memory(entry: dict[str, Any], rule: int) -> Memory:
    time = np.frombuffer(entry["time"], np.int64)
    value = np.frombuffer(entry["value"], np.int64)
    keys = [tuple(tuple(pair) for pair in key) for key in entry["keys"]]
    bounds = entry["bounds"]
    return Memory(
        rule,
        None if bounds is None else Layout(tuple(bounds)),
        {key: number for number, key in enumerate(keys)},
        Marks(time, value.reshape(len(time), -1) if len(time) else value.reshape(0, 1)),
    )
