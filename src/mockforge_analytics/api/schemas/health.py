"""What /health and /ready answer."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

__all__ = ["HealthData"]


class HealthData(BaseModel):
    """A server that works."""

    status: Literal["alive", "ready"]
    version: str = Field(description="version of the server", examples=["0.1.0"])
