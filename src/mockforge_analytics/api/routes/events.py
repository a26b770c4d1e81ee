"""Taking events in: acknowledged means committed."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mockforge_analytics.api.envelope import Envelope, Failure, failure, success
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.schemas.events import EVENT_BODY, EventsData, EventsFailure, error_items, events_data
from mockforge_analytics.api.services import Provided, Services
from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.events import EventBody

if TYPE_CHECKING:
    from mockforge_analytics.model.events import EventOutcome, EventReceipt

__all__ = ["IDEMPOTENCY_KEY", "Principal", "router", "send_events"]

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[!-~]{1,200}")
_LINES: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_JSON: Final = ("application/json", "text/json")
_PARAMETERS: Final = [
    {
        "name": IDEMPOTENCY_KEY,
        "in": "header",
        "required": False,
        "description": "Your name for this batch, 1 to 200 visible ASCII characters. A batch with a key that was used "
        "before changes nothing: send it again, with the same key, whenever you have no answer. With another body than "
        "the first time it is refused (422); the compression may differ.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    },
    {
        "name": "Content-Encoding",
        "in": "header",
        "required": False,
        "description": "Compression of the body.",
        "schema": {"type": "string", "enum": ["gzip", "deflate", "zstd", "identity"]},
    },
]
_FAILURES: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": EventsFailure, "description": "The body is no JSON, or damaged; nothing is stored."},
    408: {"model": Failure, "description": "The body did not arrive in time."},
    413: {"model": Failure, "description": "The body is too long, or holds too many events."},
    415: {"model": Failure, "description": "The type or compression of the body is not supported."},
    422: {
        "model": EventsFailure,
        "description": "Every event was refused, or the key was used for another body; nothing is stored.",
    },
    429: {"model": Failure, "description": "Too much at once; `Retry-After` says when to retry."},
    503: {"model": Failure, "description": "The database is busy or full; `Retry-After` says when to retry."},
}

router = APIRouter(route_class=EnvelopeRoute, tags=["events"])


class Principal(Protocol):
    """Who sends, as whatever checked the token left it in `request.state.principal`."""

    @property
    def name(self) -> str:
        """A name that tells senders apart."""

    @property
    def workspace_id(self) -> str | None:
        """The only workspace the sender may write to, None where it may write to any."""


@router.post(
    "/events",
    response_model=Envelope[EventsData],
    responses=_FAILURES,
    openapi_extra={"requestBody": EVENT_BODY, "parameters": _PARAMETERS},
)
async def send_events(request: Request, services: Provided) -> Response:
    """Store events. Good ones are stored, each bad one is named; the answer comes when they are committed."""
    receipt = await _taken(request, services)
    if receipt.written is None:
        outcome = receipt.outcome(None)
    else:
        result = await asyncio.wrap_future(receipt.written)
        outcome = receipt.outcome(result)
    if outcome.is_key_reused:
        message = f"this {IDEMPOTENCY_KEY} was used before, for another body: give every batch a key of its own"
        raise QueryError(message, field=IDEMPOTENCY_KEY)
    now_us = services.clock.now_us()
    if outcome.received and outcome.rejected == outcome.received:
        return _refusal(outcome, now_us)
    return success(events_data(outcome), now_us)


async def _taken(request: Request, services: Services) -> EventReceipt:
    """Read the body and queue its events; nothing of the body is held afterwards."""
    is_lines = _is_lines(request)
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not _KEY.fullmatch(key):
        raise QueryError(f"{IDEMPOTENCY_KEY} must be 1 to 200 visible ASCII characters", field=IDEMPOTENCY_KEY)
    encoding = request.headers.get("content-encoding")
    services.events.require(encoding)
    principal: Principal | None = getattr(request.state, "principal", None)
    async with services.bodies.reading(request) as data:
        body = EventBody(
            data=data,
            encoding=encoding,
            is_lines=is_lines,
            key=key,
            sender=None if principal is None else principal.name,
            workspace=None if principal is None else principal.workspace_id,
        )
        return await services.take(body)


def _is_lines(request: Request) -> bool:
    given = request.headers.get("content-type") or _JSON[0]
    kind = given.partition(";")[0].strip().lower()
    if kind not in (*_JSON, *_LINES):
        accepted = f"{_JSON[0]} or {_LINES[0]}"
        raise HTTPException(415, f"the content type {kind or given!r} is not supported: send {accepted}")
    return kind in _LINES


def _refusal(outcome: EventOutcome, now_us: int) -> Response:
    first = outcome.errors[0]
    count = "the event" if outcome.received == 1 else f"none of the {outcome.received:,} events"
    verb = "is not" if outcome.received == 1 else "is"
    sentence = f"{count} {verb} accepted: {first.reason}"
    status = 400 if outcome.is_unreadable else 422
    return failure(status, sentence, now_us, field=first.field, more={"errors": error_items(outcome)})
