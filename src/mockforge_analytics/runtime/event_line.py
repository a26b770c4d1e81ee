"""Bodies on their way to the process that reads them, and what it answers.

Those that wait are asked about together, as much of reading takes the same for few events as for many: the more come
in, the less each takes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.model.events import EventBody, EventReceipt
from mockforge_analytics.runtime.child import ChildLostError

if TYPE_CHECKING:
    from mockforge_analytics.errors import AnalyticsError
    from mockforge_analytics.runtime.child import Child
    from mockforge_analytics.runtime.event_reading import EventsRead, ReadRequest

__all__ = ["EventLine", "Receiver", "Requester"]

Requester = Callable[[tuple[EventBody, ...]], "ReadRequest"]
Receiver = Callable[["ReadRequest", "EventsRead"], Sequence["EventReceipt | AnalyticsError"]]

_MOST_BYTES: Final = 8 * 1024 * 1024  # 20,000 events, 80 ms; half as many took 4 % longer each
_INFLATES: Final = 16  # times, what events usually do
_MOST_ASKED: Final = 2  # one that is read, and one on its way: what else waits may become one question
_PLAIN: Final = (None, "identity")


class EventLine:
    """The only one who talks to `child`. `offer` may be called by any thread, `serve` by one.

    `requester` makes a question of bodies, `receiver` gets it with the answer and returns what the senders are told.
    """

    def __init__(self, child: Child, requester: Requester, receiver: Receiver) -> None:
        self._child = child
        self._requester = requester
        self._receiver = receiver
        self._changed = threading.Condition()
        self._waiting: deque[_Offered] = deque()
        self._asked: deque[tuple[ReadRequest, list[_Offered]]] = deque()
        self._is_closing = False
        self._loss: ChildLostError | None = None
        self._hearer = threading.Thread(target=self._hear, name="analytics-events-read", daemon=True)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._child.pid

    def offer(self, body: EventBody) -> Future[EventReceipt | None] | None:
        """Have `body` read; None, at once or later, where the process does not.

        The future raises the `AnalyticsError` for which the body is not taken.
        """
        with self._changed:
            if self._is_closing or self._loss is not None:
                return None
            offered = _Offered(body)
            self._waiting.append(offered)
            self._changed.notify_all()
        return offered.done

    def close(self) -> None:
        """Take nothing more; `serve` returns when all that waits has its answer."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()

    def serve(self, idle_seconds: float) -> None:
        """Ask until it is closed, or nothing came for so long, which closes it.

        Raises:
            ChildLostError: the process is gone; all who wait have been told to do without it.
        """
        self._hearer.start()
        while (question := self._next_question(idle_seconds)) is not None:
            try:
                self._child.send(question)
            except ChildLostError as error:
                self._lose(error)
        if self._loss is not None:
            raise self._loss

    def _next_question(self, idle_seconds: float) -> ReadRequest | None:
        """Wait for bodies and make a question of them; None at the end."""
        with self._changed:
            self._changed.wait_for(self._is_due, idle_seconds)
            while not self._is_due():
                if not self._asked:
                    self._is_closing = True  # nothing came
                self._changed.wait_for(self._is_due)
            if self._loss is not None or not self._waiting:
                return None
            offered = self._take()
            request = self._requester(tuple(one.body for one in offered))
            self._asked.append((request, offered))
            return request

    def _is_due(self) -> bool:
        if self._loss is not None or (self._is_closing and not self._waiting and not self._asked):
            return True
        return bool(self._waiting) and len(self._asked) < _MOST_ASKED

    def _take(self) -> list[_Offered]:
        taken = [self._waiting.popleft()]
        size = taken[0].size
        while self._waiting and self._waiting[0].body.workspace == taken[0].body.workspace:
            size += self._waiting[0].size
            if size > _MOST_BYTES:
                break
            taken.append(self._waiting.popleft())
        return taken

    def _hear(self) -> None:
        try:
            while True:
                answer: EventsRead | None = self._child.receive()
                with self._changed:
                    request, offered = self._asked.popleft()
                    self._changed.notify_all()
                self._settle(request, offered, answer)
        except ChildLostError as error:
            self._lose(error)

    def _settle(self, request: ReadRequest, offered: Sequence[_Offered], answer: EventsRead | None) -> None:
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
        with self._changed:
            self._loss = self._loss or error
            offered = [one for _, asked in self._asked for one in asked] + list(self._waiting)
            self._asked.clear()
            self._waiting.clear()
            self._changed.notify_all()
        for one in offered:
            one.done.set_result(None)


class _Offered:
    """A body, and what its sender is told; nobody can cancel that, as what is read is stored."""

    def __init__(self, body: EventBody) -> None:
        self.body = body
        self.size = len(body.data) * (1 if body.encoding in _PLAIN else _INFLATES)
        self.done: Future[EventReceipt | None] = Future()
        self.done.set_running_or_notify_cancel()
