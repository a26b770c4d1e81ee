"""The files of the repository and their syntax trees, for the checks in this folder."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGE_NAME = "mockforge_analytics"
PACKAGE = ROOT / "src" / PACKAGE_NAME

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: `name` is its path relative to the root, or to the package for those of the package."""

    name: str
    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, name: str, text: str) -> Source:
        """Return the source called `name`."""
        return cls(name, text, ast.parse(text))


@cache
def repository_files() -> tuple[Path, ...]:
    """Return every file that is committed or would be by `git add --all`, relative to the root."""
    # The checkout may belong to another user than the one who tests it.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = [Path(name) for name in sorted(set(listing.split("\0"))) if name]
    return tuple(name for name in names if (ROOT / name).is_file())


@cache
def python_sources() -> tuple[Source, ...]:
    """Return every Python file of the repository."""
    names = [name for name in repository_files() if name.suffix == ".py"]
    return tuple(Source.parse(str(name), (ROOT / name).read_text()) for name in names)


@cache
def package_sources() -> tuple[Source, ...]:
    """Return every module of the installed package, named relative to it (`store/fold.py`)."""
    prefix = f"src/{PACKAGE_NAME}/"
    sources = [source for source in python_sources() if source.name.startswith(prefix)]
    return tuple(Source(source.name.removeprefix(prefix), source.text, source.tree) for source in sources)


def imported_modules(source: Source) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of everything imported, deferred imports included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _aliases(tree: ast.Module) -> dict[str, str]:
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                known[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


class Names:
    """Resolves the names of a module to what they were imported from, through any alias."""

    def __init__(self, tree: ast.Module) -> None:
        self._aliases = _aliases(tree)

    def resolve(self, node: ast.expr) -> str | None:
        """Return the dotted origin of a name or attribute chain (`datetime.datetime.now`), else None."""
        if isinstance(node, ast.Name):
            return self._aliases.get(node.id)
        if isinstance(node, ast.Attribute):
            base = self.resolve(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return None
