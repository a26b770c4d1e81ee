"""`__all__` of every module says exactly what the module offers."""

from __future__ import annotations

import ast

import pytest

from tests.repo.syntax import Source, package_sources


def is_constant(name: str) -> bool:
    return len(name) > 1 and name.isupper()


def assigned_names(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            nodes = [node for target in targets for node in ast.walk(target)]
            return [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def defined_names(tree: ast.Module) -> set[str]:
    """Return public functions, classes and constants; type aliases (`Int64s = …`) are free to be listed or not."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        names.update(name for name in assigned_names(node) if is_constant(name))
    return {name for name in names if not name.startswith("_")}


def bound_names(tree: ast.Module) -> set[str]:
    names = {name for node in tree.body for name in assigned_names(node)} | defined_names(tree)
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update(alias.asname or alias.name for alias in node.names)
    return names


def listed_names(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and assigned_names(node) == ["__all__"]:
            names = ast.literal_eval(node.value)
            assert isinstance(names, list)
            return names
    return None


def in_order(name: str) -> tuple[int, str]:
    """Sort key: constants, then classes, then the rest (the order ruff's RUF022 writes)."""
    return (0 if is_constant(name) else 1 if name[:1].isupper() else 2, name)


def loads_on_demand(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body)


def faults(source: Source) -> list[str]:
    listed, defined = listed_names(source.tree), defined_names(source.tree)
    if listed is None:
        return ["no __all__"] if defined else []
    found = [f"{name} is public and not listed" for name in sorted(defined - set(listed))]
    if not loads_on_demand(source.tree):
        found += [f"{name} is listed and not there" for name in sorted(set(listed) - bound_names(source.tree))]
    if listed != sorted(set(listed), key=in_order):
        found.append("not sorted, or a name twice")
    return found


def test_every_module_lists_its_public_names() -> None:
    found = {source.name: wrong for source in package_sources() if (wrong := faults(source))}
    assert not found


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("def f(): ...", "no __all__"),
        ("__all__ = []\nclass A: ...", "A is public and not listed"),
        ("__all__ = []\nLIMIT: int = 1", "LIMIT is public and not listed"),
        ("__all__ = ['f']", "f is listed and not there"),
        ("__all__ = ['g', 'f']\ndef f(): ...\ndef g(): ...", "not sorted, or a name twice"),
        ("__all__ = ['f', 'f']\ndef f(): ...", "not sorted, or a name twice"),
    ],
)
def test_a_planted_fault_is_found(planted: str, fault: str) -> None:
    assert faults(Source.parse("planted.py", planted)) == [fault]


def test_a_module_in_order_has_no_fault() -> None:
    text = "from a import B\n__all__ = ['LIMIT', 'B', 'f']\nLIMIT = 1\n(_A, _B) = 1, 2\nInts = list[int]\ndef f(): ..."
    assert faults(Source.parse("fine.py", text)) == []
