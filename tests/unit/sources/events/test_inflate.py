"""Compressed bodies: whole ones come out whole, damaged, endless and unknown ones are refused in bounded memory."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import FormatError, InputTooLargeError, SourceError
from mockforge_analytics.sources.events.inflate import inflate, require_encoding

if TYPE_CHECKING:
    from collections.abc import Callable

MEBIBYTE = 1024 * 1024
MOST = 4 * MEBIBYTE


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


def zstd_stream(data: bytes, window: int = 0) -> bytes:
    """Return a frame that does not tell its length beforehand."""
    parameters = zstandard.ZstdCompressionParameters(window_log=window) if window else None
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(data) + compressor.flush()


COMPRESSORS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "upper case": (" GZIP ", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "zlib": ("deflate", zlib.compress),
    "raw deflate": ("deflate", raw_deflate),
    "zstd": ("zstd", zstandard.compress),
    "zstd stream": ("zstd", zstd_stream),
}
of_each = pytest.mark.parametrize("name", COMPRESSORS)


@of_each
@given(data=st.binary(max_size=2_000) | st.integers(0, 300_000).map(lambda size: b"events " * (size // 7)))
def test_what_was_compressed_comes_back(name: str, data: bytes) -> None:
    encoding, compress = COMPRESSORS[name]
    assert inflate(compress(data), encoding, MOST) == data


@of_each
def test_a_body_that_is_cut_anywhere_is_refused(name: str) -> None:
    encoding, compress = COMPRESSORS[name]
    noise = random.Random(1).randbytes(300)
    for data in (noise, b'{"path":"/"}\n' * 100, noise * 500):
        whole = compress(data)
        cuts = range(1, len(whole)) if len(whole) < 1_000 else (1, 10, 1_000, len(whole) // 2, len(whole) - 1)
        for cut in cuts:
            with pytest.raises(SourceError):
                inflate(whole[:cut], encoding, MOST)


@of_each
def test_bytes_that_are_something_else_are_refused(name: str) -> None:
    with pytest.raises(SourceError, match="not valid"):
        inflate(b'{"path": "/"}', COMPRESSORS[name][0], MOST)


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_members_and_frames_follow_each_other(name: str) -> None:
    encoding, compress = COMPRESSORS[name]
    assert inflate(compress(b"a") + compress(b"") + compress(b"b"), encoding, MOST) == b"ab"
    with pytest.raises(SourceError):
        inflate(compress(b"a") + b"rest", encoding, MOST)


def test_bytes_behind_a_deflate_stream_are_refused() -> None:
    with pytest.raises(SourceError, match="after its end"):
        inflate(zlib.compress(b"a") + b"rest", "deflate", MOST)


@of_each
def test_a_bomb_is_refused_before_it_goes_off(name: str) -> None:
    encoding, compress = COMPRESSORS[name]
    bomb = compress(bytes(100 * MEBIBYTE))
    tracemalloc.start()
    with pytest.raises(InputTooLargeError):
        inflate(bomb, encoding, 64 * MEBIBYTE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Two of the pieces it is made in, and for streams of a ratio near 1000 up to the bound of 100.
    assert peak < 100 * len(bomb) + 4 * MEBIBYTE


@of_each
def test_the_size_is_bounded_to_the_byte(name: str) -> None:
    encoding, compress = COMPRESSORS[name]
    data = random.Random(2).randbytes(MEBIBYTE)
    assert len(inflate(compress(data), encoding, len(data))) == len(data)
    with pytest.raises(InputTooLargeError, match="1,048,575 bytes"):
        inflate(compress(data), encoding, len(data) - 1)


def test_small_bodies_may_be_as_repetitive_as_they_like() -> None:
    data = b" " * MEBIBYTE
    assert len(gzip.compress(data)) * 100 < len(data)
    assert inflate(gzip.compress(data), "gzip", MOST) == data
    with pytest.raises(InputTooLargeError, match="100 times"):
        inflate(gzip.compress(data + b" "), "gzip", MOST)


def test_a_zstd_frame_that_asks_for_a_large_window_is_refused() -> None:
    data = random.Random(3).randbytes(1_000) * 100
    assert inflate(zstd_stream(data, window=23), "zstd", MOST) == data
    with pytest.raises(SourceError, match="memory"):
        inflate(zstd_stream(data, window=27), "zstd", MOST)


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip,identity", "compress", "*", "gzip\0"])
def test_unknown_and_nested_encodings_are_refused(encoding: str) -> None:
    for refuse in (lambda: require_encoding(encoding), lambda: inflate(b"", encoding, MOST)):
        with pytest.raises(FormatError, match="accepted is one of"):
            refuse()


@pytest.mark.parametrize("encoding", [None, "", "identity", "Identity"])
def test_without_an_encoding_a_body_stays_as_it_is(encoding: str | None) -> None:
    require_encoding(encoding)
    assert inflate(b"\x1f\x8b", encoding, MOST) == b"\x1f\x8b"
