"""The command as a process: signals, pipes, full disks, and databases in every state."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.errors import StoreError
from mockforge_analytics.runtime.database import AnalyticsDatabase
from tests.cli.support import Command, Outcome, command_line, environment, log_lines, traffic, write_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REQUESTS = 300
DAMAGED, FOREIGN, BUSY, FULL, STORE, OUTPUT = 8, 9, 6, 7, 5, 10
ALL_BUT_THE_HEADER = slice(4_096, None)


def start(*arguments: str | Path, cwd: Path, **extra: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command_line(*arguments), cwd=cwd, env=environment(**extra), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(running: subprocess.Popen[bytes]) -> Outcome:
    out, err = running.communicate()
    return Outcome(running.returncode, out.decode(), err.decode())


def stored(folder: Path) -> int:
    """Return how many requests a reader finds in the database `d.db`."""
    with AnalyticsDatabase.open(folder / "d.db", writable=False) as database:
        return database.overview().total_requests


def one_line(outcome: Outcome) -> str:
    """Return what an error says, which must be all that was said."""
    (line,) = outcome.err.splitlines()
    assert outcome.out == ""
    assert line.startswith("mockforge-analytics: ")
    assert "Traceback" not in line
    return line


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_import_keeps_what_it_has_and_can_be_repeated(
    tmp_path: Path, fresh: Command, number: signal.Signals, code: int
) -> None:
    rows = traffic(3 * REQUESTS)
    names = ["one.log", "pipe", "three.log"]
    write_log(tmp_path, rows[:REQUESTS], "one.log")
    write_log(tmp_path, rows[2 * REQUESTS :], "three.log")
    os.mkfifo(tmp_path / "pipe")
    running = start("import", *names, "-d", "d.db", cwd=tmp_path)
    with (tmp_path / "pipe").open("wb") as pipe:  # returns when the first log is stored and the pipe is opened
        running.send_signal(number)
        pipe.write(log_lines(rows[REQUESTS : 2 * REQUESTS]))
    outcome = ended(running)
    assert outcome.code == code
    assert "the same command goes on from there" in outcome.err
    assert stored(tmp_path) == 2 * REQUESTS
    assert fresh("import", "one.log", "three.log", "-d", "d.db").code == 0
    assert stored(tmp_path) == len(rows)


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    write_log(tmp_path, traffic(REQUESTS), "one.log")
    os.mkfifo(tmp_path / "pipe")
    # An interrupt may come between the opening of a file and the statement that closes it.
    running = start("import", "one.log", "pipe", "-d", "d.db", cwd=tmp_path, PYTHONWARNINGS="ignore")
    with (tmp_path / "pipe").open("wb"):
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        assert b"Ctrl-C again" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        outcome = ended(running)
    assert (outcome.code, outcome.err) == (130, "")
    assert stored(tmp_path) == REQUESTS


def test_following_through_a_rotation_until_it_is_ended(tmp_path: Path) -> None:
    rows = traffic(3 * REQUESTS)
    log = write_log(tmp_path, rows[:REQUESTS])
    running = start("follow", log, "-d", "d.db", "--interval", "0.05", "--json", cwd=tmp_path)
    wait_for(tmp_path, running, REQUESTS)
    with log.open("ab") as file:
        file.write(log_lines(rows[REQUESTS : 2 * REQUESTS]))
    wait_for(tmp_path, running, 2 * REQUESTS)
    log.rename(tmp_path / "access.log.1")
    write_log(tmp_path, rows[2 * REQUESTS :])
    wait_for(tmp_path, running, 3 * REQUESTS)
    running.send_signal(signal.SIGTERM)
    outcome = ended(running)
    assert outcome.code == 0
    (followed,) = outcome.json
    assert (followed["lines"], followed["stored"]) == (len(rows), len(rows))


def wait_for(folder: Path, running: subprocess.Popen[bytes], requests: int) -> None:
    """Return when so many requests are visible to a reader beside the writer."""
    while running.poll() is None:
        with suppress(StoreError):  # not there yet, or still without tables
            if stored(folder) == requests:
                return
    pytest.fail(f"ended early: {ended(running)}")


@pytest.mark.parametrize("arguments", [("report", "endpoints"), ("report", "clients", "--json"), ("export", "csv")])
def test_a_reader_that_goes_away_is_no_error(filled: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command_line(*arguments, "-d", filled),
        cwd=tmp_path,
        env=environment(),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def spoken_to(stdout: int | None, tmp_path: Path, filled: Path, *, closed: bool = False) -> Outcome:
    done = subprocess.run(
        command_line("export", "csv", "-d", filled),
        cwd=tmp_path,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        preexec_fn=(lambda: os.close(1)) if closed else None,
        check=False,
    )
    return Outcome(done.returncode, "", done.stderr.decode())


def test_a_full_disk_under_the_output(filled: Path, tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    outcome = spoken_to(full, tmp_path, filled)
    os.close(full)
    assert outcome.code == OUTPUT
    assert "standard output cannot be written: No space left on device" in one_line(outcome)


def test_no_output_at_all(filled: Path, tmp_path: Path) -> None:
    outcome = spoken_to(None, tmp_path, filled, closed=True)
    assert outcome.code == OUTPUT
    assert "standard output is closed" in one_line(outcome)


def limited(size: int) -> Callable[[], None]:
    """Return what makes every file of a process end at `size` bytes, as a full disk would."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_full_disk_loses_nothing(fresh: Command, tmp_path: Path) -> None:
    rows = traffic(8_000)
    write_log(tmp_path, rows[:REQUESTS], "one.log")
    write_log(tmp_path, rows[REQUESTS:], "two.log")
    assert fresh("import", "one.log", "-d", "d.db").code == 0
    size = (tmp_path / "d.db").stat().st_size + 100_000
    done = subprocess.run(
        command_line("import", "two.log", "-d", "d.db"),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        preexec_fn=limited(size),
        check=False,
    )
    line = one_line(Outcome(done.returncode, done.stdout.decode(), done.stderr.decode()))
    assert done.returncode in (STORE, FULL)
    assert "d.db" in line
    assert stored(tmp_path) == REQUESTS
    assert fresh("doctor", "-d", "d.db").code == 0
    assert fresh("import", "two.log", "-d", "d.db").code == 0
    assert stored(tmp_path) == len(rows)


