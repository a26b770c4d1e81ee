"""The messages of every error that the package raises on purpose, read from its source."""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from mockforge_analytics import errors
from tests.repo.syntax import Function, package_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.repo.syntax import Source

GAP = "…"


@cache
def messages() -> dict[str, str]:
    """Return where each message is raised, by message; what is filled in at run time is a `GAP`."""
    return {text: place for source in package_sources() for text, place in _raised(source)}


def _raised(source: Source) -> Iterator[tuple[str, str]]:
    for function in ast.walk(source.tree):
        if isinstance(function, Function):
            assigned = _assignments(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and node.args and _makes_error(node):
                    yield from ((text, f"{source.name}:{node.lineno}") for text in _texts(node.args[0], assigned))


def _makes_error(call: ast.Call) -> bool:
    """Return whether `call` makes one of our errors, or hands the message on to what makes one."""
    names = [getattr(part, "id", getattr(part, "attr", "")) for part in ast.walk(call.func)]
    return any(name in errors.__all__ or name in _HAND_ON for name in names)


_HAND_ON = ("_refuse",)


def _assignments(tree: ast.AST) -> dict[str, list[ast.expr]]:
    """Return what is assigned to each name."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.setdefault(node.targets[0].id, []).append(node.value)
    return found


def _texts(node: ast.expr, assigned: dict[str, list[ast.expr]]) -> Iterator[str]:
    """Yield the texts that an expression can give, each with its gaps."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else GAP for part in parts)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*_texts(body, assigned), *_texts(orelse, assigned))
        case ast.BoolOp(values=values):
            yield from (text for value in values for text in _texts(value, assigned))
        case ast.Name(id=name):
            # A name that is given to itself again would never end.
            rest = {other: values for other, values in assigned.items() if other != name}
            yield from (text for value in assigned.get(name, ()) for text in _texts(value, rest))
