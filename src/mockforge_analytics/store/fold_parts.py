"""What waits for a fold, divided: a large fold in one transaction would hold up whoever waits for a commit.

Half of such a fold is client rows. They may follow the rest, and each other, in transactions of their own, as nothing
but their own rows depends on them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mockforge_analytics.store.plain_rows import PlainRows
from mockforge_analytics.store.staged import Staged, no_client_endpoints, no_clients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["CLIENTS_AT_ONCE", "divided"]

CLIENTS_AT_ONCE: Final = 40_000  # as they came, 0.1 s of a fold; a third of them are rows of their own

Parts = list[Staged]


def divided(parts: Sequence[Staged], most: int) -> tuple[Parts, list[Parts]]:
    """Return what of `parts` is to be folded first, and what is left, each of which is to be folded by itself.

    Where there are more client rows than `most`, everything else comes first; then about `most` of them at a time, all
    rows of a user agent together, so that no row of the table is written twice.
    """
    agents = [part.clients.integers("agent_id") for part in parts]
    ordered = np.sort(np.concatenate(agents))
    if len(ordered) <= most:
        return list(parts), []
    lasts = np.unique(ordered[most - 1 :: most])
    slices = [np.searchsorted(lasts, ids) for ids in agents]
    left = [
        [_clients(part, place == number) for part, place in zip(parts, slices, strict=True)]
        for number in range(len(lasts) + 1)
    ]
    filled = [[part for part in some if len(part.clients)] for some in left]
    return [_without_clients(part) for part in parts], [some for some in filled if some]


def _without_clients(part: Staged) -> Staged:
    return replace(part, clients=no_clients(), client_endpoints=no_client_endpoints())


def _clients(part: Staged, picked: NDArray[np.bool_]) -> Staged:
    """Return those client rows of `part` alone that are `picked`."""
    number = np.cumsum(picked) - 1
    owner = part.client_endpoints.integers("client")
    endpoints = part.client_endpoints.take(np.flatnonzero(picked[owner]))
    return Staged(
        clients=part.clients.take(np.flatnonzero(picked)),
        client_endpoints=PlainRows({**endpoints.columns, "client": number[endpoints.integers("client")]}),
    )
