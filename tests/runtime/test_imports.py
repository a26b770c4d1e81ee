"""The life of an import: twice, grown, renamed, packed, in any order and size, interrupted and killed."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.follow import follow_logs
from mockforge_analytics.runtime.imports import ImportOptions, import_log
from mockforge_analytics.store.sql import CELL_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

START: Final = 1_788_000_000
LINES: Final = 600
BARE: Final = 50
FIRST: Final = 250
SURE_HITS: Final = 10  # every import of the log passes so many failpoints
LAST_ROUND: Final = 2
SMALL: Final = ImportOptions(chunk_bytes=4_096, commit_lines=100)
ROOT: Final = Path(__file__).resolve().parents[2]
KILL: Final = """
import os, signal, sys
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import ImportOptions, import_log
left = int(sys.argv[3])
def failpoint(name):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with AnalyticsDatabase.open(sys.argv[1], failpoint=failpoint) as database:
    import_log(database, sys.argv[2], ImportOptions(chunk_bytes=4096, commit_lines=1))
print(left)
"""


def lines(count: int, seed: int = 1) -> list[str]:
    rng = random.Random(seed)
    made = []
    for number in range(count):
        at = datetime.fromtimestamp(START + number * 7 + rng.randrange(40), UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
        path, status = f"/things/{rng.randrange(9)}/part", rng.choice((200, 200, 201, 404, 500))
        made.append(
            f'192.0.2.{rng.randrange(40)} - - [{at}] "GET {path} HTTP/1.1" {status} {rng.randrange(9_999)} '
            f'"-" "agent/{rng.randrange(4)}" {rng.randrange(3_000) / 1_000:.3f}'
        )
    return made


def write(path: Path, text: Sequence[str]) -> Path:
    path.write_text("".join(line + "\n" for line in text))
    return path


def cells(path: Path) -> dict[str, list[Any]]:
    """Every cell of every tier under the names of its series, so that ids do not matter."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    names = "p.protocol, p.workspace_id, p.environment, s.method, s.endpoint, s.status_code"
    join = "JOIN series s ON s.id = c.id & 268435455 JOIN scope p ON p.id = s.scope_id"
    columns = ", ".join(f"c.{name}" for name in CELL_COLUMNS)
    found = {}
    for tier in ("series_minute", "series_hour", "series_6h", "series_day"):
        select = " ".join(("SELECT c.id >> 34,", names, ",", columns, "FROM", tier, "c", join))
        found[tier] = sorted(connection.execute(select).fetchall())
    found["clients"] = sorted(
        connection.execute(
            "SELECT timestamp, client_ip, user_agent, request_count, error_count, bytes_sent, "
            "(SELECT group_concat(value) FROM (SELECT value FROM json_each(top_endpoints) ORDER BY 1)) "
            "FROM client_analytics"
        ).fetchall()
    )
    found["errors"] = connection.execute(
        "SELECT timestamp_us, endpoint, client_ip FROM error_events ORDER BY 1, 2, 3"
    ).fetchall()
    connection.close()
    return found


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("log") / "access.log", lines(LINES))


