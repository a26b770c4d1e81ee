"""Who may import and catch what, where layers alone do not say it."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tests.repo.syntax import PACKAGE, PACKAGE_NAME, Names, Source, imported_modules, package_sources, python_sources

# Only these parts build or talk to adapters; everything else sees ports. The root lists what a program may import.
COMPOSERS = ("__init__", "__main__", "cli", "demo", "runtime")
ADAPTERS = ("rollup", "sources", "store")

# Errors of a driver are translated where the driver is used.
DRIVERS = {
    "apsw": ("store",),
    "sqlite3": ("store",),
    "bz2": ("sources",),
    "gzip": ("sources",),
    "httpx": ("demo", "sources"),
    "lzma": ("sources",),
    "zlib": ("sources", "store"),
    "zstandard": ("sources",),
}
# What may be imported in these parts of the package only; `runtime` hands the finished application out.
HOMES = {"apsw": ("store",), "sqlite3": ("store",), "fastapi": ("api", "runtime"), "starlette": ("api", "demo")}


def part_of(source: Source) -> str:
    """Return the layer a module belongs to: `store` for `store/fold.py`, `clock` for `clock.py`."""
    return source.name.split("/")[0].removesuffix(".py")


def imports_away_from_home(source: Source) -> list[str]:
    found = ((line, name.partition(".")[0]) for line, name in imported_modules(source))
    return [
        f"{line}: {top} belongs to {' and '.join(HOMES[top])}"
        for line, top in found
        if part_of(source) not in HOMES.get(top, (part_of(source),))
    ]


def adapter_imports(source: Source) -> list[str]:
    if part_of(source) in COMPOSERS:
        return []
    prefixes = {f"{PACKAGE_NAME}.{adapter}": adapter for adapter in ADAPTERS if adapter != part_of(source)}
    return [
        f"{line}: {name}"
        for line, name in imported_modules(source)
        for prefix in prefixes
        if name == prefix or name.startswith(f"{prefix}.")
    ]


def root_imports(source: Source) -> list[str]:
    """Return imports of the package root's own names: they make a cycle through `__init__`."""
    parts = {path.stem for path in PACKAGE.iterdir() if not path.name.startswith("__")}
    found = ((line, name.split(".")) for line, name in imported_modules(source))
    return [
        f"{line}: {'.'.join(names)}"
        for line, names in found
        if names[0] == PACKAGE_NAME and (len(names) == 1 or names[1] not in parts)
    ]


def caught(node: ast.AST, names: Names) -> list[ast.expr]:
    """Return the exception classes that `node` catches."""
    if isinstance(node, ast.ExceptHandler) and node.type is not None:
        return list(node.type.elts) if isinstance(node.type, ast.Tuple) else [node.type]
    if isinstance(node, ast.Call) and names.resolve(node.func) == "contextlib.suppress":
        return node.args
    return []


def driver_errors(source: Source) -> list[str]:
    names = Names(source.tree)
    origins = [
        (item.lineno, origin)
        for node in ast.walk(source.tree)
        for item in caught(node, names)
        if (origin := names.resolve(item)) is not None
    ]
    return [
        f"{line}: {name}"
        for line, name in origins
        if part_of(source) not in DRIVERS.get(name.partition(".")[0], (part_of(source),))
    ]


def environment_reads(source: Source) -> list[str]:
    if source.name == "config.py":
        return []
    names = Names(source.tree)
    readers = ("os.environ", "os.environb", "os.getenv")
    nodes = (node for node in ast.walk(source.tree) if isinstance(node, ast.Name | ast.Attribute))
    return [f"{node.lineno}: {names.resolve(node)}" for node in nodes if names.resolve(node) in readers]


def mocks(source: Source) -> list[str]:
    tops = ("mock.", "pytest_mock.", "unittest.mock.")
    return [f"{line}: {name}" for line, name in imported_modules(source) if f"{name}.".startswith(tops)]


PACKAGE_CHECKS = [imports_away_from_home, adapter_imports, root_imports, driver_errors, environment_reads]
Check = Callable[[Source], list[str]]


@pytest.mark.parametrize("check", PACKAGE_CHECKS, ids=lambda check: check.__name__)
def test_the_package_keeps_the_rule(check: Check) -> None:
    found = {source.name: wrong for source in package_sources() if (wrong := check(source))}
    assert not found


def test_nothing_uses_mocks() -> None:
    found = {source.name: wrong for source in python_sources() if (wrong := mocks(source))}
    assert not found, "write a fake of the port instead"


@pytest.mark.parametrize(
    ("check", "name", "planted"),
    [
        (imports_away_from_home, "query/plan.py", "import apsw"),
        (imports_away_from_home, "cli/doctor.py", "def f():\n    from sqlite3 import connect"),
        (imports_away_from_home, "live/hub.py", "from starlette.websockets import WebSocket"),
        (adapter_imports, "api/app.py", "from mockforge_analytics.store import open_store"),
        (adapter_imports, "query/run.py", "import mockforge_analytics.store.sqlite"),
        (root_imports, "query/run.py", "from mockforge_analytics import AnalyticsDatabase"),
        (root_imports, "query/run.py", "import mockforge_analytics"),
        (driver_errors, "query/run.py", "import apsw\ntry: ...\nexcept apsw.BusyError: ..."),
        (driver_errors, "cli/main.py", "from zstandard import ZstdError as Z\ntry: ...\nexcept (OSError, Z): ..."),
        (driver_errors, "query/a.py", "import contextlib, zlib\nwith contextlib.suppress(zlib.error): ..."),
        (environment_reads, "store/a.py", "import os\nos.environ['X']"),
        (environment_reads, "store/a.py", "from os import getenv\ngetenv('X')"),
        (mocks, "tests/test_a.py", "from unittest import mock"),
        (mocks, "tests/test_a.py", "import unittest.mock as m"),
    ],
)
def test_a_planted_breach_is_found(check: Check, name: str, planted: str) -> None:
    assert check(Source.parse(name, planted))


@pytest.mark.parametrize(
    ("check", "name", "innocent"),
    [
        (imports_away_from_home, "store/writer.py", "import apsw"),
        (adapter_imports, "runtime.py", "from mockforge_analytics.store.sqlite import SqliteStore"),
        (adapter_imports, "store/fold.py", "from mockforge_analytics.store.cells import load"),
        (root_imports, "query/run.py", "from mockforge_analytics import errors"),
        (driver_errors, "store/writer.py", "import apsw\ntry: ...\nexcept apsw.BusyError: ..."),
        (environment_reads, "config.py", "import os\nos.environ['X']"),
        (mocks, "tests/test_a.py", "import unittest"),
    ],
)
def test_an_innocent_line_is_not(check: Check, name: str, innocent: str) -> None:
    assert not check(Source.parse(name, innocent))
