"""Which paths are not reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.sources.asgi.protocol import Scope

__all__ = ["PathSet"]

_ANY: Final = "*"


class PathSet:
    """Paths, each exact or (with a ``*`` at its end) a prefix."""

    __slots__ = ("_exact", "_prefixes")

    def __init__(self, paths: Iterable[str]) -> None:
        listed = list(paths)
        self._exact = frozenset(path for path in listed if not path.endswith(_ANY))
        self._prefixes = tuple(path.removesuffix(_ANY) for path in listed if path.endswith(_ANY))

    def holds(self, scope: Scope) -> bool:
        """Return whether the path of `scope` is one of them, below the root path or with it."""
        path: str = scope["path"]
        if path in self._exact or path.startswith(self._prefixes):
            return True
        root: str = scope.get("root_path", "")
        if not root or not path.startswith(root):
            return False
        below = path[len(root) :]
        return below in self._exact or below.startswith(self._prefixes)
