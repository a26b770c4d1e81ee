"""Reading ahead in a thread, so that reading and unpacking a log overlap with decoding it."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

__all__ = ["prefetch"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Item(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None = None


def prefetch(items: Iterator[T], depth: int = 1) -> Generator[T, None, None]:
    """Yield `items` in order while a thread fetches up to `depth` of them ahead; an error of theirs comes in its place.

    Closing the iterator stops the thread after the item it is fetching.
    """
    ready: queue.Queue[_Item[T] | _End] = queue.Queue(maxsize=depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_fetch, args=(items, ready, stopped), name="log-reader", daemon=True)
    thread.start()
    try:
        while isinstance(item := ready.get(), _Item):
            yield item.value
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        while thread.is_alive():
            _drain(ready)
            thread.join(0.01)


def _fetch(items: Iterator[T], ready: queue.Queue[_Item[T] | _End], stopped: threading.Event) -> None:
    end = _End()
    try:
        for item in items:
            if stopped.is_set():
                return
            ready.put(_Item(item))
    except BaseException as error:  # noqa: BLE001 - carried over to the thread that asked
        end = _End(error)
    ready.put(end)


def _drain(ready: queue.Queue[_Item[T] | _End]) -> None:
    while True:
        try:
            ready.get_nowait()
        except queue.Empty:
            return
