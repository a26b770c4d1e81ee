"""docs/cli.md is what the program says of itself."""

from __future__ import annotations

from scripts.cli_reference import TARGET, reference


def test_the_page_is_up_to_date() -> None:
    assert TARGET.read_text() == reference(), "run scripts/cli_reference.py"
