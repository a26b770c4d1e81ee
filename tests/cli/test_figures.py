"""Numbers, sizes, times and tables as text."""

from __future__ import annotations

import math
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid, shortened
from mockforge_analytics.cli.plain import visible

HALF_A_UNIT_OF_THREE_DIGITS = 0.005
UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15, "EB": 1e18}


@given(st.floats(1e-4, 1e15))
def test_a_number_is_within_half_a_unit_of_its_third_digit(value: float) -> None:
    shown = float(figures.number(value).replace(",", ""))
    assert shown == pytest.approx(value, rel=HALF_A_UNIT_OF_THREE_DIGITS)


@given(st.integers(0, 2**63 - 1))
def test_a_size_keeps_three_digits(value: int) -> None:
    number, unit = figures.size(value).split(" ")
    assert float(number.replace(",", "")) * UNITS[unit] == pytest.approx(value, rel=HALF_A_UNIT_OF_THREE_DIGITS)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00"), (100, "100.00"), (1 / 3, "0.33"), (0.004, "<0.01"), (1e-9, "<0.01"), (99.999, "100.00")],
)
def test_percent(value: float, text: str) -> None:
    assert figures.percent(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.420 s"), (1, "1 s"), (90, "1 min 30 s"), (3_600, "1 h"), (3_661, "1 h 1 min"), (694_800, "8 d 1 h")],
)
def test_duration(seconds: float, text: str) -> None:
    assert figures.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "just now"), (-5, "just now"), (61, "1 minute ago"), (7_300, "2 hours ago"), (-200_000, "in 2 days")],
)
def test_ago(seconds: float, text: str) -> None:
    assert figures.ago(seconds) == text


@given(st.integers(0, 4_000_000_000), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]))
def test_an_instant_can_be_read_back(at: int, zone: str) -> None:
    text = figures.instant(at, ZoneInfo(zone))
    moment = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    assert datetime.fromisoformat(text) == moment.replace(tzinfo=None)


@given(st.floats(0, 1), st.integers(1, 40))
def test_a_bar_is_as_long_as_its_part(part: float, cells: int) -> None:
    drawn = figures.bar(part, cells)
    assert len(drawn) == math.ceil(max(round(part * cells * 8), 1 if part else 0) / 8)


@given(st.text(st.characters(codec=None)))
def test_visible_text_holds_nothing_that_steers(text: str) -> None:
    shown = visible(text)
    assert {unicodedata.category(character) for character in shown}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert shown == text or "\\" in shown


@pytest.mark.parametrize(("text", "shown"), [("\x1b[0m", "\\x1b[0m"), ("\x9b1m", "\\x9b1m"), ("a\u202eb", "a\\u202eb")])
def test_escapes_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(exclude_categories=["C", "M", "Z"])), st.integers(5, 60))
def test_shortened_text_fits_and_keeps_both_ends(text: str, width: int) -> None:
    short = shortened(text, width)
    assert cell_len(short) <= width
    if cell_len(text) <= width:
        assert short == text
    else:
        front, back = short.split("…", 1) if text.count("…") == 0 else (short[0], short[-1])
        assert text.startswith(front[:1])
        assert text.endswith(back[-1:])


CELLS = st.text(st.characters(exclude_categories=["C", "M", "Z"]), max_size=40)


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=6), st.integers(40, 200))
def test_grids_fit_whatever_they_hold(rows: list[tuple[str, ...]], width: int) -> None:
    columns = (
        Column("a", rank=2),
        Column("b", "ms", rank=1),
        Column("c", left=True, least=8),
        Column("d", left=True, least=8),
    )
    grid = Grid(columns)
    for texts in rows:
        grid.add(map(Cell, texts))
    lines = [line.plain for line in grid.lines(width)]
    assert all(cell_len(line) <= width for line in lines)
    assert len(lines) >= len(rows) + 2
    assert len(grid.plain_lines()) == len(rows) + 1


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="a row of 1 cells does not fit 2 columns"):
        Grid((Column("a"), Column("b"))).add([Cell("x")])


def test_columns_that_say_nothing_are_not_drawn() -> None:
    grid = Grid((Column("known", rank=1), Column("unknown", rank=1), Column("name", left=True)))
    grid.add([Cell("1"), Cell(figures.UNKNOWN), Cell("x")])
    assert "unknown" not in grid.lines(80)[0].plain.split()
    assert grid.left_out == ()
    assert grid.plain_lines()[0].split() == ["known", "unknown", "name"]
