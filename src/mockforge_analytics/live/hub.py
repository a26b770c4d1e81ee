"""Everybody who listens to the live stream, and the commits that they hear of."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread

from mockforge_analytics.errors import QueryError, StoreError
from mockforge_analytics.live.frames import error_frame
from mockforge_analytics.live.outbox import Closing, Outbox
from mockforge_analytics.live.question import Frames, default_wish, parse_wish, wants_deltas
from mockforge_analytics.live.subscription import Client, Desk, Subscription
from mockforge_analytics.model.status import StreamStats

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.clock import Clock
    from mockforge_analytics.config import StreamConfig
    from mockforge_analytics.live.question import Question, Wish
    from mockforge_analytics.model.commit import Committed
    from mockforge_analytics.ports import CommitFeed, Reader

__all__ = ["FOREIGN_WORKSPACE", "GOING_AWAY", "TRY_LATER", "Hub"]

_log = logging.getLogger(__name__)

GOING_AWAY: Final = 1001
_INTERNAL_ERROR: Final = 1011
TRY_LATER: Final = 1013
FOREIGN_WORKSPACE: Final = 4403
_THREADS: Final = 2  # that work for subscriptions at once
_INBOX_COMMITS: Final = 256  # that the event loop may be behind; past it everything is read anew
_INBOX_CELLS: Final = 500_000
_GRACE_SECONDS: Final = (
    0.1  # in which a new client may send its settings before it gets the default (contract section 5)
)
_POLL_SECONDS: Final = 1.0  # between two looks at a database that another process writes


class Hub:
    """Shares the work between sockets. Make it anywhere, use it on one event loop; `hear` is called from any thread.

    Commits come from `feed`; without one, as where another process writes the database, the hub looks for them itself.
    """

    def __init__(self, reader: Reader, clock: Clock, config: StreamConfig, feed: CommitFeed | None) -> None:
        self.config = config
        self._reader = reader
        self._clock = clock
        self._feed = feed
        self._desk: Desk | None = None
        self._clients: set[Client] = set()
        self._subscriptions: dict[Question, Subscription] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._poll: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._inbox: list[Committed] = []
        self._inbox_cells = 0
        self._missed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing: Closing | None = None
        self._empty = asyncio.Event()
        self._gone = [0, 0]  # frames sent to, and coalesced for, clients that have left
        self._worked = [0, 0]  # computations and reads of subscriptions that have ended
        self.closed_slow = 0
        self.refused = 0

    def connect(self, workspace: str | None = None) -> Client | Closing:
        """Return a new client with the contract's default settings, or why there can be none.

        It hears as soon as somebody drains its outbox. `workspace` is the only one it may see.
        """
        if self._closing is not None:
            return self._closing
        if len(self._clients) >= self.config.max_clients:
            self.refused += 1
            return Closing(TRY_LATER, f"all {self.config.max_clients} places of the stream are taken")
        wish = default_wish(workspace)
        client = Client(Outbox(self.config), wish, wish, workspace)
        if not self._clients:
            self._open()
        self._clients.add(client)
        self._watch(client, wish)
        client.due = asyncio.get_running_loop().time() + _GRACE_SECONDS
        return client

    def configure(self, client: Client, message: str | bytes) -> None:
        """Let `client` have what its `message` asks for, at once; a wrong one changes nothing.

        Who gets deltas, or asks for them, is told what is wrong.
        """
        if client not in self._clients:
            return
        days = self.config.max_duration_days
        try:
            wish = parse_wish(message, self._clock.now_us(), days, client.workspace)
        except PermissionError as error:
            client.outbox.close(Closing(FOREIGN_WORKSPACE, str(error)))
        except QueryError as error:
            if client.wish.question.frames is Frames.DELTA or wants_deltas(message):
                client.outbox.put(error_frame(error))
        else:
            self._watch(client, wish)

    def disconnect(self, client: Client) -> None:
        """Forget `client`."""
        if client not in self._clients:
            return
        self._clients.discard(client)
        self._leave(client)
        self._gone[0] += client.outbox.sent
        self._gone[1] += client.outbox.coalesced
        if not self._clients:
            self._empty.set()
            self._rest()

    def stats(self) -> StreamStats:
        """Return the figures of the stream."""
        outboxes = [client.outbox for client in self._clients]
        projections = [subscription.projection for subscription in self._subscriptions.values()]
        return StreamStats(
            clients=len(self._clients),
            subscriptions=len(self._subscriptions),
            frames_sent=self._gone[0] + sum(outbox.sent for outbox in outboxes),
            coalesced=self._gone[1] + sum(outbox.coalesced for outbox in outboxes),
            closed_slow=self.closed_slow,
            refused=self.refused,
            computations=self._worked[0] + sum(projection.works for projection in projections),
            reads=self._worked[1] + sum(projection.builds for projection in projections),
        )

    async def close(self, seconds: float = 2.0) -> None:
        """Let all clients go with the code 1001, and take no more; return when they have gone, or after `seconds`."""
        self._closing = Closing(GOING_AWAY, "the server is shutting down")
        for client in list(self._clients):
            client.outbox.close(self._closing)
        if self._clients:
            self._empty.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._empty.wait()

    def hear(self, committed: Committed) -> None:
        """Hand a commit over to the event loop and return; called on the thread that writes."""
        with self._lock:
            self._inbox.append(committed)
            self._inbox_cells += committed.cell_count
            if len(self._inbox) > _INBOX_COMMITS or self._inbox_cells > _INBOX_CELLS:
                self._inbox, self._inbox_cells, self._missed = [], 0, True
            loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._distribute)

    def _distribute(self) -> None:
        with self._lock:
            heard, self._inbox, self._inbox_cells = self._inbox, [], 0
            missed, self._missed = self._missed, False
        for subscription in self._subscriptions.values():
            if missed:
                subscription.build_anew()
            for committed in heard:
                subscription.tell(committed)

    def _open(self) -> None:
        """Begin to listen: the first client is here."""
        self._loop = asyncio.get_running_loop()
        self._desk = Desk(self._reader, self._clock, self.config, CapacityLimiter(_THREADS))
        if self._feed is None:
            self._poll = self._loop.create_task(self._look())
        else:
            self._unsubscribe = self._feed.subscribe(self.hear)

    def _rest(self) -> None:
        """Listen no more: the last client has gone."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._poll is not None:
            self._poll.cancel()
        with self._lock:
            self._inbox, self._inbox_cells, self._missed = [], 0, False
            self._loop = None

    def _watch(self, client: Client, wish: Wish) -> None:
        if wish.question != client.wish.question:
            self._leave(client)
        client.wish = wish
        subscription = self._subscriptions.get(wish.question)
        if subscription is None:
            subscription = self._begin(wish.question)
        subscription.join(client)

    def _begin(self, question: Question) -> Subscription:
        if self._desk is None:
            message = "a hub without clients has no subscriptions"
            raise RuntimeError(message)
        subscription = self._subscriptions[question] = Subscription(question, self._desk, self._fall_back)
        task = asyncio.get_running_loop().create_task(self._run(subscription))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return subscription

    async def _run(self, subscription: Subscription) -> None:
        try:
            await subscription.run()
        except Exception:  # noqa: BLE001 - its clients connect again, the others are not concerned
            _log.exception("a live window failed; its clients are let go")
            for client in list(subscription.clients):
                client.outbox.close(Closing(_INTERNAL_ERROR, "an unexpected error; the server's log has it"))

    def _leave(self, client: Client) -> None:
        subscription = self._subscriptions.get(client.wish.question)
        if subscription is None or client not in subscription.clients:
            return
        subscription.leave(client)
        if not subscription.clients:
            del self._subscriptions[client.wish.question]
            self._worked[0] += subscription.projection.works
            self._worked[1] += subscription.projection.builds

    def _fall_back(self, client: Client, error: QueryError) -> None:
        """Tell `client` that its question has no answer, and give it back the last one that had."""
        wish, wanted = client.accepted, client.wish
        if wish != wanted:
            self._watch(client, wish)
        if wanted.question.frames is Frames.DELTA:
            client.outbox.put(error_frame(error))

    async def _look(self) -> None:
        """Have everything read anew whenever another process has committed."""
        seen = None
        while True:
            try:
                commit = await to_thread.run_sync(self._newest)
            except StoreError:
                _log.warning("the database cannot be read; the stream waits for it", exc_info=True)
            else:
                if commit != seen and seen is not None:
                    for subscription in self._subscriptions.values():
                        subscription.build_anew()
                seen = commit
            await asyncio.sleep(_POLL_SECONDS)

    def _newest(self) -> int:
        with self._reader.snapshot() as snapshot:
            return snapshot.commit
