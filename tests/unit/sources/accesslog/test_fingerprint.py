"""A log is known by its content: never read twice, never taken for another."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.sources.accesslog.fingerprint import Position, ResumeKind, position_at, resume
from mockforge_analytics.sources.accesslog.reader import LogFile

if TYPE_CHECKING:
    from pathlib import Path


class Bytes:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def read_at(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


def lines(name: str, number: int) -> bytes:
    return b"".join(b"%s line %d\n" % (name.encode(), index) for index in range(number))


def imported(path: Path, known: list[Position]) -> bytes:
    """Import `path` as the command does, adding a position a chunk to `known`; return what was read."""
    data = b""
    with LogFile(path) as log:
        found = resume(known, log)
        if found.kind is ResumeKind.SHORTER:
            return data
        for chunk in log.chunks(found.start, chunk_bytes=3_000):
            data += chunk.data
            known.append(log.position(chunk))
    return data


@pytest.mark.parametrize("number", [1, 3, 2_000])
def test_the_same_file_under_any_name_is_read_once(tmp_path: Path, number: int) -> None:
    text = lines("a", number)
    known: list[Position] = []
    (tmp_path / "access.log").write_bytes(text)
    (tmp_path / "renamed").write_bytes(text)
    (tmp_path / "packed.gz").write_bytes(gzip.compress(text))
    (tmp_path / "packed.zst").write_bytes(zstandard.ZstdCompressor().compress(text))
    assert imported(tmp_path / "access.log", known) == text
    for name in ("access.log", "renamed", "packed.gz", "packed.zst"):
        assert imported(tmp_path / name, known) == b""


@pytest.mark.parametrize("before", [1, 20, 2_000])
@pytest.mark.parametrize("packed", [False, True])
def test_only_the_growth_is_read(tmp_path: Path, before: int, packed: bool) -> None:
    known: list[Position] = []
    (tmp_path / "log").write_bytes(lines("a", before))
    assert imported(tmp_path / "log", known) == lines("a", before)
    grown = lines("a", before) + lines("b", 700)
    (tmp_path / "later").write_bytes(gzip.compress(grown) if packed else grown)
    assert imported(tmp_path / "later", known) == lines("b", 700)
    assert imported(tmp_path / "later", known) == b""


def test_another_file_that_starts_alike_is_read_whole(tmp_path: Path) -> None:
    known: list[Position] = []
    (tmp_path / "one").write_bytes(lines("same", 1_000) + lines("x", 500))
    (tmp_path / "two").write_bytes(lines("same", 1_000) + lines("y", 900))
    imported(tmp_path / "one", known)
    del known[:-1]
    assert imported(tmp_path / "two", known) == (tmp_path / "two").read_bytes()


def test_an_older_copy_of_a_log_brings_nothing(tmp_path: Path) -> None:
    known: list[Position] = []
    (tmp_path / "log").write_bytes(lines("a", 2_000))
    imported(tmp_path / "log", known)
    (tmp_path / "copy").write_bytes(lines("a", 1_234))
    assert imported(tmp_path / "copy", known) == b""
    with LogFile(tmp_path / "copy") as log:
        assert resume(known, log).kind is ResumeKind.SHORTER
        assert resume(known[-1:], log).kind is ResumeKind.SHORTER


def test_a_shorter_file_in_its_place_is_another_log(tmp_path: Path) -> None:
    known: list[Position] = []
    (tmp_path / "log").write_bytes(lines("a", 2_000))
    imported(tmp_path / "log", known)
    (tmp_path / "log").write_bytes(lines("b", 10))
    assert imported(tmp_path / "log", known) == lines("b", 10)


@given(st.binary(min_size=1, max_size=300), st.binary(max_size=300), st.integers(1, 50))
def test_a_position_survives_json_and_fits_every_continuation(read: bytes, more: bytes, tail: int) -> None:
    position = position_at(read + more, len(read), read[-tail:])
    restored = Position(**json.loads(json.dumps(position.to_dict())))
    assert restored == position
    found = resume([restored], Bytes(read + more))
    assert (found.kind, found.start) == (ResumeKind.GROWN, len(read))


@given(st.binary(min_size=1, max_size=200), st.integers(0, 199), st.integers(1, 255))
def test_a_changed_byte_at_the_start_or_the_end_makes_another_log(read: bytes, at: int, change: int) -> None:
    changed = bytearray(read)
    changed[at % len(read)] ^= change
    position = position_at(read, len(read), read)
    assert resume([position], Bytes(bytes(changed))).kind is ResumeKind.NEW


def test_the_furthest_position_counts() -> None:
    text = lines("a", 100)
    offsets = (50, 700, 300)
    positions = [position_at(text, at, text[:at][-9:]) for at in offsets]
    assert resume(positions, Bytes(text)).start == max(offsets)
    assert resume([], Bytes(text)).kind is ResumeKind.NEW
