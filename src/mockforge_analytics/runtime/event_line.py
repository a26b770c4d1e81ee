"""Questions to a process that reads bodies, and its answers.

Bodies that wait are asked about together, as much of reading takes the same for few events as for many: the more come
in, the less each takes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.model.events import EventBody, EventReceipt
from mockforge_analytics.runtime.child import ChildLostError

if TYPE_CHECKING:
    from mockforge_analytics.clock import Clock
    from mockforge_analytics.errors import AnalyticsError
    from mockforge_analytics.runtime.child import Child
    from mockforge_analytics.runtime.event_queue import EventQueue, Offered
    from mockforge_analytics.runtime.event_reading import EventsRead, ReadRequest

__all__ = ["EventLine", "Receiver", "Requester"]

Requester = Callable[[tuple[EventBody, ...]], "ReadRequest"]
Receiver = Callable[["ReadRequest", "EventsRead"], Sequence["EventReceipt | AnalyticsError"]]

_MOST_ASKED: Final = 2  # one that is read, and one on its way: what else waits may become one question


class EventLine:
    """The only one who talks to `child`. `serve` is for one thread, the rest for any.

    `requester` makes a question of bodies, `receiver` gets it with the answer and returns what the senders are told.
    """

    def __init__(
        self, child: Child, queue: EventQueue[EventLine], clock: Clock, requester: Requester, receiver: Receiver
    ) -> None:
        self._child = child
        self._queue = queue
        self._clock = clock
        self._requester = requester
        self._receiver = receiver
        self._asked: deque[tuple[ReadRequest, list[Offered]]] = deque()
        self._is_closing = False
        self._loss: ChildLostError | None = None
        self._reads_since = 0.0
        self._hearer = threading.Thread(target=self._hear, name="analytics-events-read", daemon=True)
        self.busy_seconds = 0.0

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    @property
    def under_way(self) -> int:
        """The number of questions without an answer."""
        return len(self._asked)

    def close(self) -> None:
        """Have `serve` return when nothing waits any more and all questions have their answer."""
        with self._queue.changed:
            self._is_closing = True
            self._queue.changed.notify_all()

    def serve(self, idle_seconds: float) -> None:
        """Ask until it is closed, or nothing came this way for so long; then it has left the queue.

        Raises:
            ChildLostError: the process is gone; those whose bodies it had have been told to do without it.
        """
        self._hearer.start()
        try:
            while (question := self._next_question(idle_seconds)) is not None:
                try:
                    self._child.send(question)
                except ChildLostError as error:
                    self._lose(error)
        finally:
            self._queue.leave(self)
        if self._loss is not None:
            raise self._loss

    def _next_question(self, idle_seconds: float) -> ReadRequest | None:
        """Wait for bodies and make a question of them; None at the end."""
        changed = self._queue.changed
        with changed:
            if not changed.wait_for(self._is_due, idle_seconds) and not self._asked:
                return None
            changed.wait_for(self._is_due)
            if self._loss is not None or self._queue.is_empty:
                return None
            offered = self._queue.take()
            request = self._requester(tuple(one.body for one in offered))
            if not self._asked:
                self._reads_since = self._clock.monotonic()
            self._asked.append((request, offered))
            changed.notify_all()  # another one may be next
            return request

    def _is_due(self) -> bool:
        if self._loss is not None or (self._is_closing and self._queue.is_empty and not self._asked):
            return True
        return not self._queue.is_empty and len(self._asked) < _MOST_ASKED and self._queue.is_next(self)

    def _hear(self) -> None:
        try:
            while True:
                answer: EventsRead | None = self._child.receive()
                now = self._clock.monotonic()
                with self._queue.changed:
                    request, offered = self._asked.popleft()
                    self.busy_seconds += now - self._reads_since
                    self._reads_since = now
                    self._queue.changed.notify_all()
                self._settle(request, offered, answer)
        except ChildLostError as error:
            self._lose(error)

    def _settle(self, request: ReadRequest, offered: Sequence[Offered], answer: EventsRead | None) -> None:
        receipts: Sequence[Any] = [None] * len(offered)
        if answer is not None:
            try:
                receipts = self._receiver(request, answer)
            except Exception as error:  # noqa: BLE001 - those who wait must get an answer, and this thread go on
                receipts = [error] * len(offered)
        for one, receipt in zip(offered, receipts, strict=True):
            if isinstance(receipt, Exception):
                one.done.set_exception(receipt)
            else:
                one.done.set_result(receipt)

    def _lose(self, error: ChildLostError) -> None:
        with self._queue.changed:
            self._loss = self._loss or error
            offered = [one for _, asked in self._asked for one in asked]
            self._asked.clear()
            self._queue.leave(self)
        for one in offered:
            one.done.set_result(None)
