"""Holds: the ranges of old data that an import asked to keep, and how to let them go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockforge_analytics.errors import StoreError
from mockforge_analytics.model.status import Hold
from mockforge_analytics.model.window import Window
from mockforge_analytics.store.rows import as_int

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import apsw

    from mockforge_analytics.store.committer import Committer

__all__ = ["lift_hold", "list_holds", "without"]


def list_holds(connection: apsw.Connection) -> list[Hold]:
    """Return every hold, oldest range first."""
    rows = connection.execute("SELECT id, start, end, reason, created_at FROM hold ORDER BY start, id")
    return [Hold(as_int(i), Window(as_int(a), as_int(b)), str(reason), as_int(at)) for i, a, b, reason, at in rows]


def lift_hold(call: Callable[[Callable[[Committer], Any]], Any], hold_id: int) -> Hold:
    """Remove a hold, and its islands as far as no other hold lies over them; the next retention run takes the rows.

    Raises:
        StoreError: there is no such hold; the message lists those there are.
    """

    def lift(connection: apsw.Connection) -> Hold:
        holds = list_holds(connection)
        found = [hold for hold in holds if hold.id == hold_id]
        if not found:
            known = ", ".join(f"{hold.id} ({hold.reason})" for hold in holds) or "none"
            message = f"there is no hold {hold_id}: holds are {known}"
            raise StoreError(message)
        connection.execute("DELETE FROM hold WHERE id = ?", (hold_id,))
        lifted = without(found[0].window, (hold.window for hold in holds if hold.id != hold_id))
        for tier, start, end in connection.execute("SELECT tier, start, end FROM island").fetchall():
            _cut(connection, str(tier), Window(as_int(start), as_int(end)), lifted)
        return found[0]

    result: Hold = call(lambda committer: committer.change(lift))
    return result


def _cut(connection: apsw.Connection, tier: str, island: Window, lifted: Iterable[Window]) -> None:
    rest = without(island, lifted)
    if rest == [island]:
        return
    connection.execute("DELETE FROM island WHERE tier = ? AND start = ?", (tier, island.start))
    insert = "INSERT INTO island (tier, start, end) VALUES (?, ?, ?)"
    connection.executemany(insert, [(tier, part.start, part.end) for part in rest])


def without(window: Window, others: Iterable[Window]) -> list[Window]:
    """Return what is left of `window` where none of `others` lies, ascending."""
    rest = [window] if window.seconds else []
    for other in others:
        rest = [
            Window(start, end)
            for part in rest
            for start, end in ((part.start, min(part.end, other.start)), (max(part.start, other.end), part.end))
            if start < end
        ]
    return rest
