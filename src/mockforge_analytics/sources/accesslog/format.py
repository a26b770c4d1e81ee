"""A log format: how its lines are read and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.json_lines import JsonKeys, read_json, reread_json
from mockforge_analytics.sources.accesslog.normalise import Units
from mockforge_analytics.sources.accesslog.scan import scan
from mockforge_analytics.sources.accesslog.text_lines import reread_text

if TYPE_CHECKING:
    import polars as pl

    from mockforge_analytics.sources.accesslog.layout import Layout
    from mockforge_analytics.sources.accesslog.lines import Int64s, Lines

__all__ = ["LogFormat"]


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format by `name`: the `shape` of its lines and the `units` of its numbers."""

    name: str
    shape: Layout | JsonKeys
    units: Units = field(default_factory=Units)

    @property
    def has_latency(self) -> bool:
        """Whether lines may carry a latency."""
        return self.shape.has(Field.LATENCY)

    @property
    def mismatch(self) -> str:
        """The reason given for a line that cannot be read at all."""
        return "json" if isinstance(self.shape, JsonKeys) else "format"

    @property
    def is_text(self) -> bool:
        """Whether lines are text with escapes of the server's own, not JSON."""
        return not isinstance(self.shape, JsonKeys)

    def read(self, lines: Lines) -> tuple[pl.DataFrame, Int64s]:
        """Return the raw fields of the lines that are well formed, and the indexes of the rest."""
        return read_json(lines, self.shape) if isinstance(self.shape, JsonKeys) else scan(lines, self.shape)

    def reread(self, lines: Lines, indexes: Int64s) -> tuple[pl.DataFrame, list[int]]:
        """Return the raw fields of the lines `indexes` read with patience, and the indexes of those beyond help."""
        if isinstance(self.shape, JsonKeys):
            return reread_json(lines, indexes, self.shape)
        return reread_text(lines, indexes, self.shape)
