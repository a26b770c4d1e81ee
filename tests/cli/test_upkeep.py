"""Looking after a database through the command."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from tests.cli.support import Command, traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 300
STORE = 5


def total(command: Command, database: Path) -> int:
    outcome = command("report", "overview", "--json", "--database", database)
    return int(outcome.json["totals"]["total_requests"])


def test_backup_and_restore(command: Command, tmp_path: Path) -> None:
    copy, target = tmp_path / "copy.db", tmp_path / "target.db"
    assert "verified" in command.good("backup", copy).out
    assert command.on("backup", copy).code == STORE
    command.good("backup", copy, "--overwrite")
    assert command("restore", copy, "--database", target).code == 0
    assert total(command, target) == total(command, command.path)
    again = command("restore", copy, "--database", target)
    assert "is now" in again.out
    assert len(list(tmp_path.glob("target.db.replaced-*"))) == 1


def test_restore_refuses_what_is_no_backup(command: Command, tmp_path: Path) -> None:
    target, false = tmp_path / "target.db", tmp_path / "false.db"
    command("restore", command.path, "--database", target)
    false.write_text("no database " * 1_000)
    outcome = command("restore", false, "--database", target)
    assert outcome.code != 0
    assert len(outcome.err.splitlines()) == 1
    assert total(command, target) == total(command, command.path)


def test_status_shows_ledger_tiers_and_holds(fresh: Command, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"dirt\n" + write_log(tmp_path, traffic(REQUESTS), "clean.log").read_bytes())
    fresh.good("import", log)
    status = fresh.good("status", "--json").json
    (source,) = status["sources"]
    assert (source["received"], source["stored"], source["reasons"]) == (REQUESTS + 1, REQUESTS, {"format": 1})
    assert status["path"] == str(fresh.path)
    rows = {tier["name"]: tier["rows"] for tier in status["tiers"]}
    with closing(sqlite3.connect(fresh.path)) as connection:
        assert rows["series_minute"] == connection.execute("SELECT count(*) FROM series_minute").fetchone()[0]
    out = fresh.good("status").out
    for words in (f"{REQUESTS} stored since the beginning", "series_minute", "dirt", "import of", "format"):
        assert words in out


def test_a_lifted_hold_goes_with_the_next_retention_run(fresh: Command, tmp_path: Path) -> None:
    fresh.good("import", write_log(tmp_path, traffic(REQUESTS)))
    (hold,) = fresh.good("holds", "--json").json
    assert "access.log" in fresh.good("holds").out
    assert sum(fresh.good("retention", "run", "--json").json["deleted"].values()) == 0
    assert total(fresh, fresh.path) == REQUESTS
    assert "is lifted" in fresh.good("holds", "lift", str(hold["id"])).out
    deleted = fresh.good("retention", "run", "--json").json["deleted"]
    assert deleted["series_minute"] > 0
    assert fresh.good("doctor", "--json").code == 0
    assert fresh.good("report", "requests", "--last", "1h", "--csv").rows == []
    assert fresh.on("holds", "lift", "7").code == STORE


def test_doctor_finds_a_planted_fault(fresh: Command, tmp_path: Path) -> None:
    fresh.good("import", write_log(tmp_path, traffic(REQUESTS)))
    assert "nothing is wrong" in fresh.good("doctor").out
    with closing(sqlite3.connect(fresh.path)) as connection, connection:
        connection.execute(
            "UPDATE series_hour SET request_count = request_count + 1 WHERE id = (SELECT min(id) FROM series_hour)"
        )
    outcome = fresh.on("doctor")
    assert outcome.code == 1
    assert "series_hour" in outcome.out
    assert "→" in outcome.out


def test_migrate_has_nothing_to_do(command: Command) -> None:
    assert "nothing to do" in command.good("migrate").out
