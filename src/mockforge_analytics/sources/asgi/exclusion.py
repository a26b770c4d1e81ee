"""Which paths are not reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.sources.asgi.protocol import Scope

__all__ = ["PathSet"]

_ANY: Final = "*"


class PathSet:
    """Paths, each exact, (with a ``*`` at its end) a prefix, or (with one at both ends) a part of a path."""

    __slots__ = ("_exact", "_parts", "_prefixes")

    def __init__(self, paths: Iterable[str]) -> None:
        listed = list(paths)
        self._exact = frozenset(path for path in listed if not path.endswith(_ANY))
        begun = [path.removesuffix(_ANY) for path in listed if path.endswith(_ANY)]
        self._prefixes = tuple(path for path in begun if not path.startswith(_ANY))
        self._parts = tuple(path.removeprefix(_ANY) for path in begun if path.startswith(_ANY))

    def holds(self, scope: Scope) -> bool:
        """Return whether the path of `scope` is one of them, below the root path or with it."""
        path: str = scope["path"]
        if path in self._exact or path.startswith(self._prefixes) or any(part in path for part in self._parts):
            return True
        root: str = scope.get("root_path", "")
        if not root or not path.startswith(root):
            return False
        below = path[len(root) :]
        return below in self._exact or below.startswith(self._prefixes)
