"""Signing in and out."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from mockforge_analytics.model.principal import Scope

__all__ = ["SIGN_IN_BODY", "SessionData", "SignIn"]


class SignIn(BaseModel):
    """What a browser signs in with."""

    token: str = Field(min_length=1, max_length=200, description="a token", examples=["mfa_…"])


SIGN_IN_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {"application/json": {"schema": SignIn.model_json_schema()}},
}


class SessionData(BaseModel):
    """Who the server takes the caller for."""

    auth_required: bool = Field(description="whether the server asks for a token", examples=[True])
    authenticated: bool = Field(description="whether it was given a good one", examples=[True])
    scopes: Annotated[list[Scope], Field(description="what the caller may do")]
    workspace_id: Annotated[
        str | None, Field(description="the only workspace the caller can see, null for all", examples=["shop"])
    ]
