"""The version is said once, and the changelog's newest entry is about it."""

from __future__ import annotations

import re
import tomllib

from tests.repo.syntax import ROOT

ENTRY = re.compile(r"^## \[(?P<version>\d+\.\d+\.\d+)\] - (?P<date>\d{4}-\d{2}-\d{2}|Unreleased)$")
SECTIONS = {"### Added", "### Changed", "### Deprecated", "### Removed", "### Fixed", "### Security"}


def changelog() -> list[str]:
    return (ROOT / "CHANGELOG.md").read_text().splitlines()


def entries() -> list[tuple[str, str]]:
    """Return (version, date) of each entry, newest first."""
    return [(match["version"], match["date"]) for line in changelog() if (match := ENTRY.match(line))]


def test_every_second_heading_is_an_entry() -> None:
    assert [line for line in changelog() if line.startswith("## ") and not ENTRY.match(line)] == []
    assert {line for line in changelog() if line.startswith("### ")} <= SECTIONS


def test_the_newest_entry_is_the_version_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert entries()[0][0] == project["version"]


def test_entries_are_in_order_and_only_the_newest_is_unreleased() -> None:
    versions = [tuple(map(int, version.split("."))) for version, _ in entries()]
    dates = [date for _, date in entries()[1:]]
    assert versions == sorted(set(versions), reverse=True)
    assert dates == sorted(dates, reverse=True)
    assert "Unreleased" not in dates
