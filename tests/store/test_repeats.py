"""A batch whose token was seen before: the same one changes nothing, another one is refused."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

import apsw
import msgspec

from mockforge_analytics.store.migrate import latest_version
from mockforge_analytics.store.staged import decode_staged, encode_staged
from tests.support.naive import Req, batch
from tests.support.stores import NOW, fold, opened_committer, opened_store, table_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.model.batch import Batch

LEDGER = ("received", "stored", "deduplicated", "rejected")


def sent(count: int, token: str, digest: bytes | None) -> Batch:
    return batch([Req(NOW)] * count, received_at=NOW, token=token, digests={} if digest is None else {token: digest})


def ledger(path: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Return the figures of the one row of the ledger, and the reasons."""
    (row,) = table_rows(path, "ledger")["ledger"]
    return dict(zip(LEDGER, row[2:6], strict=True)), json.loads(row[7])


def test_other_contents_under_a_token_are_refused_before_and_after_a_fold(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_store(path) as store:
        assert store.write(sent(3, "t", b"one")).stored == 3
        for is_folded in (False, True):
            if is_folded:
                fold(store)
            other = store.write(sent(5, "t", b"two"))
            assert (other.stored, other.deduplicated, other.is_repeated, other.is_refused) == (0, 0, False, True)
            same = store.write(sent(3, "t", b"one"))
            assert (same.stored, same.deduplicated, same.is_repeated, same.is_refused) == (0, 3, True, False)
        fold(store)
    figures, reasons = ledger(path)
    assert figures == {"received": 19, "stored": 3, "deduplicated": 6, "rejected": 10}
    assert reasons == {"token_reused": 10}


def test_of_batches_that_share_a_transaction_the_first_has_the_token(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        results = committer.write([sent(1, "t", b"one"), sent(2, "t", b"two"), sent(1, "t", b"one")])
        told = [result for result in results if not isinstance(result, Exception)]
        assert [(one.stored, one.is_refused, one.deduplicated) for one in told] == [
            (1, False, 0),
            (0, True, 0),
            (0, False, 1),
        ]


def test_where_one_side_has_no_digest_the_token_decides(tmp_path: Path) -> None:
    with opened_store(tmp_path / "a.db") as store:
        for first, second in ((None, b"two"), (b"one", None), (None, None)):
            token = f"{first!r} {second!r}"
            store.write(sent(1, token, first))
            for is_folded in (False, True):
                if is_folded:
                    fold(store)
                assert store.write(sent(1, token, second)).is_repeated


def test_joined_batches_keep_the_digest_of_each(tmp_path: Path) -> None:
    with opened_store(tmp_path / "a.db") as store:
        digests = {"a": b"one", "b": b"two"}
        store.write(batch([Req(NOW)] * 2, received_at=NOW, joined=("a", "b"), digests=digests))
        for is_folded in (False, True):
            if is_folded:
                fold(store)
            assert store.write(sent(1, "a", b"one")).is_repeated
            assert store.write(sent(1, "b", b"one")).is_refused


def test_a_database_from_before_there_were_digests_knows_its_tokens(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened_store(path) as store:
        store.write(sent(1, "t", b"one"))
    connection = apsw.Connection(str(path))
    connection.execute("ALTER TABLE dedup_token DROP COLUMN digest")
    connection.execute("DROP TABLE vital_hour; DROP TABLE fold_progress")
    connection.pragma("user_version", 1)
    connection.close()
    with opened_store(path) as store:
        assert store.call(lambda committer: committer.migrated) == list(range(2, latest_version() + 1))
        assert store.write(sent(5, "t", b"two")).is_repeated


def test_a_waiting_row_from_before_there_were_digests_is_read(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        committer.write([sent(1, "t", b"one")])
        (part,) = committer.pending.staged()
    (fields,) = msgspec.msgpack.decode(zlib.decompress(encode_staged([part])[1:]))
    assert part.tokens == {"t": b"one"}
    (read,) = decode_staged(b"\x00" + msgspec.msgpack.encode([fields[:-1]]))
    assert read.tokens == {"t": None}
