"""Tells subscribers in this process what each commit added, after it, on the thread that writes."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

import numpy as np

from mockforge_analytics.model.cells import Cells
from mockforge_analytics.model.commit import Committed, GaugeMaxima

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mockforge_analytics.store.committer import Committer
    from mockforge_analytics.store.staged import Staged

__all__ = ["Feed"]

_log = logging.getLogger(__name__)


class Feed:
    """Implements `ports.CommitFeed`. Without subscribers a commit costs a comparison."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: tuple[Callable[[Committed], None], ...] = ()
        self._told: tuple[int, int] | None = None
        self.failures = 0

    def subscribe(self, callback: Callable[[Committed], None]) -> Callable[[], None]:
        """Call `callback` after every commit from now on; see `ports.CommitFeed`."""
        with self._lock:
            self._callbacks = (*self._callbacks, callback)

        def unsubscribe() -> None:
            with self._lock:
                self._callbacks = tuple(known for known in self._callbacks if known is not callback)

        return unsubscribe

    def publish(self, committer: Committer) -> None:
        """Tell what `committer` did since the last call; nothing that goes wrong here reaches the writer."""
        news, committer.news = committer.news, []
        told, self._told = self._told, (committer.commit_number, committer.rewrites)
        callbacks = self._callbacks
        if told is None or told == self._told or not callbacks:
            return
        try:
            committed = _committed(told[0], committer, news, rewritten=told[1] != committer.rewrites)
            for callback in callbacks:
                callback(committed)
        except Exception:  # noqa: BLE001 - who follows the commits must not stop those who write
            self.failures += 1
            _log.exception("a subscriber of commits failed (%d so far)", self.failures)


def _committed(before: int, committer: Committer, news: Sequence[Staged], *, rewritten: bool) -> Committed:
    names = committer.names
    ids = np.unique(np.concatenate([np.zeros(0, np.int64), *(staged.cells.series for staged in news)]))
    cells = tuple(
        Cells(part.bucket, np.searchsorted(ids, part.series), part.measures, part.histograms)
        for part in (staged.cells for staged in news)
        if len(part)
    )
    sampled = [staged.gauges for staged in news if len(staged.gauges)]
    none = np.zeros(0, np.int64)
    series = np.concatenate([none, *(gauges.series for gauges in sampled)])
    gauge_ids, row = np.unique(series, return_inverse=True)
    return Committed(
        before,
        committer.commit_number,
        tuple(map(names.series_name, ids.tolist())),
        cells,
        tuple(map(names.gauge_name, gauge_ids.tolist())),
        GaugeMaxima(
            np.concatenate([none, *(gauges.bucket for gauges in sampled)]),
            row,
            np.concatenate([none, *(gauges.maximum for gauges in sampled)]),
        ),
        rewritten,
    )
