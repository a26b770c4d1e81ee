"""docs/troubleshooting.md has every error that a person can meet, and none that is gone."""

from __future__ import annotations

import re
from functools import cache

from tests.docs.messages import GAP, messages
from tests.repo.syntax import ROOT

PAGE = ROOT / "docs" / "troubleshooting.md"


def quotes() -> list[str]:
    """Return the messages that the page quotes."""
    return [line.removeprefix("> ").strip() for line in PAGE.read_text().splitlines() if line.startswith("> ")]


def says(quote: str, message: str) -> bool:
    """Return whether `quote` is `message` or a part of it, its gaps standing for anything."""
    return _pattern(quote).search(message) is not None


@cache
def _pattern(quote: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in quote.split(GAP)), re.DOTALL)


def test_every_message_is_explained() -> None:
    known = quotes()
    missing = {place: text for text, place in messages().items() if not any(says(quote, text) for quote in known)}
    assert not missing, "explain them in docs/troubleshooting.md"


def test_every_explained_message_exists() -> None:
    raised = messages()
    assert [quote for quote in quotes() if not any(says(quote, text) for text in raised)] == []


def test_no_quote_says_so_little_that_it_fits_anything() -> None:
    shortest = 10
    assert [quote for quote in quotes() if len(quote.replace(GAP, "").strip(" .:;")) < shortest] == []


def test_messages_are_found_in_every_way_they_are_written() -> None:
    found = messages()
    assert "the configuration file … does not exist" in found  # message = f"…"; raise ConfigError(message)
    assert "… does not exist; check the path." in found  # raise SourceError(f"…")
    assert "the write queue is full: send the batch again in a few seconds" in found  # raise StoreBusyError("…")
