"""How a report becomes an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from mockforge_analytics.api.encoding import accepted_encoding, packed
from mockforge_analytics.api.envelope import success
from mockforge_analytics.api.parameters import DEFAULT_DURATION_SECONDS, question

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from mockforge_analytics.api.services import Services
    from mockforge_analytics.ports import Snapshot
    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["answered"]

Found = TypeVar("Found")


async def answered(
    request: Request,
    services: Services,
    report: Callable[[Snapshot, QuerySpec, int], Found],
    shape: Callable[[Found, int], object],
    *,
    default_duration: int | None = DEFAULT_DURATION_SECONDS,
) -> Response:
    """Return `report` of one snapshot as `shape` shows it, in an envelope; both get the time in microseconds.

    The answer becomes JSON, compressed where the caller takes that, on the reading thread: a large one keeps nobody
    else waiting.

    Raises:
        QueryError: the question is not understood or cannot be answered.
        StoreError: the database cannot be read.
    """
    now_us = services.clock.now_us()
    spec = question(request, now_us, services.config, default_duration=default_duration)
    accepted = accepted_encoding(request)
    return await services.read(
        lambda snapshot: packed(success(shape(report(snapshot, spec, now_us), now_us), now_us), accepted),
        name=request.scope["route"].name,
    )
