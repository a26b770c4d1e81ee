"""How far an import is: a moving bar on a terminal, a line now and then elsewhere, always on standard error."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.cli.grid import shortened
from mockforge_analytics.cli.plain import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.runtime.imports import ImportProgress

__all__ = ["ImportDisplay", "counter", "steps"]

_LINE_SECONDS: Final = 10.0  # between two lines where there is no terminal
_WHOLE: Final = 100.0
_NAME: Final = 30  # characters of a file's name


class ImportDisplay:
    """Shows the progress of imports, one after the other; give `show` to `import_log`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bar: Any = None
        self._task: Any = None
        self._started = self._said = clock.monotonic()

    def begin(self, name: str) -> Callable[[ImportProgress], None]:
        """Return what to call with the progress of the import of `name`."""
        self._started = self._said = self._clock.monotonic()
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(shortened(visible(Path(name).name), _NAME), total=None, lines="", rate="")
        return self._show

    def _show(self, progress: ImportProgress) -> None:
        now = self._clock.monotonic()
        rate = f"{progress.lines / max(now - self._started, 1e-9):,.0f} lines/s"
        lines = f"{progress.lines:,} lines"
        if self._bar is not None:
            self._bar.update(
                self._task, completed=progress.bytes_read, total=progress.total_bytes, lines=lines, rate=rate
            )
        elif now - self._said >= _LINE_SECONDS:
            self._said = now
            part = f"{_WHOLE * progress.bytes_read / progress.total_bytes:.0f} %, " if progress.total_bytes else ""
            sys.stderr.write(f"{visible(progress.name)}: {part}{lines}, {rate}\n")

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._bar = _bar()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.table import Column

    return Progress(
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        BarColumn(bar_width=20),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]}", markup=False, table_column=Column(no_wrap=True)),
        TextColumn("{task.fields[rate]}", markup=False, table_column=Column(no_wrap=True)),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


@contextmanager
def steps(name: str) -> Iterator[Callable[[int, int], None]]:
    """Give a function to call with what is done and what there is in all; it shows on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(visible(name), total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def counter(name: str) -> Iterator[Callable[[str, int], None]]:
    """Give a function to call with a table and the rows gone from it so far; it shows on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda _table, _rows: None
        return
    from rich.console import Console

    with Console(stderr=True).status(name) as status:
        yield lambda table, rows: status.update(f"{name}: {rows:,} rows of {table} deleted")
