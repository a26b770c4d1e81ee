"""Where output goes: a terminal gets colour, rules and bars; a pipe gets words and numbers alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli.plain import visible

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from rich.console import Console

    from mockforge_analytics.cli.grid import Grid

__all__ = ["PROGRAM", "Screen", "complain", "fault", "write_json", "write_text"]

PROGRAM: Final = "mockforge-analytics"


class Screen:
    """Prints on `stream` (default: standard output)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        from rich.console import Console

        self._stream = sys.stdout if stream is None else stream
        self.console: Console = Console(
            file=self._stream, highlight=False, markup=False, emoji=False, soft_wrap=True, legacy_windows=False
        )
        self.pretty: bool = self.console.is_terminal

    @property
    def width(self) -> int:
        """The characters of a line."""
        return self.console.width

    def title(self, name: str, facts: Iterable[str] = ()) -> None:
        """Print the heading of a part, with what it is about."""
        if not self.pretty:
            self._plain(" · ".join([f"# {name}", *facts]))
            return
        from rich.text import Text

        line = Text(visible(name), style="bold")
        for fact in facts:
            line.append(" · ", style="dim").append(visible(fact), style="not bold")
        self.console.print(line)

    def note(self, text: str, style: str = "dim") -> None:
        """Print a remark."""
        if self.pretty:
            self.console.print(visible(text), style=style)
        else:
            self._plain(f"# {text}")

    def warning(self, text: str) -> None:
        """Print what the reader must know to read the figures right."""
        self.note(f"note: {text}", style="yellow")

    def line(self, text: str = "") -> None:
        """Print a line as it is."""
        if self.pretty:
            self.console.print(visible(text))
        else:
            self._plain(text)

    def styled(self, mark: str, style: str, text: str) -> None:
        """Print a line that begins with a mark of its own style."""
        if not self.pretty:
            self._plain(f"{mark} {text}")
            return
        from rich.text import Text

        self.console.print(Text(visible(mark), style=style).append(f" {visible(text)}", style="not bold default"))

    def grid(self, grid: Grid) -> None:
        """Print a table, and which columns the terminal was too narrow for."""
        if not self.pretty:
            for text in grid.plain_lines():
                self._plain(text)
            return
        for line in grid.lines(self.width):
            self.console.print(line)
        if grid.left_out:
            self.note(f"left out for want of room: {', '.join(grid.left_out)}; a wider terminal shows them")

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names with what they stand for, one below the other."""
        known = list(pairs)
        widest = max((len(name) for name, _ in known), default=0)
        for name, text in known:
            if self.pretty:
                from rich.text import Text

                self.console.print(Text(f"{name:{widest}}  ", style="dim").append(visible(text), style="not dim"))
            else:
                self._plain(f"{name:{widest}}  {text}")

    def _plain(self, text: str) -> None:
        self._stream.write(visible(text) + "\n")


def write_text(chunks: Iterable[str]) -> None:
    """Write `chunks` to standard output as they are, in UTF-8 whatever the locale says."""
    sys.stdout.flush()
    for chunk in chunks:
        sys.stdout.buffer.write(chunk.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def write_json(document: object) -> None:
    """Write a document of plain values to standard output as JSON, indented by two; paths become text."""
    import msgspec

    write_text([msgspec.json.format(msgspec.json.encode(document, enc_hook=str), indent=2).decode() + "\n"])


def complain(text: str) -> None:
    """Print one line on standard error, where there is one."""
    if sys.stderr is not None:
        sys.stderr.write(visible(text) + "\n")


def fault(sentence: str) -> None:
    """Print what went wrong on standard error, after the name of the program."""
    complain(f"{PROGRAM}: {sentence}")
