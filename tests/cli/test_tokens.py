"""`token create`, `list` and `revoke`, and what a server prints of its first one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.model.dimensions import OWN_WORKSPACE
from tests.support.process import server_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.support import Command


def test_making_listing_and_revoking(fresh: Command) -> None:
    assert "there are no tokens" in fresh.good("token", "list").out
    made = fresh.good("token", "create", "ci", "--scope", "ingest", "--workspace", "shop", "--expires", "90d")
    (secret,) = made.out.splitlines()
    assert secret.startswith("mfa_")
    assert "shown this once" in made.err
    (line,) = fresh.good("token", "list").out.splitlines()
    token_id = line.split()[0]
    assert "ci: ingest · workspace shop only · made 20" in line
    assert "good until 20" in line
    listed = fresh.good("token", "list", "--json").json
    assert [(item["id"], item["scopes"], item["workspace_id"]) for item in listed] == [(token_id, ["ingest"], "shop")]
    assert secret not in str(listed)
    assert fresh.good("token", "revoke", token_id).out == f"token {token_id} (ci) is revoked\n"
    assert fresh.on("token", "revoke", token_id).code == 5


def test_as_json_the_token_is_a_field(fresh: Command) -> None:
    made = fresh.good("token", "create", "dashboard", "--json").json
    assert made["scopes"] == ["read"]
    assert made["token"].startswith("mfa_")


def test_wrong_words(fresh: Command) -> None:
    assert fresh.on("token", "create", "x", "--scope", "root").code == 2
    assert fresh.on("token", "create", "x", "--workspace", OWN_WORKSPACE).code == 2
    assert fresh.on("token", "create", "x", "--expires", "soon").code == 4
    assert fresh.on("token", "create", "x", "--workspace", " ").code == 2


def test_a_server_that_others_can_reach_shows_its_first_token_once(tmp_path: Path) -> None:
    with server_process(tmp_path, "--host", "0.0.0.0") as server:
        (secret,) = [line for line in server.printed if line.startswith("mfa_")]
        assert server.get("/api/v2/analytics/overview").status_code == 401
        server.client.headers["Authorization"] = f"Bearer {secret}"
        assert server.get("/api/v2/analytics/overview").status_code == 200
        assert secret not in server.log.read_text()
    with server_process(tmp_path, "--host", "0.0.0.0") as server:
        assert not [line for line in server.printed if line.startswith("mfa_")]
        server.client.headers["Authorization"] = f"Bearer {secret}"
        assert server.get("/api/v2/analytics/overview").status_code == 200
