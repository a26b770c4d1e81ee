"""Where settings come from, and what is said about wrong ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.cli.information import FORMATS
from mockforge_analytics.cli.options import TemplatingLevel
from mockforge_analytics.config import Templating
from mockforge_analytics.sources.accesslog.presets import PRESET_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.support import Command

USAGE = 2


def settings(command: Command, *arguments: str | Path) -> dict[str, list[str]]:
    """Return value and origin of each setting."""
    return {line[0]: line[1:3] for line in command("config", *arguments).table}


def test_options_win_over_environment_over_file(
    fresh: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings(fresh)["retention.live_hours"] == ["2", "default"]
    (tmp_path / "mockforge-analytics.toml").write_text(
        'database_path = "file.db"\n[retention]\nlive_hours = 3\nsnapshots_days = 5\n'
    )
    monkeypatch.setenv("MOCKFORGE_ANALYTICS_RETENTION__LIVE_HOURS", "4")
    found = settings(fresh)
    assert found["retention.snapshots_days"] == ["5", "file"]
    assert found["retention.live_hours"] == ["4", "environment"]
    assert found["database_path"] == ["file.db", "file"]
    assert settings(fresh, "--database", "option.db")["database_path"] == ["option.db", "option"]
    assert fresh("config", "--json").json["retention"]["live_hours"] == int("4")


def test_the_environment_names_the_database(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOCKFORGE_ANALYTICS_DATABASE_PATH", str(command.path))
    assert command("report", "protocols", "--csv").rows == command.good("report", "protocols", "--csv").rows


def test_another_file_of_settings(command: Command, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(f'database_path = "{command.path}"\n')
    assert command("report", "protocols", "--config", tmp_path / "own.toml").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[retention]\nlive_hours = 0\n", "retention.live_hours"),
        ("nonsense = 1\n", "nonsense"),
        ("[retention\n", "is not valid TOML"),
    ],
)
def test_wrong_settings(command: Command, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "mockforge-analytics.toml").write_text(text)
    outcome = command.on("report", "overview")
    assert outcome.code == USAGE
    (line,) = outcome.err.splitlines()
    assert words in line


def test_a_file_of_settings_that_is_not_there(command: Command, tmp_path: Path) -> None:
    outcome = command.on("report", "overview", "--config", tmp_path / "none.toml")
    assert outcome.code == USAGE
    assert "does not exist" in outcome.err


def test_the_options_know_every_format_and_level() -> None:
    assert tuple(FORMATS) == PRESET_NAMES
    assert [level.value for level in TemplatingLevel] == [level.value for level in Templating]


def test_formats_lists_them(fresh: Command) -> None:
    assert [line[0] for line in fresh("formats").table[1:]] == list(PRESET_NAMES)
