"""What is written in any format is read back the same, one line or many, whatever stands beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.normalise import Labels
from mockforge_analytics.sources.accesslog.presets import PRESET_NAMES, parse_format
from tests.support.log_writers import WRITERS, Entry, Writer, entries

if TYPE_CHECKING:
    import polars as pl

BY_NAME = {writer.name: writer for writer in WRITERS}


def rounded(entry: Entry, writer: Writer) -> Entry:
    """Return `entry` with the digits that `writer` keeps."""
    step = writer.latency_step or 1
    return replace(entry, at=entry.at // writer.time_step * writer.time_step, took=entry.took // step * step)


def text_of(written: list[Entry], writer: Writer) -> bytes:
    return "".join(writer.write(entry) + "\n" for entry in written).encode()


def assert_same(frame: pl.DataFrame, written: list[Entry], writer: Writer) -> None:
    assert frame["timestamp"].to_list() == [entry.at for entry in written]
    assert frame["client_ip"].to_list() == [entry.client for entry in written]
    assert frame["method"].to_list() == [entry.method for entry in written]
    assert frame["path"].to_list() == [entry.path for entry in written]
    assert frame["status_code"].to_list() == [entry.status for entry in written]
    assert frame["bytes_sent"].to_list() == [entry.size for entry in written]
    if writer.latency_step is None:
        assert frame["latency"].null_count() == len(written)
    else:
        expected = [entry.took / 1_000_000 for entry in written]
        assert frame["latency"].to_list() == pytest.approx(expected, rel=1e-12)
    if writer.name == "common":
        assert frame["user_agent"].null_count() == len(written)
    else:
        agents = [None if entry.agent in ("", "-") else entry.agent for entry in written]
        assert frame["user_agent"].to_list() == agents


@pytest.mark.parametrize("name", BY_NAME)
@settings(max_examples=40)
@given(drawn=st.lists(entries(), min_size=1, max_size=12))
def test_round_trip(name: str, drawn: list[Entry]) -> None:
    writer = BY_NAME[name]
    written = [rounded(entry, writer) for entry in drawn]
    decoded = decode(text_of(written, writer), parse_format(name), Labels("gRPC", "shop", "test"))
    assert decoded.rejected.counts == {}
    assert decoded.lines == len(written)
    assert decoded.frame.schema == REQUEST_SCHEMA
    assert_same(decoded.frame, written, writer)
    for column, label in (("protocol", "gRPC"), ("workspace_id", "shop"), ("environment", "test")):
        assert decoded.frame[column].to_list() == [label] * len(written)


@pytest.mark.parametrize("name", [name for name in BY_NAME if name in PRESET_NAMES])
@settings(max_examples=10)
@given(drawn=st.lists(entries(), min_size=20, max_size=20))
def test_the_format_of_what_was_written_is_found(name: str, drawn: list[Entry]) -> None:
    writer = BY_NAME[name]
    took = [17_000 + 3_000 * index for index in range(len(drawn))]  # plain for a web server, in every unit
    written = [replace(rounded(entry, writer), took=time, user="-") for entry, time in zip(drawn, took, strict=True)]
    found = detect(text_of(written, writer))
    assert found.log_format.name == name
    assert found.matched == found.lines == len(written)
