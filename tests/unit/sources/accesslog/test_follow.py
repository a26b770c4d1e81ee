"""Following a log through rotation: each line once, the old file to its end before the new one.

Every test is a script of what the writer and the rotation do, with rounds of polling between.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.accesslog.follow import IDLE_POLLS_BEFORE_CLOSE, Follower, follow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mockforge_analytics.sources.accesslog.fingerprint import Position
    from mockforge_analytics.sources.accesslog.follow import Followed


class Reader:
    """What a following process keeps: the lines it stored, and in the same transaction their positions."""

    def __init__(self, *paths: Path, block_bytes: int = 64) -> None:
        self.paths = paths
        self.block_bytes = block_bytes
        self.lines: list[bytes] = []
        self.stored: list[Position] = []
        self.follower = self.started()

    def started(self) -> Follower:
        return Follower(self.paths, list(self.stored), block_bytes=self.block_bytes)

    def restart(self) -> None:
        self.follower.close()
        self.follower = self.started()

    def poll(self, rounds: int = 1) -> list[bytes]:
        """Return the lines of some rounds of polling."""
        new: list[bytes] = []
        for _ in range(rounds):
            for followed in self.follower.poll():
                new += self.store(followed)
        return new

    def store(self, followed: Followed) -> list[bytes]:
        lines = followed.chunk.data.splitlines()
        self.lines += lines
        self.stored.append(followed.position)
        return lines


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


@pytest.fixture
def reader(log: Path) -> Iterator[Reader]:
    reader = Reader(log)
    yield reader
    reader.follower.close()


def append(path: Path, *lines: str, end: str = "\n") -> None:
    with path.open("a") as file:
        file.write("\n".join(lines) + end)


def numbered(first: int, last: int) -> list[str]:
    return [f"{number} 192.0.2.{number % 250} some line of a log" for number in range(first, last)]


def as_bytes(lines: list[str]) -> list[bytes]:
    return [line.encode() for line in lines]


def test_lines_come_as_they_are_written(log: Path, reader: Reader) -> None:
    assert reader.poll() == []
    append(log, "one", "two")
    assert reader.poll() == [b"one", b"two"]
    assert reader.poll() == []
    append(log, "thr", end="")
    assert reader.poll() == []
    append(log, "ee", "four")
    assert reader.poll() == [b"three", b"four"]


def test_rename_and_create(log: Path, reader: Reader) -> None:
    append(log, *numbered(0, 9))
    reader.poll()
    append(log, *numbered(9, 12))
    log.rename(log.with_suffix(".log.1"))
    append(log, *numbered(12, 15))
    assert reader.poll() == as_bytes(numbered(9, 15))


def test_a_writer_that_keeps_the_renamed_file_for_a_while(log: Path, reader: Reader) -> None:
    append(log, "a")
    reader.poll()
    old = log.rename(log.with_suffix(".log.1"))
    append(log, "b")
    assert reader.poll() == [b"b"]
    append(old, "late")
    append(log, "c")
    assert reader.poll() == [b"late", b"c"]
    append(old, "unfinished", end="")
    assert reader.poll(IDLE_POLLS_BEFORE_CLOSE + 1) == [b"unfinished"]
    append(old, "too late")
    assert reader.poll(3) == []


def test_renamed_but_not_created_yet(log: Path, reader: Reader) -> None:
    append(log, "a")
    reader.poll()
    old = log.rename(log.with_suffix(".log.1"))
    append(old, "b")
    assert reader.poll(2) == [b"b"]
    append(log, "c")
    assert reader.poll() == [b"c"]


def test_renamed_and_back(log: Path, reader: Reader) -> None:
    append(log, "a")
    reader.poll()
    old = log.rename(log.with_suffix(".log.1"))
    append(log, "b")
    reader.poll()
    log.unlink()
    old.rename(log)
    append(log, "c")
    assert reader.poll() == [b"c"]


@pytest.mark.parametrize("grown", [1, 3, 400])
def test_copytruncate(log: Path, reader: Reader, grown: int) -> None:
    append(log, *numbered(0, 9))
    reader.poll()
    shutil.copy(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)
    append(log, *numbered(9, 9 + grown))
    assert reader.poll(2) == as_bytes(numbered(9, 9 + grown))


def test_copytruncate_to_the_very_same_length(log: Path, reader: Reader) -> None:
    append(log, "aaaa", "bbbb")
    reader.poll()
    os.truncate(log, 0)
    append(log, "cccc", "dddd")
    assert reader.poll() == [b"cccc", b"dddd"]


def test_copytruncate_under_a_writer_that_keeps_its_offset(log: Path, reader: Reader) -> None:
    with log.open("wb", buffering=0) as writer:
        writer.write(b"first line\n" * 9)
        reader.poll()
        os.truncate(log, 0)
        writer.write(b"second\n")
        # The hole reads as NULs, which the decoder takes off.
        assert [line.lstrip(b"\0") for line in reader.poll()] == [b"second"]


def test_deleted_and_created_again(log: Path, reader: Reader) -> None:
    append(log, "a")
    with log.open("a") as writer:
        reader.poll()
        log.unlink()
        writer.write("b\n")
        writer.flush()
        assert reader.poll() == [b"b"]
    append(log, "a")
    assert reader.poll() == [b"a"]


def test_several_logs(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    reader = Reader(log, other)
    append(other, "x")
    append(log, "a")
    assert reader.poll() == [b"a", b"x"]
    reader.follower.close()


def test_a_restart_goes_on_where_it_stopped(log: Path, reader: Reader) -> None:
    append(log, *numbered(0, 300))
    reader.poll()
    append(log, "half a li", end="")
    reader.poll()
    reader.restart()
    append(log, "ne", "next")
    assert reader.poll() == [b"half a line", b"next"]
    reader.restart()
    assert reader.poll() == []


def test_a_crash_between_reading_and_storing_loses_nothing(log: Path, reader: Reader) -> None:
    append(log, *numbered(0, 50))
    unstored = next(iter(reader.follower.poll()))
    reader.restart()
    assert reader.poll() == as_bytes(numbered(0, 50))
    assert unstored.chunk.data.splitlines()[0] == reader.lines[0]


@pytest.mark.parametrize("packed", [False, True])
def test_rotated_while_nobody_followed(log: Path, reader: Reader, packed: bool) -> None:
    append(log, *numbered(0, 200))
    reader.poll()
    append(log, *numbered(200, 210))
    reader.follower.close()
    log.rename(log.with_suffix(".log.2"))
    append(log, *numbered(210, 220))
    log.rename(log.with_suffix(".log.1"))
    append(log, *numbered(220, 230))
    for age, name in enumerate([".log", ".log.1", ".log.2"]):
        os.utime(log.with_suffix(name), (1_700_000_000 - age, 1_700_000_000 - age))
    if packed:
        two = log.with_suffix(".log.2")
        packed_log = log.with_suffix(".log.2.gz")
        packed_log.write_bytes(gzip.compress(two.read_bytes()))
        shutil.copystat(two, packed_log)
        two.unlink()
    reader.restart()
    assert reader.poll(2) == as_bytes(numbered(200, 230))
    reader.restart()
    assert reader.poll(IDLE_POLLS_BEFORE_CLOSE + 2) == []


def test_copytruncate_while_nobody_followed(log: Path, reader: Reader) -> None:
    append(log, *numbered(0, 200))
    reader.poll()
    append(log, *numbered(200, 205))
    reader.follower.close()
    shutil.copy(log, log.with_suffix(".log.1"))
    os.truncate(log, 0)
    append(log, *numbered(205, 900))
    reader.restart()
    assert reader.poll(2) == as_bytes(numbered(200, 900))


def test_old_rotated_files_are_left_alone(log: Path, reader: Reader) -> None:
    append(log.with_suffix(".log.1"), *numbered(0, 50))
    append(log, *numbered(50, 60))
    assert reader.poll(3) == as_bytes(numbered(50, 60))


def test_what_cannot_be_followed(tmp_path: Path) -> None:
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(b"x\n"))
    with pytest.raises(SourceError, match="import it instead"):
        Follower([packed])
    with pytest.raises(SourceError, match="not a regular file"):
        Follower([tmp_path])


def test_follow_polls_until_it_is_stopped(log: Path) -> None:
    append(log, "a")
    rounds = iter([False, False, True])

    def stopped() -> bool:
        append(log, "more")
        return next(rounds)

    with Follower([log]) as follower:
        data = b"".join(followed.chunk.data for followed in follow(follower, stopped))
    assert data == b"a\nmore\nmore\n"


@pytest.mark.parametrize("seed", range(30))
def test_any_order_of_writing_rotating_and_restarting(log: Path, reader: Reader, seed: int) -> None:
    rng = random.Random(seed)
    written: list[bytes] = []
    rotations = 0
    for _ in range(60):
        match rng.choice(["write", "write", "poll", "poll", "rename", "truncate", "restart"]):
            case "write":
                new = [f"line {len(written) + index} " + "x" * rng.randrange(60) for index in range(rng.randint(1, 9))]
                append(log, *new)
                written += as_bytes(new)
            case "poll":
                reader.poll()
            case "rename" if log.exists():
                reader.poll()
                rotations += 1
                log.rename(log.with_name(f"access.log.{rotations}"))
            case "truncate" if log.exists():
                # Lines between the last read and the cut are lost to every follower of copytruncate.
                reader.poll()
                os.truncate(log, 0)
            case _:
                reader.restart()
    reader.poll(2)
    assert reader.lines == written
