"""One server for all tests that only read: half of its traffic is folded, half is still pending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.traffic import ROWS
from tests.support.requests import frame
from tests.support.server import Served, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("api"), store={"fold_interval_seconds": 3_600.0}) as running:
        running.database.write_requests(frame(ROWS[::2]))
        running.database.fold()
        running.database.write_requests(frame(ROWS[1::2]))
        yield running
