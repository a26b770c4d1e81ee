"""Client rows under the filters they know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.query.reports.clients import clients
from mockforge_analytics.query.spec import QuerySpec
from tests.support.naive import Req, batch
from tests.support.stores import HOUR, MICROS, NOW, fold, opened_store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_filter_by_address_finds_its_endpoints_pending_and_folded(tmp_path: Path) -> None:
    first = [Req(NOW - HOUR, endpoint="/a", client="10.0.0.1"), Req(NOW - HOUR, endpoint="/b", client="10.0.0.2")]
    second = [Req(NOW - 1, endpoint="/c", client="10.0.0.1"), Req(NOW - 1, endpoint="/c", client="10.0.0.2")]
    with opened_store(tmp_path / "a.db") as store:
        store.write(batch(first, received_at=NOW))
        fold(store)
        store.write(batch(second, received_at=NOW))
        with store.snapshot() as snapshot:
            found = clients(snapshot, QuerySpec(client_ip=("10.0.0.1",)), NOW * MICROS)
    assert [(row.client_ip, row.request_count, set(row.top_endpoints)) for row in found.rows] == [
        ("10.0.0.1", 2, {"/a", "/c"})
    ]
