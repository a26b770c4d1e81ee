"""What every benchmark is given: where its data lies, how much of it to make, and where to say how far it is."""

from __future__ import annotations

from collections.abc import Sized
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.progress import Progress

__all__ = ["Context"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Context:
    """`data` holds what later runs use again; with `quick` everything is small and only shows that it works."""

    data: Path
    quick: bool
    progress: Progress

    def sized(self, full: int, quick: int) -> int:
        """Return the number that this run uses."""
        return quick if self.quick else full

    def each(self, items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
        """Yield `items` with a progress bar."""
        if total is None and isinstance(items, Sized):
            total = len(items)
        task = self.progress.add_task(what, total=total)
        try:
            for item in items:
                yield item
                self.progress.advance(task)
        finally:
            self.progress.remove_task(task)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give a folder that is deleted afterwards, on the same disk as `data`."""
        with TemporaryDirectory(prefix="scratch-", dir=self.data) as name:
            yield Path(name)
