"""What waits for a fold is read from the database as it was written."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import StoreCorruptError
from mockforge_analytics.model.codes import Codes, encode
from mockforge_analytics.model.rows import Rows
from mockforge_analytics.store.packing import pack, unpack
from mockforge_analytics.store.plain_rows import PackedRows, PlainRows, text_column
from mockforge_analytics.store.series_memory import SeriesKey, SeriesMemory
from mockforge_analytics.store.staged import Staged, decode_staged, encode_staged
from tests.support.naive import Req, batch
from tests.support.stores import NOW, opened_store, scalar

if TYPE_CHECKING:
    from pathlib import Path

INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 300)


@given(st.lists(INTEGERS, max_size=40), st.sampled_from([1, 2, 70]))
def test_packed_integers_come_back(some: list[int], times: int) -> None:
    values = np.array(some * times, np.int64)
    through = msgspec.msgpack.decode(msgspec.msgpack.encode(pack(values)), type=bytes | list[int])
    assert unpack(through, len(values)).tolist() == values.tolist()


def test_few_integers_are_not_another_number_of_them() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - it says no more
        unpack([1, 2], 3)


def plain(value: object) -> object:
    """Return `value` with arrays as lists, so that it can be compared."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, pl.Series):
        return value.to_list()
    slots = getattr(type(value), "__slots__", ())
    if slots and not isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in slots}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@pytest.mark.parametrize("requests", [1, 30, 6_000])
def test_a_row_holds_the_batches_of_a_commit(tmp_path: Path, requests: int) -> None:
    """Few requests are deflated, many are not."""
    with opened_store(tmp_path / "a.db") as store:
        for number in (requests, 2):
            made = [Req(NOW - i / 10, f"/a{i % 500}", 500, client=f"10.0.0.{i}") for i in range(number)]
            store.write(batch(made, received_at=NOW, token=f"t{number}"))
        staged = store.call(lambda committer: committer.pending.staged())
        assert [part.requests for part in staged] == [requests, 2]
        data = encode_staged(staged)
        assert (data[:1] == b"\x01") is (requests < 1_000)
        assert [plain(part) for part in decode_staged(data)] == [plain(part) for part in staged]


def test_batches_that_share_a_commit_share_a_row(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_store(path) as store:
        both = [batch([Req(NOW)] * n, received_at=NOW) for n in (3, 4)]
        first, second = store.call(lambda committer: committer.write(both))
        assert first.commit < second.commit
        assert scalar(path, "SELECT count(*) FROM pending") == 1
        assert scalar(path, "SELECT requests FROM pending") == 7
        assert scalar(path, "SELECT id FROM pending") == second.commit


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x01not deflated",
        b"\x02" + msgspec.msgpack.encode([]) + b"x",
        encode_staged([Staged()])[:-3],
        b"\x01" + zlib.compress(msgspec.msgpack.encode([[1, 2]])),
    ],
)
def test_a_damaged_row_is_told(data: bytes) -> None:
    with pytest.raises(StoreCorruptError, match="doctor"):
        decode_staged(data)


TEXTS = st.lists(st.sampled_from(["", "/a", "/b"]) | st.text(max_size=3), min_size=1, max_size=30)
SCHEMA: dict[str, type[pl.DataType]] = {"client": pl.Int64, "endpoint": pl.String, "request_count": pl.Int64}


@given(TEXTS, st.sampled_from([1, 5, 90]), st.data())
def test_rows_come_back_with_and_without_codes(some: list[str], times: int, data: st.DataObject) -> None:
    """Rows that were written before texts had codes hold each text in full."""
    texts = some * times
    numbers = np.arange(len(texts))
    of_row, names = encode(pl.Series(["unused", *texts])).of_row[1:], ["unused", *dict.fromkeys(texts)]
    names = list(dict.fromkeys(names))
    rows = PlainRows({"client": numbers, "endpoint": text_column(Codes(of_row, names)), "request_count": numbers})
    plain_rows = PlainRows({"client": numbers, "endpoint": texts, "request_count": numbers})
    old = ([pack(numbers), pack(numbers)], [texts])
    for packed in (rows.pack(), plain_rows.pack(), old):
        through = msgspec.msgpack.decode(msgspec.msgpack.encode(packed), type=PackedRows)
        back = PlainRows.unpacked(through, len(texts), SCHEMA)
        assert PlainRows.frame([back], SCHEMA)["endpoint"].to_list() == texts
        assert PlainRows.frame([rows, back, plain_rows], SCHEMA)["endpoint"].to_list() == texts * 3
        assert PlainRows.concat([rows, back]).texts("endpoint").to_list() == texts * 2
        picked = np.array(data.draw(st.lists(st.integers(0, len(texts) - 1), max_size=80)), np.int64)
        taken = PlainRows.frame([back.take(picked)], SCHEMA)
        assert taken["endpoint"].to_list() == [texts[row] for row in picked.tolist()]


def test_codes_without_a_text_are_told() -> None:
    numbers = np.arange(100)
    with pytest.raises(ValueError):  # noqa: PT011 - it says no more
        PlainRows.unpacked(([pack(numbers), pack(numbers), pack(numbers)], [["a"]]), 100, SCHEMA)


NAMES = st.tuples(
    st.integers(1, 3), st.sampled_from(["/a", "/b", "/c"]), st.sampled_from(["GET", ""]), st.integers(0, 3)
)


@given(st.lists(NAMES, max_size=30), st.lists(NAMES, min_size=1, max_size=30))
def test_series_are_remembered_as_in_a_dictionary(known: list[SeriesKey], asked: list[SeriesKey]) -> None:
    """Few rows are looked up by their tuples, many by numbers."""
    memory = SeriesMemory(100)
    ids = {key: number for number, key in enumerate(known, start=1)}
    for key, number in ids.items():
        memory.put(key, number)
    schema = {"endpoint": pl.String, "method": pl.String, "status_code": pl.Int32}
    frame = pl.DataFrame([key[1:] for key in asked], schema=schema, orient="row")
    found = memory.find(np.array([key[0] for key in asked], np.int64), Rows.of(frame, schema))
    assert found == [ids.get(key) for key in asked]
    assert [memory.get(key) for key in asked] == found
