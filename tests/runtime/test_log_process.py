"""Imports whose logs are read in a process of their own: the same cells, and what happens when one of the two ends."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from mockforge_analytics.errors import FormatError, SourceError
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import ImportOptions, import_log
from mockforge_analytics.runtime.log_process import LogProcess
from tests.cli.support import environment, log_lines, traffic
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockforge_analytics.runtime.imports import ImportProgress

LINES: Final = 900
SMALL: Final = ImportOptions(chunk_bytes=4_096, commit_lines=100)
DIRT: Final = b"\x16\x03\x01 dirt\n\n"
PARENT: Final = """
import sys
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import import_log
from mockforge_analytics.runtime.log_process import LogProcess
with LogProcess() as process, AnalyticsDatabase.open(sys.argv[1]) as database:
    print(process.pid, flush=True)
    import_log(database, sys.argv[2], process=process)
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "access.log"
    path.write_bytes(DIRT + log_lines(traffic(LINES)))
    return path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[AnalyticsDatabase]:
    with AnalyticsDatabase.open(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture
def process() -> Iterator[LogProcess]:
    with LogProcess() as running:
        yield running


def test_the_summary_and_the_cells_are_those_of_one_process(
    log: Path, database: AnalyticsDatabase, process: LogProcess, tmp_path: Path
) -> None:
    found = import_log(database, log, SMALL, process=process)
    with AnalyticsDatabase.open(tmp_path / "b.db") as other:
        expected = import_log(other, log, SMALL)
        assert (found.lines, found.blank, found.stored, found.rejected) == (LINES + 2, 1, LINES, {"format": 1})
        assert found.samples == expected.samples
        assert (found.first, found.last, found.format) == (expected.first, expected.last, expected.format)
        assert database.overview() == other.overview()
        assert database.endpoints().rows == other.endpoints().rows


def test_several_logs_one_after_the_other_and_again(
    log: Path, database: AnalyticsDatabase, process: LogProcess, tmp_path: Path
) -> None:
    rows = traffic(LINES, seed=2)
    plain, packed = tmp_path / "one.log", tmp_path / "two.log.gz"
    plain.write_bytes(log_lines(rows[:300]))
    packed.write_bytes(gzip.compress(log_lines(rows[300:])))
    for path, stored in ((log, LINES), (plain, 300), (packed, 600), (plain, 0), (log, 0)):
        assert import_log(database, path, SMALL, process=process).stored == stored
    assert database.overview().total_requests == 2 * LINES


def test_faults_of_a_log_come_over_and_the_next_one_is_read(
    log: Path, database: AnalyticsDatabase, process: LogProcess, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        import_log(database, tmp_path / "none.log", process=process)
    (tmp_path / "strange.log").write_text("these are\nno requests\n" * 20)
    with pytest.raises(FormatError, match="--format"):
        import_log(database, tmp_path / "strange.log", process=process)
    assert import_log(database, log, process=process).stored == LINES


def test_a_damaged_archive_keeps_what_stood_before_the_damage(
    database: AnalyticsDatabase, process: LogProcess, tmp_path: Path
) -> None:
    source = random.Random(3)
    rows = [entry | {"user_agent": source.randbytes(40).hex()} for entry in traffic(5 * LINES)]
    cut = tmp_path / "cut.log.gz"
    cut.write_bytes(gzip.compress(log_lines(rows))[:-5_000])
    with pytest.raises(SourceError, match=r"cut\.log\.gz"):
        import_log(database, cut, SMALL, process=process)
    assert 0 < database.overview().total_requests < len(rows)


def test_a_stopped_import_stores_what_was_read_and_goes_on_the_next_time(
    log: Path, database: AnalyticsDatabase, process: LogProcess
) -> None:
    first = import_log(database, log, ImportOptions(chunk_bytes=1_000), process=process, cancelled=lambda: True)
    assert first.cancelled
    assert first.stored > 0
    second = import_log(database, log, SMALL, process=process)
    assert first.stored + second.stored == LINES
    assert database.overview().total_requests == LINES


def test_a_killed_reader_is_a_fault_that_says_so_and_the_next_log_gets_a_new_one(
    log: Path, database: AnalyticsDatabase, process: LogProcess
) -> None:
    def kill(_progress: ImportProgress) -> None:
        if process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)

    # More than the socket between the two holds, so that the reader cannot be done when it is killed.
    with pytest.raises(SourceError, match=r"SIGKILL.*same command goes on"):
        import_log(database, log, ImportOptions(chunk_bytes=500, commit_lines=1), process=process, progress=kill)
    assert database.overview().total_requests < LINES
    import_log(database, log, SMALL, process=process)
    assert database.overview().total_requests == LINES


def test_the_reader_ends_when_the_process_that_started_it_is_killed(log: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", PARENT, str(tmp_path / "a.db"), str(pipe)]
    parent = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as out:
        reader = int(out.readline())
        with pipe.open("wb"):  # returns when the reader has it open, and waits for lines that never come
            parent.kill()
            parent.wait()
            until(lambda: not _is_running(reader), "the end of the reader")


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
