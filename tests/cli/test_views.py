"""What reports look like: on terminals of several widths, in pipes, and with hostile names in them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from tests.cli.support import FIRST, MICROSECONDS, log_lines, traffic
from tests.cli.test_reports import REPORTS
from tests.traffic import row

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.support import Command
    from tests.traffic import Row

SEQUENCE = re.compile(r"\x1b\[[0-9;]*m")
RULE = "────"
CONTROLS = [chr(code) for code in (*range(10), *range(11, 32), *range(0x7F, 0xA0), 0x202E, 0x200B, 0x2066)]
ALL = (*((name,) for name in REPORTS), ("dimension-values", "endpoint"))


def drawn(command: Command, monkeypatch: pytest.MonkeyPatch, width: int, *arguments: str) -> list[str]:
    """Return the lines that a terminal of `width` characters gets, without colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    out = command.good(*arguments).out
    assert SEQUENCE.search(out)
    return SEQUENCE.sub("", out).splitlines()


def tables(lines: list[str]) -> list[str]:
    """Return rules and the rows below them."""
    found, inside = [], False
    for line in lines:
        inside = (inside or line.startswith(RULE)) and line != "" and not line.startswith("left out")
        found += [line] if inside else []
    return found


@pytest.mark.parametrize("width", [80, 100, 200])
@pytest.mark.parametrize("report", ALL, ids=" ".join)
def test_tables_fit_the_terminal(
    command: Command, monkeypatch: pytest.MonkeyPatch, report: tuple[str, ...], width: int
) -> None:
    lines = drawn(command, monkeypatch, width, "report", *report)
    rows = tables(lines)
    assert rows or report == ("traffic-patterns",)
    assert [line for line in rows if cell_len(line) > width] == []


def test_narrow_terminals_say_what_they_leave_out(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = drawn(command, monkeypatch, 80, "report", "endpoints")
    wide = drawn(command, monkeypatch, 200, "report", "endpoints")
    (said,) = [line for line in narrow if line.startswith("left out")]
    assert "received" in said
    assert not any(line.startswith("left out: received") for line in wide)


def test_the_heat_map_has_a_row_a_day_and_a_legend(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    for width in (80, 120, 200):
        lines = drawn(command, monkeypatch, width, "report", "traffic-patterns")
        assert [line[:3] for line in lines if line[:3] in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")] == [
            "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
        ]  # fmt: skip
        assert any("requests an hour" in line and "up to" in line for line in lines)
        assert any(line.lstrip().startswith("busiest: ") for line in lines)


def test_no_colour_where_none_is_wanted(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in command.good("report", "overview").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", command.good("report", "errors").out)


@pytest.mark.parametrize("report", ALL, ids=" ".join)
def test_plain_rows_have_one_word_a_column(command: Command, report: tuple[str, ...]) -> None:
    lines = command.good("report", *report).table
    if report == ("overview",):
        lines = [line for line in lines if line[0] in ("requests", "799") and "·" not in line]
    heading, *rows = lines
    assert rows or report == ("overview",)
    assert {len(line) for line in rows} <= {len(heading)}


def test_times_are_those_of_the_zone(command: Command, requests: list[Row], monkeypatch: pytest.MonkeyPatch) -> None:
    (first, *_) = command.good("report", "requests", "--granularity", "hour", "--zone", "Asia/Kolkata").table[1:]
    assert first[0] == "2025-03-10T14:30:00+05:30"
    lines = drawn(command, monkeypatch, 100, "report", "overview", "--zone", "Asia/Kolkata")
    assert "Asia/Kolkata" in lines[0]
    moment = datetime.fromtimestamp(requests[0]["timestamp"] / MICROSECONDS, timezone(timedelta(minutes=330)))
    assert any(f"first request  {moment:%Y-%m-%d %H:%M:%S}" in line for line in lines)


def hostile(tmp_path: Path) -> Path:
    """Return a log whose paths and agents try to steer a terminal."""
    names = ["/\x1b]0;owned\x07", "/\u202egnp.exe", "/\x9b31mred", "/日本語🙂", "/" + "x" * 3_000, "/=1+1"]
    rows = [
        row(FIRST + 7 * place, endpoint=name, status_code=500, client_ip="192.0.2.1") | {"user_agent": f"a{name[:20]}b"}
        for place, name in enumerate(names * 3)
    ]
    log = tmp_path / "hostile.log"
    log.write_bytes(log_lines(rows, latency=False) + b"\x1b[2J dirt\n")
    return log


@pytest.mark.parametrize("pretty", [False, True])
def test_no_log_steers_the_terminal(
    fresh: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pretty: bool
) -> None:
    said = fresh.good("import", hostile(tmp_path), "--templating", "none")
    if pretty:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "80")
    outputs = [said.out, fresh.good("status").out, fresh.good("holds").out]
    outputs += [fresh.good("report", *report).out for report in ALL]
    outputs += [fresh.on("report", "overview", "--endpoint", "/\x1b[2J", "--granularity", "x").err]
    for output in outputs:
        shown = SEQUENCE.sub("", output) if pretty else output
        assert [character for character in CONTROLS if character in shown] == []


def test_long_series_leave_out_what_is_empty(fresh: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "gap.log"
    log.write_bytes(log_lines([row(FIRST), row(FIRST + 20 * 3_600)]))
    fresh.good("import", log)
    lines = drawn(fresh, monkeypatch, 100, "report", "requests", "--granularity", "hour")
    assert any("⋮ 19 rows without requests" in line for line in lines)
    assert len(fresh.good("report", "requests", "--granularity", "hour", "--csv").rows) == len(range(21))


def test_a_log_without_latencies_shows_unknown_never_zero(fresh: Command, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(log_lines(traffic(50), latency=False))
    fresh.good("import", log)
    heading, *rows = fresh.good("report", "endpoints").table
    for name in ("avg_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms"):
        assert {line[heading.index(name)] for line in rows} == {"–"}
    assert "no request carries one" in fresh.good("report", "overview").out
    assert "carries a latency" in fresh.good("report", "latency").out
    csv = fresh.good("report", "endpoints", "--csv").rows
    assert {line["p95_latency_ms"] for line in csv} == {""}
