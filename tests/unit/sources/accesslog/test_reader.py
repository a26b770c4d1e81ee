"""Reading plain, gzip and zstd logs: the same lines at the same offsets, or one clear sentence."""

from __future__ import annotations

import gzip
import io
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.errors import InputChangedError, SourceError
from mockforge_analytics.sources.accesslog.cutter import LineCutter
from mockforge_analytics.sources.accesslog.detect import SAMPLE_BYTES
from mockforge_analytics.sources.accesslog.lines import MAX_LINE_BYTES
from mockforge_analytics.sources.accesslog.prefetch import prefetch
from mockforge_analytics.sources.accesslog.reader import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEXT = b"".join(b"line %d of a log, long enough to need several blocks\n" % index for index in range(3_000))


def two_members(data: bytes, pack: Callable[[bytes], bytes]) -> bytes:
    middle = len(data) // 2
    return pack(data[:middle]) + pack(data[middle:])


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip members": lambda data: two_members(data, gzip.compress),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "zstd frames": lambda data: two_members(data, zstandard.ZstdCompressor().compress),
    "zstd skippable": lambda data: b"\x50\x2a\x4d\x18\x03\0\0\0abc" + zstandard.ZstdCompressor().compress(data),
}


GROWTHS = [(b"ee\nfour\n", [b"four\n"]), (b"\nfour\n", [b"four\n"]), (b"ee", [])]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("packing", PACKERS)
@pytest.mark.parametrize("chunk_bytes", [1_000, 50_000, 10**7])
def test_every_byte_comes_once(tmp_path: Path, packing: str, chunk_bytes: int) -> None:
    path = write(tmp_path / "log", PACKERS[packing](TEXT))
    with LogFile(path) as log:
        assert log.sample == TEXT[:SAMPLE_BYTES]
        chunks = list(log.chunks(chunk_bytes=chunk_bytes))
        assert log.bytes_read == log.total_bytes == path.stat().st_size
    assert b"".join(chunk.data for chunk in chunks) == TEXT
    at = 0
    for chunk in chunks:
        assert (chunk.offset_start, chunk.offset_end) == (at, at + len(chunk.data))
        assert chunk.data.endswith(b"\n")
        assert TEXT[: chunk.offset_end].endswith(chunk.tail)
        assert chunk.tail
        at = chunk.offset_end


@pytest.mark.parametrize("packing", PACKERS)
def test_reading_goes_on_at_an_offset(tmp_path: Path, packing: str) -> None:
    start = TEXT.index(b"line 1500")
    with LogFile(write(tmp_path / "log", PACKERS[packing](TEXT))) as log:
        assert b"".join(chunk.data for chunk in log.chunks(start, chunk_bytes=999)) == TEXT[start:]
        within = b"".join(chunk.data for chunk in log.chunks(start + 5))
        assert within == TEXT[TEXT.index(b"line 1501") :]
        assert log.read_at(start, 9) == b"line 1500"
        assert log.read_at(len(TEXT) - 3, 9) == TEXT[-3:]


@pytest.mark.parametrize("packing", ["plain", "gzip", "zstd"])
def test_standard_input(packing: str) -> None:
    with LogFile("-", io.BytesIO(PACKERS[packing](TEXT + b"no line ending"))) as log:
        assert (log.name, log.can_seek, log.total_bytes) == ("standard input", False, None)
        assert b"".join(chunk.data for chunk in log.chunks(chunk_bytes=4_000)) == TEXT + b"no line ending"


def test_an_unfinished_line_waits_until_it_is_finished(tmp_path: Path) -> None:
    path = write(tmp_path / "log", b"one\ntwo\nthr")
    with LogFile(path) as log:
        (chunk,) = log.chunks()
        assert (chunk.data, chunk.offset_end) == (b"one\ntwo\n", 8)
    write(path, b"one\ntwo\nthree\n")
    with LogFile(path) as log:
        assert [chunk.data for chunk in log.chunks(8)] == [b"three\n"]


@pytest.mark.parametrize(("growth", "expected"), GROWTHS)
def test_a_final_reading_takes_the_unfinished_line_and_no_part_of_it_again(
    tmp_path: Path, growth: bytes, expected: list[bytes]
) -> None:
    path = write(tmp_path / "log", b"one\nthr")
    with LogFile(path) as log:
        chunks = list(log.chunks(final=True))
    assert [chunk.data for chunk in chunks] == [b"one\n", b"thr"]
    write(path, b"one\nthr" + growth)
    with LogFile(path) as log:
        assert [chunk.data for chunk in log.chunks(chunks[-1].offset_end, final=True)] == expected


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_packed_log_is_final(tmp_path: Path, packing: str) -> None:
    with LogFile(write(tmp_path / "log", PACKERS[packing](b"one\ntwo"))) as log:
        assert [chunk.data for chunk in log.chunks()] == [b"one\n", b"two"]


