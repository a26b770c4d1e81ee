"""A database that was filled through the command, and the command itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.cli.main import run
from tests.cli.support import Command, traffic, write_log

if TYPE_CHECKING:
    from pathlib import Path

    from tests.traffic import Row

_REQUESTS = 3_000


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, with the settings of nobody."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOCKFORGE_ANALYTICS_DATABASE_PATH", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


@pytest.fixture(scope="session")
def requests() -> list[Row]:
    """What the log of `filled` says."""
    return traffic(_REQUESTS)


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, requests: list[Row]) -> Path:
    """A database that holds `requests`; tests only read it."""
    folder = tmp_path_factory.mktemp("filled")
    log = write_log(folder, requests)
    path = folder / "filled.db"
    arguments = ["import", str(log), "--format", "combined_time_us", "--templating", "none", "--database", str(path)]
    assert run([*arguments, "--json"]) == 0
    return path


@pytest.fixture
def command(filled: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, with the database `filled`."""
    return Command(filled, capsys)


@pytest.fixture
def fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command, with a database that is not there yet."""
    return Command(tmp_path / "fresh.db", capsys)
