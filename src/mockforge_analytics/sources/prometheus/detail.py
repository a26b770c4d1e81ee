"""Two families that count the same requests: what the coarse one counts beyond the detailed one is all it adds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from mockforge_analytics.sources.prometheus.labels import meaning
from mockforge_analytics.sources.prometheus.series import target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mockforge_analytics.sources.prometheus.gained import Gained
    from mockforge_analytics.sources.prometheus.mapping import Rule

    Int64s = NDArray[np.int64]

__all__ = ["without_detail"]


def without_detail(rules: Sequence[Rule], gained: Sequence[Gained]) -> list[Gained]:
    """Return `gained`, where a rule has others in more detail without what those have counted.

    Both are read from one exposition, so their intervals are the same. Where the detail counts more than the whole, the
    detail holds and the whole adds nothing.
    """
    result = list(gained)
    for detail, rule in enumerate(rules):
        wholes = [number for number, other in enumerate(rules) if other.metric == rule.detail_of]
        for whole in wholes:
            known = _details(rules, [piece for piece in gained if piece.rule == detail], rules[whole])
            result = [_reduced(rules[whole], piece, known) if piece.rule == whole else piece for piece in result]
    return result


Interval = tuple[object, ...]


def _details(rules: Sequence[Rule], pieces: Sequence[Gained], whole: Rule) -> dict[Interval, Int64s]:
    sums: dict[Interval, Int64s] = defaultdict(lambda: np.zeros(1, np.int64))
    for piece in pieces:
        for interval, amount in _intervals(rules[piece.rule], piece, tuple(whole.labels)):
            sums[interval] = sums[interval] + amount
    return dict(sums)


def _intervals(rule: Rule, piece: Gained, dimensions: tuple[str, ...]) -> list[tuple[Interval, Int64s]]:
    """Return what tells each interval apart for a rule that knows `dimensions` only, and its amounts."""
    known = [
        (target_of(labels), piece.columns.layout, *(meaning(rule, labels)[name].casefold() for name in dimensions))
        for labels in piece.columns.labels
    ]
    found = piece.increments
    times = zip(found.series.tolist(), found.end.tolist(), strict=True)
    return [((*known[series], end), amount) for (series, end), amount in zip(times, found.amount, strict=True)]


def _reduced(rule: Rule, piece: Gained, known: dict[Interval, Int64s]) -> Gained:
    amount = piece.increments.amount.copy()
    for row, (interval, _) in enumerate(_intervals(rule, piece, tuple(rule.labels))):
        if (detail := known.get(interval)) is not None:
            # Several series of the whole may mean the same: each takes of the detail what it can.
            used = np.minimum(amount[row], detail)
            amount[row] -= used
            known[interval] = detail - used
    return piece.with_amounts(amount)