@pytest.mark.parametrize("packing", ["gzip", "gzip members", "zstd", "zstd frames"])
@pytest.mark.parametrize("lost", [1, 4, 9, 400])
def test_a_packed_log_cut_short_gives_its_lines_and_then_says_so(tmp_path: Path, packing: str, lost: int) -> None:
    noise = random.Random(lost)
    text = b"".join(b"%032x\n" % noise.getrandbits(128) for _ in range(20_000))
    with LogFile(write(tmp_path / "log", PACKERS[packing](text)[:-lost])) as log:
        chunks: list[bytes] = []
        with pytest.raises(SourceError, match="log ends in the middle"):
            chunks.extend(chunk.data for chunk in log.chunks(chunk_bytes=10_000))
    assert text.startswith(b"".join(chunks))


@pytest.mark.parametrize("packing", ["gzip", "zstd"])
def test_a_damaged_packed_log(tmp_path: Path, packing: str) -> None:
    data = bytearray(PACKERS[packing](TEXT))
    data[len(data) // 2] ^= 0xFF
    read: list[bytes] = []
    path = write(tmp_path / "log", bytes(data))
    with pytest.raises(SourceError, match="damaged"), LogFile(path) as log:
        read.extend(chunk.data for chunk in log.chunks())


def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    cases = {
        "missing": "does not exist",
        "folder": "is a directory",
        "empty": "is empty",
        "binary": "binary",
        "wide": "UTF-16",
        "log.bz2": "bzcat",
        "log.xz": "xzcat",
        "log.zip": "unzip -p",
        "empty.gz": "is empty",
        "cut.gz": "ends in the middle",
    }
    (tmp_path / "folder").mkdir()
    write(tmp_path / "empty", b"")
    write(tmp_path / "binary", bytes(range(256)) * 40)
    write(tmp_path / "wide", "127.0.0.1 - - [x]".encode("utf-16"))
    write(tmp_path / "log.bz2", b"BZh91AY&SY")
    write(tmp_path / "log.xz", b"\xfd7zXZ\x00\x00")
    write(tmp_path / "log.zip", b"PK\x03\x04\x14\x00")
    write(tmp_path / "empty.gz", gzip.compress(b""))
    write(tmp_path / "cut.gz", gzip.compress(b"")[:12])
    for name, words in cases.items():
        with pytest.raises(SourceError) as caught, LogFile(tmp_path / name):
            pass
        message = str(caught.value)
        assert words in message, message
        assert str(tmp_path / name) in message
        assert "\n" not in message


# Root may read everything, so a child that has loaded what it needs stops being root.
AS_NOBODY = """
import os, sys
from mockforge_analytics.errors import SourceError
from mockforge_analytics.sources.accesslog.reader import LogFile
if os.geteuid() == 0:
    os.chmod(os.path.dirname(sys.argv[1]), 0o755)
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
try:
    LogFile(sys.argv[1])
except SourceError as error:
    print(error)
"""


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write(tmp_path / "log", b"x\n")
    path.chmod(0)
    told = subprocess.run([sys.executable, "-c", AS_NOBODY, str(path)], check=False, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert "permissions" in told.stdout


def test_a_file_cut_while_it_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "log", TEXT)
    with LogFile(path) as log:
        chunks = log.chunks(chunk_bytes=10_000)
        next(chunks)
        os.truncate(path, 100)
        with pytest.raises(InputChangedError, match="became shorter"):
            list(chunks)


def test_an_endless_line_is_not_kept_in_memory() -> None:
    cutter = LineCutter()
    assert cutter.feed(b"before\n" + b"x" * 10) is not None
    for _ in range(100):
        assert cutter.feed(b"x" * MAX_LINE_BYTES) is None
    chunk = cutter.feed(b"end\nafter\nrest")
    assert chunk is not None
    first, second = chunk.data.splitlines()
    assert MAX_LINE_BYTES < len(first) <= MAX_LINE_BYTES + len("end") + 1
    assert second == b"after"
    whole = len(b"before\n") + 10 + 100 * MAX_LINE_BYTES + len(b"end\nafter\n")
    assert (chunk.offset_start, chunk.offset_end) == (len(b"before\n"), whole)
    assert chunk.tail == b"end\nafter\n"


@given(
    st.lists(st.binary(max_size=8) | st.sampled_from([b"\n", b"\n\n", b"ab\n"]), max_size=20),
    st.lists(st.integers(1, 9), min_size=1),
)
@settings(max_examples=200)
def test_blocks_of_any_size_give_the_same_lines(pieces: list[bytes], sizes: list[int]) -> None:
    text = b"".join(pieces).replace(b"\0", b"0")
    cutter = LineCutter()
    data, at, turn = b"", 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        chunk = cutter.feed(text[at : at + size])
        assert cutter.offset == min(at + size, len(text))
        if chunk is not None:
            assert chunk.offset_start == len(data)
            data += chunk.data
        at, turn = at + size, turn + 1
    assert data == text[: text.rfind(b"\n") + 1]
    last = cutter.finish()
    assert data + (last.data if last else b"") == text


def test_prefetching_keeps_order_and_errors() -> None:
    def numbers() -> Iterator[int]:
        yield from range(5)
        raise SourceError("the disk is gone")

    seen: list[int] = []
    with pytest.raises(SourceError, match="disk is gone"):
        seen.extend(prefetch(numbers()))
    assert seen == [0, 1, 2, 3, 4]


def test_prefetching_stops_when_nobody_listens() -> None:
    def endless() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    ahead = prefetch(endless(), depth=2)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()  # the guard of the test run fails on a thread that is left
