"""A key that comes again: with its body it is harmless, with another one it is refused; over a real socket."""

from __future__ import annotations

import gzip
import json
import threading
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from mockforge_analytics.api.app import BASE_PATH
from tests.support.server import Served, serving
from tests.support.stores import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

EVENTS = f"{BASE_PATH}/events"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


def body(*paths: str) -> bytes:
    return b"\n".join(json.dumps({"path": path, "timestamp": NOW - 60}).encode() for path in paths)


def post(served: Served, content: bytes, key: str, encoding: str = "identity") -> httpx.Response:
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key, "Content-Encoding": encoding}
    return served.client.post(EVENTS, content=content, headers=headers)


def ledger(served: Served) -> dict[str, Any]:
    served.database.fold()
    (source,) = served.data("status")["sources"]
    return {name: source[name] for name in ("received", "stored", "deduplicated", "rejected", "reasons")}


def test_a_key_of_another_body_is_refused_and_nothing_is_stored(served: Served) -> None:
    assert post(served, body("/a", "/b"), "k").status_code == 200
    for is_folded in (False, True):
        if is_folded:
            served.database.fold()
        refused = post(served, body("/a", "/b", "/c"), "k")
        assert refused.status_code == 422
        told = refused.json()
        assert (told["success"], told["data"], told["field"]) == (False, None, "Idempotency-Key")
        assert "Idempotency-Key was used before, for another body" in told["error"]
    assert post(served, body("/a", "/b"), "k").json()["data"]["deduplicated"] == 2
    assert served.data("overview")["total_requests"] == 2
    assert ledger(served) == {
        "received": 10, "stored": 2, "deduplicated": 2, "rejected": 6, "reasons": {"token_reused": 6},
    }  # fmt: skip


def test_the_compression_is_no_part_of_a_body(served: Served) -> None:
    plain = body("/a", "/b")
    packed = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "zstd": zstandard.ZstdCompressor().compress(plain),
    }
    assert post(served, packed["gzip"], "k", "gzip").json()["data"]["stored"] == 2
    assert post(served, plain, "k").json()["data"]["deduplicated"] == 2
    for encoding, content in packed.items():
        assert post(served, content, "k", encoding).json()["data"]["deduplicated"] == 2
    assert post(served, gzip.compress(body("/c")), "k", "gzip").status_code == 422


def test_a_body_of_faults_alone_uses_up_no_key(served: Served) -> None:
    assert post(served, b'{"path": 1}', "k").status_code == 422
    assert post(served, body("/a"), "k").json()["data"]["stored"] == 1


def test_of_different_bodies_sent_at_the_same_time_one_is_stored(served: Served) -> None:
    """Eight threads send forty keys, each with four different bodies: one of them counts, three are refused."""
    work = iter([(key, copy) for key in range(40) for copy in range(4)])
    answers: list[tuple[int, int]] = []
    lock = threading.Lock()

    def send() -> None:
        while True:
            with lock:
                given = next(work, None)
            if given is None:
                return
            key, copy = given
            while (answer := post(served, body(f"/{key}/{copy}"), f"key-{key}")).status_code == 503:
                pass  # it met another one of its key at the moment of the commit
            with lock:
                answers.append((key, answer.status_code))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = Counter(answers)
    assert all((counted[key, 200], counted[key, 422]) == (1, 3) for key in range(40))
    assert served.data("overview")["total_requests"] == 40
    figures = ledger(served)
    assert (figures["received"], figures["stored"], figures["rejected"]) == (160, 40, 120)
