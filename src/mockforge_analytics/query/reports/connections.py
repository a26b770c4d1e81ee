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
# What is collected from metrics comes as late as the interval and delay of the reading; Prometheus itself looks back as
# far as this for a sample.
_COLLECTED_SECONDS: Final = 300
_COLLECTED: Final = ("prometheus:", "scrape:")
_SCOPE: Final = (Dimension.PROTOCOL, Dimension.WORKSPACE, Dimension.ENVIRONMENT)


def open_connections(snapshot: Snapshot, now_us: int, spec: QuerySpec | None = None) -> dict[tuple[str, str, str], int]:
    """Return the newest sample of each source, added up by protocol, workspace and environment.

    Of `spec` the filters on these three hold; connections are not told apart by anything else.
    """
    asked = spec or QuerySpec()
    found: dict[tuple[str, str, str], int] = {}
    for seconds, collected in ((_SAMPLED_SECONDS, False), (_COLLECTED_SECONDS, True)):
        question = QuerySpec(
            duration=seconds,
            protocol=asked.protocol,
            workspace_id=asked.workspace_id,
            environment=asked.environment,
            workspace_bound=asked.workspace_bound,
        )
        prepared = prepare(question, snapshot.coverage, now_us, (Fact.GAUGE,))
        plan = prepared.plan(Fact.GAUGE, (*_SCOPE, Dimension.SOURCE), measures=("connections_last",))
        for protocol, workspace, environment, source, number in snapshot.read(plan).frame.rows():
            if str(source).startswith(_COLLECTED) is collected:
                place = (str(protocol), str(workspace), str(environment))
                found[place] = found.get(place, 0) + int(number)
    return found
