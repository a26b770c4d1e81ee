"""What a benchmark comes to: figures with targets, tables, and how they were measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Figure", "Section", "Table", "figures_table", "number"]

_EXACT_BELOW: Final = 100.0


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; with `target` it is met by a value `at_least` or at most as large."""

    what: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met, None where there is none."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a caption."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark as it is reported: `method` says what was measured, and how."""

    title: str
    method: str
    figures: Sequence[Figure] = ()
    tables: Sequence[Table] = ()

    def markdown(self) -> str:
        """Return the section as Markdown, without a trailing line break."""
        parts = [f"## {self.title}", self.method]
        if self.figures:
            parts.append(_markdown_table(figures_table(self.figures)))
        parts += [_markdown_table(table) for table in self.tables]
        return "\n\n".join(parts)


def number(value: float) -> str:
    """Return `value` with three significant figures, as plain digits."""
    if value == 0 or abs(value) >= _EXACT_BELOW:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.6f}".rstrip("0")


def figures_table(figures: Iterable[Figure]) -> Table:
    """Return figures as a table: what, value, target and whether it is met."""
    rows = []
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        target = "" if figure.target is None else f"{sign} {number(figure.target)} {figure.unit}".rstrip()
        met = {None: "", True: "yes", False: "**no**"}[figure.is_met]
        rows.append((figure.what, f"{number(figure.value)} {figure.unit}".rstrip(), target, met))
    return Table("", ("what", "measured", "target", "met"), rows)


def _markdown_table(table: Table) -> str:
    lines = [f"{table.caption}\n"] if table.caption else []
    cells = [table.columns, ["---"] * len(table.columns), *table.rows]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells)])
