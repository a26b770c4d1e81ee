"""Error events page by page: each once, also where a fold comes between two pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import oracle
from tests.api.traffic import ROWS
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import DAY, MICROS, NOW
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path


def pages(served: Served, **parameters: Any) -> list[list[dict[str, Any]]]:
    found = []
    cursor = None
    while True:
        data = served.data("errors/events", **parameters, **({"cursor": cursor} if cursor else {}))
        found.append(data["events"])
        cursor = data["next_cursor"]
        if cursor is None:
            return found


def test_pages_hold_every_event_once_newest_first(served: Served) -> None:
    whole = served.data("errors/events", duration=6 * DAY, limit=10_000)["events"]
    parts = pages(served, duration=6 * DAY, limit=17)
    assert [event for page in parts for event in page] == whole
    assert {len(page) for page in parts[:-1]} == {17}
    failed = sorted((entry for entry in ROWS if oracle.failed(entry)), key=lambda entry: -entry["timestamp"])
    assert len(whole) == len(failed)
    for event, entry in zip(whole, failed, strict=True):
        assert event["timestamp"].startswith(f"{oracle.local_hour(entry, 'UTC')[0]}T")
        assert event["endpoint"] == (entry["endpoint"] or None)
        assert event["status_code"] == entry["status_code"]
        assert event["client_ip"] == entry["client_ip"]
        assert event["metadata"] is None


@pytest.mark.parametrize("folds_after", [0, 1, 2, 3])
def test_a_fold_between_two_pages_changes_nothing(tmp_path: Path, folds_after: int) -> None:
    """All events have one time and one minute, as in a log with times in whole seconds."""
    rows = [row(NOW - 30, endpoint=f"/{number}", status_code=404) for number in range(40)]
    with serving(tmp_path, store={"fold_interval_seconds": 3_600.0}) as served:
        served.database.write_requests(frame(rows[:10]))
        served.database.fold()
        served.database.write_requests(frame(rows[10:25]))
        served.database.write_requests(frame(rows[25:]))
        seen: list[str] = []
        cursor: dict[str, str] = {}
        for number in range(4):
            if number == folds_after:
                served.database.fold()
                served.database.write_requests(frame([row(NOW - 1, endpoint="/later", status_code=500)]))
            data = served.data("errors/events", limit=10, start_time=NOW - 60, end_time=NOW - 10, **cursor)
            seen += [event["endpoint"] for event in data["events"]]
            cursor = {"cursor": data["next_cursor"] or ""}
    assert seen == [f"/{number}" for number in reversed(range(40))]


def test_metadata_is_an_object(tmp_path: Path) -> None:
    requests = frame([row(NOW - 30, status_code=500)]).with_columns(
        metadata=frame([row(0)])["metadata"].fill_null('{"retries": 3}'), error_message=frame([row(0)])["path"]
    )
    with serving(tmp_path) as served:
        served.database.write_requests(requests)
        (event,) = served.data("errors/events")["events"]
    assert event["metadata"] == {"retries": 3}
    assert event["error_message"] == "/"
    assert event["timestamp"].endswith("+00:00")
    assert str(NOW * MICROS)  # the clock of the test stands
