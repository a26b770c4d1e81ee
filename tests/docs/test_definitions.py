"""docs/definitions.md against the metric registry."""

from __future__ import annotations

from scripts.definitions import PAGE, with_table


def test_the_table_of_figures_is_that_of_the_registry() -> None:
    text = PAGE.read_text("utf-8")
    assert text == with_table(text), "run `make fix`"
