"""How many connections are open now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.model.dimensions import Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.query.planner import prepare
from mockforge_analytics.query.spec import QuerySpec

if TYPE_CHECKING:
    from mockforge_analytics.ports import Snapshot

__all__ = ["open_connections"]

_SAMPLED_SECONDS: Final = 60  # a source that has been silent for longer is gone; ours sample every ten seconds
_SCOPE: Final = (Dimension.PROTOCOL, Dimension.WORKSPACE, Dimension.ENVIRONMENT)


def open_connections(
    snapshot: Snapshot, now_us: int, *, workspaces: tuple[str, ...] = ()
) -> dict[tuple[str, str, str], int]:
    """Return the newest sample of each source, added up by protocol, workspace and environment.

    `workspaces` are the only ones counted, all where there are none.
    """
    spec = QuerySpec(duration=_SAMPLED_SECONDS, workspace_id=workspaces)
    prepared = prepare(spec, snapshot.coverage, now_us, (Fact.GAUGE,))
    frame = snapshot.read(prepared.plan(Fact.GAUGE, _SCOPE, measures=("connections_last",))).frame
    return {(str(p), str(w), str(e)): int(n) for p, w, e, n in frame.rows()}
