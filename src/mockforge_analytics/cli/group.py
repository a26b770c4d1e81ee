"""Groups of commands that start quickly."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup, TyperOption

__all__ = ["Group"]


class Group(TyperGroup):
    """A group whose flags are false where they are not given.

    typer leaves them at None, and loads pydantic (0.15 s) to convert that, also for the help of a command.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        parameters = super().get_params(ctx)
        for parameter in parameters:
            if isinstance(parameter, TyperOption) and parameter.is_flag and parameter.default is None:
                parameter.default = False
        return parameters
