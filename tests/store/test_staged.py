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
from mockforge_analytics.store.packing import pack, unpack
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
