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
    from mockforge_analytics.runtime.child import Child
    from mockforge_analytics.runtime.event_queue import EventQueue, Offered
    from mockforge_analytics.runtime.event_reading import EventsRead, ReadRequest

__all__ = ["EventLine", "Receiver", "Requester"]

Requester = Callable[[tuple[EventBody, ...]], "ReadRequest"]
Receiver = Callable[["ReadRequest", "EventsRead"], Sequence["EventReceipt | Exception"]]

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
            while (offered := self._next_bodies(idle_seconds)) is not None:
                try:
                    self._ask(offered)
                except ChildLostError as error:
                    self._lose(error)
        finally:
            self._queue.leave(self)
        if self._loss is not None:
            raise self._loss

    def _next_bodies(self, idle_seconds: float) -> list[Offered] | None:
        """Wait for bodies to ask about; None at the end."""
        changed = self._queue.changed
        with changed:
            while not changed.wait_for(self._is_due, idle_seconds):
                if not self._asked:
                    return None
            return None if self._loss is not None or self._queue.is_empty else self._queue.take()

    def _ask(self, offered: list[Offered]) -> None:
        try:
            request = self._requester(tuple(one.body for one in offered))
        except Exception as error:  # noqa: BLE001 - those who wait must get an answer, and this thread go on
            _settle(offered, [error] * len(offered))
            return
        with self._queue.changed:
            if not self._asked:
                self._reads_since = self._clock.monotonic()
            self._asked.append((request, offered))
            self._queue.changed.notify_all()  # another one may be next
        self._child.send(request)

    def _is_due(self) -> bool:
        if self._loss is not None or (self._is_closing and self._queue.is_empty and not self._asked):
            return True
        return not self._queue.is_empty and len(self._asked) < _MOST_ASKED and self._queue.is_next(self)

    def _hear(self) -> None:
        try:
            while (heard := self._next_answer()) is not None:
                self._receive(*heard)
        except ChildLostError as error:
            self._lose(error)
        except BaseException as error:  # noqa: BLE001 - an answer that cannot be read: there is no telling what follows
            self._lose(ChildLostError(f"sent what cannot be read ({error!r})"))

    def _next_answer(self) -> tuple[ReadRequest, list[Offered], EventsRead | None] | None:
        answer: EventsRead | None = self._child.receive()
        now = self._clock.monotonic()
        with self._queue.changed:
            if self._loss is not None:
                return None
            request, offered = self._asked.popleft()
            self.busy_seconds += now - self._reads_since
            self._reads_since = now
            self._queue.changed.notify_all()
        return request, offered, answer

    def _receive(self, request: ReadRequest, offered: list[Offered], answer: EventsRead | None) -> None:
        if answer is None:
            _settle(offered, [None] * len(offered))
            return
        read = len(answer.bodies)  # it leaves those that would be too many together
        try:
            receipts: Sequence[Any] = self._receiver(request, answer)
        except Exception as error:  # noqa: BLE001 - as above
            receipts = [error] * read
        _settle(offered[:read], receipts)
        if read < len(offered):
            self._queue.put_back(offered[read:])

    def _lose(self, error: ChildLostError) -> None:
        with self._queue.changed:
            self._loss = self._loss or error
            offered = [one for _, asked in self._asked for one in asked]
            self._asked.clear()
            self._queue.leave(self)
        for one in offered:
            one.done.set_result(None)


def _settle(offered: Sequence[Offered], receipts: Sequence[Any]) -> None:
    for one, receipt in zip(offered, receipts, strict=True):
        if isinstance(receipt, Exception):
            one.done.set_exception(receipt)
        else:
            one.done.set_result(receipt)
