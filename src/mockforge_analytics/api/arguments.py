"""The parameters that single routes have beside the shared ones: read, checked, and named when they are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import QueryError
from mockforge_analytics.query.spec import check_text, clipped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import HTTPConnection

__all__ = ["choice", "flag", "given", "text", "whole_number"]

_DIGITS: Final = 15
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


def given(connection: HTTPConnection, name: str) -> str | None:
    """Return the one value of the parameter `name`, None where it is absent or blank.

    Raises:
        QueryError: it is given several times.
    """
    values = [value for value in connection.query_params.getlist(name) if value.strip()]
    if len(values) > 1:
        message = f"{name} is given {len(values)} times; it takes one value"
        raise QueryError(message, field=name)
    return values[0].strip() if values else None


def text(connection: HTTPConnection, name: str, default: str = "") -> str:
    """Return the text of a parameter, which is text that can be looked for.

    Raises:
        QueryError: it is given several times, is too long, or holds characters that no stored text has.
    """
    value = given(connection, name)
    if value is None:
        return default
    check_text(name, value)
    return value


def choice(connection: HTTPConnection, name: str, accepted: Iterable[str], default: str) -> str:
    """Return the value of a parameter that takes one of `accepted`.

    Raises:
        QueryError: it is another.
    """
    value = given(connection, name)
    if value is None:
        return default
    names = tuple(accepted)
    if value not in names:
        message = f"{name} {clipped(value)} is not known; accepted are {', '.join(names)}"
        raise QueryError(message, field=name)
    return value


def whole_number(connection: HTTPConnection, name: str, low: int, high: int) -> int | None:
    """Return the number of a parameter, None where it is absent.

    Raises:
        QueryError: it is no whole number from `low` to `high`.
    """
    value = given(connection, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS and low <= int(value) <= high):
        message = f"{name} {clipped(value)} is not accepted; it takes a whole number from {low} to {high}"
        raise QueryError(message, field=name)
    return int(value)


def flag(connection: HTTPConnection, name: str) -> bool:
    """Return whether a parameter that takes true or false is set.

    Raises:
        QueryError: it is neither.
    """
    value = given(connection, name)
    if value is None:
        return False
    if value.lower() not in _FLAGS:
        message = f"{name} {clipped(value)} is not accepted; it takes true or false"
        raise QueryError(message, field=name)
    return _FLAGS[value.lower()]
