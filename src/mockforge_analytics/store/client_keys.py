"""Where client rows lie in their table: the hour, and a hash of who it is."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mockforge_analytics.model.window import Granularity
from mockforge_analytics.store.keys import CLIENT_SHIFT

if TYPE_CHECKING:
    import polars as pl

__all__ = ["client_keys"]

Int64s = NDArray[np.int64]

_HOUR: Final = int(Granularity.HOUR)
_PROBE_BITS: Final = CLIENT_SHIFT - 32
_MAX_ADDRESS_BYTES: Final = 1_024  # the rollup cuts addresses at 64 characters
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # of SplitMix64


def client_keys(ids: tuple[Int64s, Int64s, Int64s], address: pl.Series) -> Int64s:
    """Return where the search for each client's place begins: the hour, 32 bits of hash, room for neighbours.

    `ids` are the hours (seconds), scopes and user agents. The hash is a polynomial in the bytes of the address modulo
    2^64, mixed with scope and agent; it must never change.
    """
    hour, scope, agent = ids
    data = np.frombuffer("".join(address.to_list()).encode(), np.uint8)
    lengths = address.str.len_bytes().to_numpy().astype(np.int64)
    ends = np.cumsum(lengths)
    place = np.arange(len(data)) - np.repeat(ends - lengths, lengths)
    terms = np.zeros(len(data) + 1, np.uint64)
    np.cumsum((data.astype(np.uint64) + np.uint64(1)) * _powers()[place], out=terms[1:])
    mixed = terms[ends] - terms[ends - lengths]
    for who, factor in ((scope, _MIX[0]), (agent, _MIX[1])):
        mixed = (mixed ^ (mixed >> np.uint64(29))) * factor + who.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX[0]
    short = (mixed >> np.uint64(32)).astype(np.int64)
    keys: Int64s = ((hour.astype(np.int64) // _HOUR) << CLIENT_SHIFT) | (short << _PROBE_BITS)
    return keys


@cache
def _powers() -> NDArray[np.uint64]:
    return np.cumprod(np.full(_MAX_ADDRESS_BYTES, _MIX[1], np.uint64)).astype(np.uint64)
