"""A lint or type rule is switched off for one line at most, by name and with the reason behind it."""

from __future__ import annotations

import io
import re
import tokenize

import pytest

from tests.repo.syntax import python_sources

WAIVER = re.compile(r"#\s*(?:noqa|type:\s*ignore|ruff:|mypy:|fmt:(?! skip$)|isort:|pyright:|pragma:)", re.IGNORECASE)
WITH_REASON = re.compile(
    r"#\s(?:noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*|type: ignore\[[a-z-]+(?:, [a-z-]+)*\])\s+(?:# |- |— |: )?\w.*\w",
    re.ASCII,
)


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def waivers_without_reason(text: str) -> list[str]:
    return [comment for comment in comments(text) if WAIVER.search(comment) and not WITH_REASON.match(comment)]


def test_every_waiver_names_its_rule_and_reason() -> None:
    found = {source.name: wrong for source in python_sources() if (wrong := waivers_without_reason(source.text))}
    assert not found


@pytest.mark.parametrize(
    "planted",
    [
        "# noqa",
        "# noqa: E501",
        "# type: ignore",
        "# type: ignore[arg-type]",
        "# ruff: noqa: E501 because",
        "# mypy: ignore-errors",
        "# fmt: off",
    ],
)
def test_a_planted_waiver_is_found(planted: str) -> None:
    assert waivers_without_reason(f"x = 1  {planted}\n") == [planted]


@pytest.mark.parametrize(
    "reasoned",
    [
        "# noqa: BLE001 a broken plug-in must not stop the import",
        "# type: ignore[arg-type]  # the stub is wrong in 3.54",
    ],
)
def test_a_waiver_with_a_reason_is_not(reasoned: str) -> None:
    assert not waivers_without_reason(f"x = 1  {reasoned}\n")
