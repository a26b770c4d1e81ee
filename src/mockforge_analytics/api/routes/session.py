"""POST, GET and DELETE /session: a browser hands its token in once and gets a cookie that scripts cannot read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from mockforge_analytics.api.bodies import read_body, told_length
from mockforge_analytics.api.envelope import Envelope, Failure, failure, success
from mockforge_analytics.api.failures import EnvelopeRoute
from mockforge_analytics.api.schemas.session import SIGN_IN_BODY, SessionData, SignIn
from mockforge_analytics.api.services import Provided
from mockforge_analytics.api.sessions import COOKIE
from mockforge_analytics.model.principal import Scope

if TYPE_CHECKING:
    from mockforge_analytics.model.principal import Principal

__all__ = ["router", "session", "sign_in", "sign_out"]

_FAILED: Final = 500
_MOST_BYTES: Final = 4_096  # of a sign-in, which anybody may send
_FORM: Final = 'a sign-in is a JSON object with a token of at most 200 characters, such as {"token": "mfa_…"}'
_UNREADABLE: Final = ("json_invalid", "string_unicode")

router = APIRouter(tags=["session"], route_class=EnvelopeRoute, prefix="/session")


@router.post(
    "",
    response_model=Envelope[SessionData],
    responses={
        400: {"model": Failure, "description": "The body is no JSON."},
        408: {"model": Failure, "description": "The body did not arrive in time."},
        413: {"model": Failure, "description": "The body is too long for a token."},
    },
    openapi_extra={"requestBody": SIGN_IN_BODY},
)
async def sign_in(request: Request, services: Provided) -> Response:
    """Begin a session with a token: the cookie of the answer stands for it until it is revoked, or for 12 idle hours.

    Where no token is required there is nothing to sign in to, and no cookie.
    """
    access = services.access
    access.check_origin(request)
    try:
        body = await _read(request, services.config.ingest.body_timeout_seconds)
    except _NoSignInError as error:
        return failure(error.status, _FORM, services.clock.now_us(), field="token")
    if not access.is_required(request):
        return success(_told(None, required=False), services.clock.now_us())
    principal = access.holder(body.token.strip(), request)
    answer = success(_told(principal, required=True), services.clock.now_us())
    answer.set_cookie(
        COOKIE,
        access.sessions.begin(principal.token_id),
        path=_path(request),
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


@router.get("", response_model=Envelope[SessionData])
async def session(request: Request, services: Provided) -> Response:
    """Whether the server asks for a token, and whom it takes the caller for."""
    required = services.access.is_required(request)
    principal = None
    if required:
        try:
            principal = services.access.principal(request)
        except HTTPException as error:
            if error.status_code >= _FAILED:
                raise
    return success(_told(principal, required=required), services.clock.now_us())


@router.delete("", response_model=Envelope[SessionData])
async def sign_out(request: Request, services: Provided) -> Response:
    """End the session of the cookie, where there is one."""
    access = services.access
    access.check_origin(request)
    access.sessions.end(request.cookies.get(COOKIE, ""))
    answer = success(_told(None, required=access.is_required(request)), services.clock.now_us())
    answer.delete_cookie(COOKIE, path=_path(request), httponly=True, samesite="strict")
    return answer


class _NoSignInError(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(_FORM)
        self.status = status


async def _read(request: Request, seconds: float) -> SignIn:
    """Return what the body of `request` says; no more of it is read than a sign-in has."""

    def admit(size: int) -> None:
        if size > _MOST_BYTES:
            raise _NoSignInError(413)

    admit(told_length(request))
    data = await read_body(request, seconds, admit)
    try:
        return SignIn.model_validate_json(data)
    except ValidationError as error:
        raise _NoSignInError(400 if error.errors()[0]["type"] in _UNREADABLE else 422) from None


def _told(principal: Principal | None, *, required: bool) -> dict[str, object]:
    scopes = list(Scope) if not required else [] if principal is None else sorted(principal.scopes)
    return {
        "auth_required": required,
        "authenticated": principal is not None or not required,
        "scopes": scopes,
        "workspace_id": None if principal is None else principal.workspace_id,
    }


def _path(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return f"{root}/"
