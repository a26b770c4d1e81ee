"""The file of tokens: what it keeps, who may read it, and who may change it at a time."""

from __future__ import annotations

import json
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockforge_analytics.errors import ConfigError, StoreError
from mockforge_analytics.model.principal import Scope, Token
from mockforge_analytics.store.tokens import TokenFile
from tests.support.stores import MICROS, NOW, FixedClock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "d.db", FixedClock())


def test_a_token_is_found_by_its_text_and_by_its_id(file: TokenFile) -> None:
    token, secret = file.create("ci", [Scope.READ, Scope.INGEST], workspace_id="shop", expires_at=(NOW + 1) * MICROS)
    expected = Token(token.id, "ci", frozenset({Scope.READ, Scope.INGEST}), "shop", NOW * MICROS, (NOW + 1) * MICROS)
    assert token == expected == file.find(secret) == file.get(token.id)
    assert file.tokens() == [expected]
    assert TokenFile(file.path.with_name("d.db"), FixedClock()).find(secret) == expected
    assert TokenFile(file.path.with_name("d.db"), FixedClock(NOW + 1)).find(secret) is None


def test_the_text_is_not_kept_and_the_file_is_its_owners(file: TokenFile) -> None:
    _, secret = file.create("ci", [Scope.READ])
    kept = file.path.read_text()
    assert secret not in kept
    assert secret.removeprefix("mfa_") not in kept
    assert len(secret) >= 4 + 43, "256 bits"
    assert stat.S_IMODE(os.stat(file.path).st_mode) == 0o600
    assert {entry.name for entry in file.path.parent.iterdir()} == {"d.db-tokens", "d.db-tokens-lock"}


def test_a_change_by_another_process_is_seen(file: TokenFile) -> None:
    other = TokenFile(file.path.with_name("d.db"), FixedClock())
    assert file.tokens() == []
    token, secret = other.create("one", [Scope.READ])
    assert file.find(secret) == token
    other.revoke(token.id)
    assert file.find(secret) is None
    assert file.get(token.id) is None


def test_changes_at_the_same_time_are_all_kept(file: TokenFile) -> None:
    def make(number: int) -> None:
        TokenFile(file.path.with_name("d.db"), FixedClock()).create(str(number), [Scope.READ])

    threads = [threading.Thread(target=make, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {token.name for token in file.tokens()} == {str(number) for number in range(12)}


def test_what_cannot_be_revoked(file: TokenFile) -> None:
    token, _ = file.create("one", [Scope.READ])
    with pytest.raises(StoreError, match=f"no token xyz: tokens are {token.id}"):
        file.revoke("xyz")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tokens": [{}]}', '{"tokens": [{"scopes": ["root"]}]}', "null"])
def test_a_damaged_file_is_told(file: TokenFile, text: str) -> None:
    file.path.write_text(text)
    with pytest.raises(StoreError, match="repair the file"):
        file.tokens()


@pytest.mark.parametrize("name", ["", " shop", "shop ", " "])
def test_names_that_no_workspace_has(file: TokenFile, name: str) -> None:
    with pytest.raises(ConfigError, match="workspace"):
        file.create("one", [Scope.READ], workspace_id=name)
    assert not file.path.exists()


@given(name=st.text(), workspace=st.text(min_size=1).filter(lambda text: text.strip() == text))
def test_any_text_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str, workspace: str) -> None:
    file = TokenFile(tmp_path_factory.mktemp("tokens") / "d.db", FixedClock())
    _, secret = file.create(name, [Scope.ADMIN], workspace_id=workspace)
    again = TokenFile(file.path.with_name("d.db"), FixedClock()).find(secret)
    assert again is not None
    assert (again.name, again.workspace_id) == (name, workspace)
    json.loads(file.path.read_bytes())