def test_a_second_writer_is_refused_and_readers_are_not(fresh: Command, tmp_path: Path) -> None:
    log = write_log(tmp_path, traffic(REQUESTS))
    fresh.good("import", log)
    before = fresh.good("report", "overview", "--json").json["totals"]["total_requests"]
    with AnalyticsDatabase.open(fresh.path):
        for arguments in (("import", log), ("retention", "run"), ("restore", log), ("follow", log)):
            outcome = fresh.on(*arguments)
            assert outcome.code == BUSY, arguments
            assert f"pid {os.getpid()}" in one_line(outcome)
        assert fresh.good("report", "overview", "--json").json["totals"]["total_requests"] == before
        for reader in (("status",), ("doctor",), ("export", "csv"), ("holds",), ("backup", tmp_path / "copy.db")):
            fresh.good(*reader)


def change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def broken(fresh: Command, tmp_path: Path) -> Path:
    """A small database to be damaged."""
    fresh.good("import", write_log(tmp_path, traffic(REQUESTS)))
    return fresh.path


COMMANDS = (("report", "overview"), ("status",), ("import", "access.log"), ("export", "csv"))


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_newer_schema(fresh: Command, broken: Path, arguments: tuple[str, ...]) -> None:
    change(broken, "PRAGMA user_version = 99")
    outcome = fresh.on(*arguments)
    assert outcome.code == FOREIGN
    assert "was written by a newer version (schema 99" in one_line(outcome)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_database_of_another_program(fresh: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write_log(tmp_path, traffic(REQUESTS))
    change(fresh.path, "CREATE TABLE other (id)")
    outcome = fresh.on(*arguments)
    assert outcome.code == FOREIGN
    assert "is a database of another program" in one_line(outcome)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_something_else_than_a_database(fresh: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write_log(tmp_path, traffic(REQUESTS))
    fresh.path.write_bytes(b"no database " * 1_000)
    outcome = fresh.on(*arguments)
    assert outcome.code == DAMAGED
    assert "is not a mockforge-analytics database" in one_line(outcome)


@pytest.mark.parametrize("arguments", COMMANDS)
def test_a_folder_instead_of_a_database(fresh: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write_log(tmp_path, traffic(REQUESTS))
    fresh.path.mkdir()
    outcome = fresh.on(*arguments)
    assert outcome.code == STORE
    assert "is a folder, not a database file: choose a file with --database" in one_line(outcome)
    (found,) = [item for item in fresh.on("doctor", "--json").json if item["level"] == "error"]
    assert "is a folder" in found["what"]


@pytest.mark.parametrize("arguments", [("report", "overview"), ("status",), ("export", "csv")])
def test_an_empty_file_instead_of_a_database(fresh: Command, arguments: tuple[str, ...]) -> None:
    fresh.path.touch()
    outcome = fresh.on(*arguments)
    assert outcome.code == DAMAGED
    assert "is empty: it holds no database" in one_line(outcome)


def test_a_damaged_database(fresh: Command, broken: Path) -> None:
    content = bytearray(broken.read_bytes())
    content[ALL_BUT_THE_HEADER] = bytes(len(content[ALL_BUT_THE_HEADER]))
    broken.write_bytes(content)
    outcome = fresh.on("report", "overview")
    assert outcome.code == DAMAGED
    assert "is damaged" in one_line(outcome)
    found = fresh.on("doctor", "--json")
    assert found.code == 1
    assert any(item["level"] == "error" and "restore" in item["advice"] for item in found.json)


@pytest.mark.parametrize(
    "arguments", [("report", "overview"), ("status",), ("retention", "run"), ("migrate",), ("holds",)]
)
def test_no_database(fresh: Command, arguments: tuple[str, ...]) -> None:
    outcome = fresh.on(*arguments)
    assert outcome.code == STORE
    assert "there is no database" in one_line(outcome)
    assert not fresh.path.exists()


def test_a_new_folder_is_made_and_named_once(fresh: Command, tmp_path: Path) -> None:
    """A misspelt path is seen at once, and what has no folder yet needs none to be made by hand."""
    log = write_log(tmp_path, traffic(REQUESTS))
    made = f"made the folder {tmp_path / 'a' / 'b'} for the database"
    first = fresh("import", log, "--database", tmp_path / "a" / "b" / "d.db")
    assert (first.code, made in first.err.splitlines()) == (0, True)
    again = fresh("import", log, "--database", tmp_path / "a" / "b" / "d.db")
    assert (again.code, again.err) == (0, "")
    token = fresh("token", "create", "ci", "--database", tmp_path / "c" / "d.db")
    assert (token.code, f"made the folder {tmp_path / 'c'} for the database" in token.err.splitlines()) == (0, True)
    assert fresh("backup", tmp_path / "copy.db", "--database", tmp_path / "a" / "b" / "d.db").code == 0
    restored = fresh("restore", tmp_path / "copy.db", "--database", tmp_path / "e" / "d.db")
    assert restored.code == 0
    assert f"made the folder {tmp_path / 'e'} for the database" in restored.err.splitlines()
    for reader in (("status",), ("report", "overview"), ("token", "list"), ("doctor",)):
        outcome = fresh(*reader, "--database", tmp_path / "x" / "d.db")
        assert "made the folder" not in outcome.err
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made(fresh: Command, tmp_path: Path) -> None:
    log = write_log(tmp_path, traffic(REQUESTS))
    for arguments in (("import", log), ("token", "create", "ci"), ("serve", "--port", "0")):
        outcome = fresh(*arguments, "--database", log / "below" / "d.db")
        assert outcome.code == STORE
        assert f"the folder {log / 'below'} of the database cannot be made" in one_line(outcome)


@pytest.mark.parametrize("module", ["runtime.server", "runtime.imports", "runtime.follow", "demo.run"])
def test_polars_has_its_hook_before_signals_are_ours(module: str) -> None:
    """It takes SIGINT when it is loaded, and a report or a commit under way would then be broken off by Ctrl-C."""
    statement = f"import sys, mockforge_analytics.{module}; print('polars' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", statement], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"
