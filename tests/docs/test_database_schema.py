"""Every statement of docs/database-schema.md runs in an ordinary SQLite client, and its figures are those counted."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from mockforge_analytics.bundled import example_log
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import import_log

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "database-schema.md").read_text("utf-8")
STATEMENTS: Final = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
TRUTH: Final = json.loads((ROOT / "tests" / "data" / "example-access.truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "example.db"
    with AnalyticsDatabase.open(path) as database, example_log() as log:
        import_log(database, log)
    return path


@pytest.fixture
def client(example: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(f"file:{example}?mode=ro", uri=True)
    yield connection
    connection.close()


def rows(client: sqlite3.Connection, mark: str) -> list[dict[str, Any]]:
    """The answer of the page's statement that holds `mark`."""
    (statement,) = [text for text in STATEMENTS if mark in text]
    cursor = client.execute(statement)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_statement_answers_something(client: sqlite3.Connection, statement: str) -> None:
    assert client.execute(statement).fetchall()


def test_the_days_are_those_counted_by_awk(client: sqlite3.Connection) -> None:
    found = {row["date"][-2:]: row["requests"] for row in rows(client, "metrics_aggregates_day")}
    assert found == TRUTH["days"]


def test_a_range_of_keys_is_a_day(client: sqlite3.Connection) -> None:
    assert [row["requests"] for row in rows(client, "FROM series_hour")] == [TRUTH["days"]["20"]]


def test_the_busiest_endpoint_without_identifiers_in_its_path(client: sqlite3.Connection) -> None:
    found = {row["endpoint"]: row["total_requests"] for row in rows(client, "FROM endpoint_stats")}
    path, count = TRUTH["top_origin_paths"][0]
    assert found[path] == count


def test_the_tables_of_the_contract_are_all_there(client: sqlite3.Connection) -> None:
    named = set(re.findall(r"^\| `(\w+)` \| (?:view|table) \|", PAGE, re.MULTILINE))
    stored = {name for (name,) in client.execute("SELECT name FROM sqlite_schema WHERE type IN ('view', 'table')")}
    assert len(named) == len({"minute", "hour", "day", "endpoint", "traffic", "client", "error", "snapshot"})
    assert named <= stored


def test_every_table_is_described(client: sqlite3.Connection) -> None:
    stored = {
        name
        for (name,) in client.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        if not name.startswith("sqlite_")
    }
    assert {name for name in stored if f"`{name}`" not in PAGE} == set()
