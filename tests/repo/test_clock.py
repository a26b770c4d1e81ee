"""The wall clock is read in clock.py and nowhere else, neither by Python nor by SQLite."""

from __future__ import annotations

import ast
import re

import pytest

from tests.repo.syntax import PACKAGE, ROOT, Names, Source, package_sources, repository_files

READERS = frozenset(
    {
        "time.time",
        "time.time_ns",
        "time.clock_gettime",
        "time.clock_gettime_ns",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
    }
)
# These read the clock when called with fewer arguments than this.
READERS_WITHOUT_ARGUMENT = {
    "time.asctime": 1,
    "time.ctime": 1,
    "time.gmtime": 1,
    "time.localtime": 1,
    "time.strftime": 2,
}
SQL_READER = re.compile(r"\bcurrent_timestamp\b|'now'|\bunixepoch\(\s*\)", re.IGNORECASE)
# The published tables carry this default for other programs that insert; our own inserts name the column.
SQL_DEFAULT = re.compile(r"\bDEFAULT \(unixepoch\(\)\)")


def call_reads(node: ast.Call, names: Names) -> bool:
    origin = names.resolve(node.func)
    if origin == "numpy.datetime64":
        return any(isinstance(given, ast.Constant) and given.value in ("now", "today") for given in node.args)
    return origin is not None and len(node.args) < READERS_WITHOUT_ARGUMENT.get(origin, 0)


def reads(node: ast.AST, names: Names) -> bool:
    match node:
        case ast.Call():
            return call_reads(node, names)
        case ast.Name() | ast.Attribute():
            return names.resolve(node) in READERS
        case ast.Constant(value=str(text)):
            return SQL_READER.search(text) is not None
        case _:
            return False


def lines_that_read_the_clock(source: Source) -> list[int]:
    names = Names(source.tree)
    return sorted({node.lineno for node in ast.walk(source.tree) if isinstance(node, ast.expr) and reads(node, names)})


def test_only_the_clock_module_reads_the_clock() -> None:
    found = {source.name: lines for source in package_sources() if (lines := lines_that_read_the_clock(source))}
    assert set(found) == {"clock.py"}, f"pass the time in instead: {found}"


def sql_reads(text: str) -> list[str]:
    return SQL_READER.findall(SQL_DEFAULT.sub("", text))


def test_no_sql_file_reads_the_clock() -> None:
    files = [ROOT / name for name in repository_files() if name.suffix == ".sql"]
    found = {
        str(file): reads for file in files if file.is_relative_to(PACKAGE) and (reads := sql_reads(file.read_text()))
    }
    assert not found


def test_a_planted_sql_read_is_found() -> None:
    assert sql_reads("CREATE VIEW v AS SELECT unixepoch() AS now")
    assert sql_reads("CREATE TRIGGER t INSERT ON a BEGIN UPDATE a SET at = strftime('%s', 'now'); END")
    assert not sql_reads("created_at INTEGER NOT NULL DEFAULT (unixepoch()),")


@pytest.mark.parametrize(
    "planted",
    [
        "import time\ntime.time()",
        "import time as t\nt.time_ns()",
        "from time import time as wall\nstarted = wall",
        "import datetime as dt\ndt.datetime.now(dt.UTC)",
        "def late():\n    from datetime import datetime\n    return datetime.utcnow()",
        "from dataclasses import field\nimport time\nat = field(default_factory=time.time)",
        "import time\ntime.gmtime()",
        "import time\ntime.strftime('%Y')",
        "import numpy as np\nnp.datetime64('now')",
        "sql = \"SELECT unixepoch('now')\"",
        "sql = 'CREATE TABLE t (at INTEGER DEFAULT CURRENT_TIMESTAMP)'",
    ],
)
def test_a_planted_read_is_found(planted: str) -> None:
    assert lines_that_read_the_clock(Source.parse("planted.py", planted))


@pytest.mark.parametrize(
    "innocent",
    [
        "import time\ntime.monotonic()",
        "import time\ntime.gmtime(0)",
        "clock.now_us()",
        "from datetime import datetime, UTC\ndatetime.fromtimestamp(0, UTC)",
    ],
)
def test_an_innocent_line_is_not(innocent: str) -> None:
    assert not lines_that_read_the_clock(Source.parse("innocent.py", innocent))