@pytest.fixture(scope="module")
def undisturbed(log: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    path = tmp_path_factory.mktemp("plain") / "plain.db"
    with AnalyticsDatabase.open(path) as database:
        assert import_log(database, log).stored == LINES
    return cells(path)


def test_importing_twice_renamed_or_packed_counts_once(log: Path, tmp_path: Path) -> None:
    renamed = shutil.copy(log, tmp_path / "access.log.1")
    packed = tmp_path / "access.log.2.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        assert import_log(database, log, SMALL).stored == LINES
        for again in (log, renamed, packed):
            summary = import_log(database, again, SMALL)
            assert (summary.stored, summary.already_imported) == (0, log.stat().st_size)
        assert database.overview().total_requests == LINES


def test_the_grown_log_goes_on_where_the_import_ended(log: Path, tmp_path: Path) -> None:
    text = log.read_text().splitlines()
    grown = write(tmp_path / "access.log", text[:FIRST])
    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        assert import_log(database, grown, SMALL).stored == FIRST
        write(grown, text)
        assert import_log(database, grown, SMALL).stored == LINES - FIRST
    assert cells(tmp_path / "a.db")["series_day"]


@pytest.mark.parametrize(("chunk_bytes", "commit_lines"), [(700, 1), (4_096, 100), (700, 450), (1 << 24, 100)])
def test_any_order_and_chunk_size_ends_in_the_same_cells(
    log: Path, undisturbed: dict[str, list[Any]], tmp_path: Path, chunk_bytes: int, commit_lines: int
) -> None:
    text = log.read_text().splitlines()
    random.Random(chunk_bytes).shuffle(text)
    parts = [write(tmp_path / f"part{i}.log", text[i::3]) for i in range(3)]
    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        for part in parts:
            import_log(database, part, ImportOptions(chunk_bytes=chunk_bytes, commit_lines=commit_lines))
    assert cells(tmp_path / "a.db") == undisturbed


def test_a_cancelled_import_goes_on_the_next_time(log: Path, undisturbed: dict[str, list[Any]], tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        first = import_log(database, log, SMALL, cancelled=lambda: True)
        assert first.cancelled
        assert 0 < first.stored < LINES
        second = import_log(database, log, SMALL)
        assert first.stored + second.stored == LINES
    assert cells(tmp_path / "a.db") == undisturbed


@pytest.mark.parametrize("hit", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 17, 22, 30, 45])
def test_an_import_killed_at_any_point_ends_in_the_same_cells(
    log: Path, undisturbed: dict[str, list[Any]], tmp_path: Path, hit: int
) -> None:
    database = tmp_path / "a.db"
    command = [sys.executable, "-c", KILL, str(database), str(log), str(hit)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    killed = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert killed.returncode in (-signal.SIGKILL, 0)
    assert hit > SURE_HITS or killed.returncode == -signal.SIGKILL
    with AnalyticsDatabase.open(database) as opened:
        import_log(opened, log, SMALL)
        assert opened.overview().total_requests == LINES
    assert cells(database) == undisturbed


def test_following_through_a_rotation_stores_each_line_once(
    log: Path, undisturbed: dict[str, list[Any]], tmp_path: Path
) -> None:
    text = log.read_text().splitlines()
    path = write(tmp_path / "live.log", text[:100])
    rounds = iter(range(3))

    def stopped() -> bool:
        step = next(rounds)
        if step == 0:
            with path.open("a") as file:
                file.write("".join(line + "\n" for line in text[100:300]))
            path.rename(tmp_path / "live.log.1")
            write(path, text[300:450])
        elif step == 1:
            with path.open("a") as file:
                file.write("".join(line + "\n" for line in text[450:]))
        return step == LAST_ROUND

    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        follow_logs(database, [path], SMALL, stopped=stopped)
        assert database.overview().total_requests == LINES
    assert cells(tmp_path / "a.db") == undisturbed


def test_a_log_without_latency_has_unknown_latency_beside_one_that_has_it(log: Path, tmp_path: Path) -> None:
    text = [line.rpartition(" ")[0] for line in lines(BARE, seed=2)]
    bare = write(tmp_path / "bare.log", text)
    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        assert not import_log(database, bare).has_latency
        latency = database.overview().latency
        assert (latency.count, latency.average, latency.p95) == (0, None, None)
        import_log(database, log)
        overview = database.overview()
        assert (overview.total_requests, overview.latency.count) == (LINES + BARE, LINES)


def test_old_data_is_held_and_retention_spares_it(log: Path, tmp_path: Path) -> None:
    old = write(tmp_path / "old.log", [line.replace("/2026:", "/2015:") for line in log.read_text().splitlines()])
    with AnalyticsDatabase.open(tmp_path / "a.db") as database:
        summary = import_log(database, old)
        assert (summary.stored, summary.held) == (LINES, True)
        database.retention()
        assert database.overview().total_requests == LINES
