"""Past a cap names are lost, never requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.store.keys import workspace_slot
from tests.support.naive import Req, batch
from tests.support.stores import HOUR, MICROS, NOW, opened_committer, scalar

if TYPE_CHECKING:
    from pathlib import Path

    from mockforge_analytics.store.committer import Committer

START = NOW // HOUR * HOUR
NEIGHBOURS = tuple(name for name in map(str, range(400)) if workspace_slot(name) == workspace_slot(""))[:2]


def test_no_series_is_made_for_an_overflow_that_never_happened(tmp_path: Path) -> None:
    with opened_committer(tmp_path / "a.db") as committer:
        committer.write([batch([Req(NOW)], received_at=NOW)])
        assert committer.connection.execute("SELECT count(*) FROM series").fetchall() == [(1,)]


def failing(committer: Committer, workspace: str, endpoints: range) -> int:
    requests = [Req(START, endpoint=f"/{i}", status=500, workspace=workspace) for i in endpoints]
    result = committer.write([batch(requests, received_at=NOW)])[0]
    assert not isinstance(result, Exception)
    return result.overflowed


def overflown_errors(path: Path) -> int:
    found: int = scalar(path, "SELECT count(*) FROM error_series WHERE error_type = '__overflow__'")
    return found


def test_error_kinds_of_one_workspace_take_no_room_from_another(tmp_path: Path) -> None:
    """Two workspaces in one slot of the key, with and without a restart between their batches."""
    path, cap = tmp_path / "a.db", 5
    caps = {"series_per_hour": cap}
    with opened_committer(path, caps=caps) as committer:
        assert failing(committer, NEIGHBOURS[0], range(cap)) == 0
    with opened_committer(path, caps=caps) as committer:
        assert failing(committer, NEIGHBOURS[1], range(cap)) == 0
        committer.fold(NOW * MICROS)
    with opened_committer(path, caps=caps) as committer:
        assert failing(committer, "", range(cap)) == 0
    assert overflown_errors(path) == 0


def test_what_was_refused_does_not_move_the_first_and_last_request(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    old, kept = NOW - 400 * 24 * HOUR, NOW // HOUR * HOUR - 5 * HOUR
    with opened_committer(path) as committer:
        result = committer.write([batch([Req(old), Req(kept + 5)], received_at=NOW)])[0]
        assert not isinstance(result, Exception)
        assert (result.stored, result.too_old) == (1, 1)
        committer.fold(NOW * MICROS)
    first = scalar(path, "SELECT value FROM meta WHERE key = 'first'") / MICROS
    assert kept <= first <= kept + 5
