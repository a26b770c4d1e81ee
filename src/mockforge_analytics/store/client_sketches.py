"""HyperLogLog sketches of the client addresses of hours whose rows reached the cap.

Exact counting stays below the cap, where a sketch of 2^12 registers is 1.6 % off (https://datasketches.apache.org).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

__all__ = ["ClientSketches", "estimate"]

_LOG_REGISTERS: Final = 12


def estimate(sketches: Iterable[bytes], addresses: Iterable[str]) -> int:
    """Return about how many distinct addresses are in `sketches` and `addresses` together."""
    from datasketches import hll_sketch, hll_union

    union = hll_union(_LOG_REGISTERS)
    for blob in sketches:
        union.update(hll_sketch.deserialize(blob))
    own = hll_sketch(_LOG_REGISTERS)
    for address in addresses:
        own.update(address)
    union.update(own)
    return int(union.get_estimate() + 0.5)


class ClientSketches:
    """Sketches of the hours a fold overflows, inside the caller's transaction."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._open: dict[tuple[int, int], Any] = {}

    def forget(self) -> None:
        """Drop what is not saved."""
        self._open.clear()

    def add(self, hour: int, scope_id: int, address: str) -> None:
        """Count an address past the cap; those that have rows are counted by the reader, from the rows."""
        key = (hour, scope_id)
        if key not in self._open:
            self._open[key] = self._load(hour, scope_id)
        self._open[key].update(address)

    def _load(self, hour: int, scope_id: int) -> Any:
        from datasketches import hll_sketch

        select = "SELECT sketch FROM client_sketch WHERE hour = ? AND scope_id = ?"
        row = self._connection.execute(select, (hour, scope_id)).fetchone()
        return hll_sketch(_LOG_REGISTERS) if row is None else hll_sketch.deserialize(row[0])

    def save(self) -> None:
        """Write what `add` counted since the last save."""
        replace = "REPLACE INTO client_sketch (hour, scope_id, sketch) VALUES (?, ?, ?)"
        for (hour, scope_id), sketch in self._open.items():
            self._connection.execute(replace, (hour, scope_id, sketch.serialize_compact()))
        self._open.clear()
