"""Tables that fit the terminal: columns of lesser rank give way, long texts are shortened in the middle."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli.figures import UNKNOWN
from mockforge_analytics.cli.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.text import Text

__all__ = ["Cell", "Column", "Grid", "shortened"]

_GAP: Final = 2
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table shows in one place: `text` on a terminal, `raw` where a program reads along."""

    text: str
    raw: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: its heading, unique in the table.
        unit: shown under the title.
        raw_unit: the unit for programs, where it differs, such as bytes.
        left: whether cells are aligned to the left, as texts are.
        rank: columns of the highest rank are left out first where the terminal is narrow; 0 always stays.
        least: characters that a text keeps where it is shortened; 0 where cells stay whole.
        picture: whether it only draws what another column says; left out where a program reads along.
    """

    title: str
    unit: str = ""
    raw_unit: str = ""
    left: bool = False
    rank: int = 0
    least: int = 0
    picture: bool = False


@dataclass(slots=True)
class Grid:
    """A table with its rows; cells are laid out by `lines` and `plain_lines`."""

    columns: Sequence[Column]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    _remarks: dict[int, str] = field(default_factory=dict)
    _left_out: tuple[str, ...] = ()

    def add(self, cells: Iterable[Cell]) -> None:
        """Append a row of one cell a column."""
        row = tuple(cells)
        if len(row) != len(self.columns):
            message = f"a row of {len(row)} cells does not fit {len(self.columns)} columns"
            raise ValueError(message)
        self.rows.append(row)

    def remark(self, text: str) -> None:
        """Write `text` across the table after the rows so far; programs do not see it."""
        self._remarks[len(self.rows)] = text

    @property
    def left_out(self) -> tuple[str, ...]:
        """The titles of the columns that the last `lines` had no room for."""
        return self._left_out

    def plain_lines(self) -> list[str]:
        """Return heading and rows for programs: aligned, one word a heading and a value, nothing left out."""
        kept = [number for number, column in enumerate(self.columns) if not column.picture]
        titles = [
            _word(" ".join(filter(None, (column.title, column.raw_unit or column.unit)))) for column in self.columns
        ]
        table = [[titles[number] for number in kept]]
        table += [[_raw(row[number]) for number in kept] for row in self.rows]
        widths = [max(len(row[place]) for row in table) for place in range(len(kept))]
        return [
            "  ".join(
                text.ljust(widths[place]) if self.columns[kept[place]].left else text.rjust(widths[place])
                for place, text in enumerate(row)
            ).rstrip()
            for row in table
        ]

    def lines(self, width: int) -> list[Text]:
        """Return heading and rows for a terminal of `width` characters."""
        from rich.text import Text

        shown, widths = self._fit(width)
        titles = [Cell(self.columns[number].title, style="bold") for number in shown]
        units = [Cell(self.columns[number].unit, style="dim") for number in shown]
        found = [self._line(titles, shown, widths)]
        if any(unit.text for unit in units):
            found.append(self._line(units, shown, widths))
        found.append(Text("─" * (sum(widths) + _GAP * (len(widths) - 1)), style="dim"))
        for place, row in enumerate(self.rows):
            if place in self._remarks:
                found.append(Text(self._remarks[place], style="dim"))
            found.append(self._line([row[number] for number in shown], shown, widths))
        if len(self.rows) in self._remarks:
            found.append(Text(self._remarks[len(self.rows)], style="dim"))
        return found

    def _fit(self, width: int) -> tuple[list[int], list[int]]:
        """Return the columns that are shown, and their widths."""
        natural = [self._natural(number) for number in range(len(self.columns))]
        shown = [number for number in range(len(self.columns)) if not self._says_nothing(number)]
        while _total([self._least(number, natural) for number in shown]) > width:
            rank = max(self.columns[number].rank for number in shown)
            if rank == 0:
                break
            last = max(number for number in shown if self.columns[number].rank == rank)
            shown.remove(last)
        self._left_out = tuple(
            column.title
            for number, column in enumerate(self.columns)
            if number not in shown and not column.picture and not self._says_nothing(number)
        )
        widths = [natural[number] for number in shown]
        for place in sorted(range(len(shown)), key=lambda place: -widths[place]):
            if least := self.columns[shown[place]].least:
                excess = max(_total(widths) - width, 0)
                widths[place] = max(widths[place] - excess, min(widths[place], least))
        return shown, widths

    def _natural(self, number: int) -> int:
        from rich.cells import cell_len

        column = self.columns[number]
        texts = [column.title, column.unit, *(visible(row[number].text) for row in self.rows)]
        return max(map(cell_len, texts))

    def _least(self, number: int, natural: list[int]) -> int:
        return min(natural[number], self.columns[number].least or natural[number])

    def _says_nothing(self, number: int) -> bool:
        """Return whether a column that may be left out is unknown in every row."""
        return self.columns[number].rank > 0 and all(row[number].text == UNKNOWN for row in self.rows)

    def _line(self, cells: Sequence[Cell], shown: list[int], widths: list[int]) -> Text:
        from rich.cells import cell_len
        from rich.text import Text

        line = Text(no_wrap=True, overflow="ignore")
        for place, cell in enumerate(cells):
            text = shortened(visible(cell.text), widths[place])
            blanks = " " * (widths[place] - cell_len(text))
            left = self.columns[shown[place]].left
            line.append(" " * _GAP if place else "")
            line.append("" if left else blanks)
            line.append(text, style=cell.style or None)
            line.append(blanks if left else "")
        line.rstrip()
        return line


def shortened(text: str, width: int) -> str:
    """Return `text` in at most `width` cells of a terminal, its middle left out where it is longer."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return text
    room = width - 1
    front = set_cell_size(text, room - room // 2).rstrip()
    back = text[-room:]
    while cell_len(back) > room // 2:
        back = back[1:]
    return front + _ELLIPSIS + back


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * max(len(widths) - 1, 0)


def _raw(cell: Cell) -> str:
    return visible(cell.raw or cell.text) or UNKNOWN


def _word(title: str) -> str:
    return title.replace(" ", "_")
