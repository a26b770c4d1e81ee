"""Imports through the command: what is counted, what is said, what is refused."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import FIRST, Command, log_lines, traffic, write_log
from tests.support.samples import sample_path, sample_truth

if TYPE_CHECKING:
    from pathlib import Path

SOURCE_ERROR = 3
SOME = 200
APACHE = "access_logs/elastic_apache_logs_10k.log"


def summary(command: Command, *arguments: str | Path) -> dict[str, object]:
    """Import and return what came of the one file."""
    (found,) = command.good("import", *arguments, "--json").json
    assert isinstance(found, dict)
    return found


def total(command: Command, *options: str) -> int:
    return int(command.good("report", "overview", *options, "--json").json["totals"]["total_requests"])


def test_the_summary_counts_every_line(fresh: Command, tmp_path: Path) -> None:
    rows = traffic(SOME)
    log = tmp_path / "access.log"
    log.write_bytes(b"\x16\x03\x01 dirt\n\n" + log_lines(rows, latency=False))
    found = summary(fresh, log)
    assert found["format"] == "combined"
    assert found["lines"] == SOME + 2
    assert found["stored"] == SOME
    assert found["blank"] == 1
    assert found["rejected"] == {"format": 1}
    assert found["first"] == rows[0]["timestamp"]
    assert found["last"] == rows[-1]["timestamp"]
    assert found["has_latency"] is False
    assert found["held"] is True


def test_the_summary_for_people(fresh: Command, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"no request at all\n" + log_lines(traffic(SOME), latency=False))
    out = fresh.good("import", log).out
    for words in (
        "access.log",
        "format    combined",
        f"stored    {SOME}",
        "rejected  1",
        "no request at all",
        "2025-03-1",
        "reports show – for it",
        "under a hold",
        f"mockforge-analytics report overview --database {fresh.path}",
    ):
        assert words in out


def test_repeated_renamed_packed_and_grown_logs_count_once(fresh: Command, tmp_path: Path) -> None:
    rows = traffic(3 * SOME)
    log = write_log(tmp_path, rows[:SOME])
    assert summary(fresh, log)["stored"] == SOME
    assert summary(fresh, log)["stored"] == 0
    renamed = log.rename(tmp_path / "access.log.1")
    assert summary(fresh, renamed)["stored"] == 0
    renamed.write_bytes(log_lines(rows[: 2 * SOME]))
    assert summary(fresh, renamed)["stored"] == SOME
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress(log_lines(rows)))
    assert summary(fresh, packed)["stored"] == SOME
    assert total(fresh) == len(rows)


def test_labels_can_be_filtered_by(fresh: Command, tmp_path: Path) -> None:
    one = write_log(tmp_path, traffic(SOME, seed=1), "one.log")
    two = write_log(tmp_path, traffic(2 * SOME, seed=2), "two.log")
    fresh.good("import", one, "--environment", "prod", "--workspace", "shop", "--protocol", "gRPC")
    fresh.good("import", two, "--environment", "staging", "--workspace", "shop")
    assert total(fresh, "--environment", "prod") == SOME
    assert total(fresh, "--environment", "staging") == 2 * SOME
    assert total(fresh, "--workspace", "shop") == 3 * SOME
    assert total(fresh, "--protocol", "grpc") == SOME


@pytest.mark.parametrize(("level", "endpoint"), [("none", "/users/42"), ("identifiers", "/users/:id")])
def test_templating(fresh: Command, tmp_path: Path, level: str, endpoint: str) -> None:
    rows = traffic(SOME)
    fresh.good("import", write_log(tmp_path, rows), "--templating", level)
    expected = sum(row["endpoint"] == "/users/42" for row in rows)
    assert total(fresh, "--endpoint", endpoint) == expected


def test_a_format_string(fresh: Command, tmp_path: Path) -> None:
    log = tmp_path / "own.log"
    log.write_text("".join(f"{FIRST + number}.250 GET /x/{number % 3} 200 0.{number:03}\n" for number in range(100)))
    found = summary(
        fresh, log, "--format", "$msec $request_method $request_uri $status $request_time", "--templating", "none"
    )
    assert (found["stored"], found["rejected"], found["has_latency"]) == (100, {}, True)
    rows = fresh.good("report", "endpoints", "--csv").rows
    assert {row["endpoint"]: row["request_count"] for row in rows} == {"/x/0": "34", "/x/1": "33", "/x/2": "33"}
    assert {row["endpoint"]: row["max_latency_ms"] for row in rows} == {"/x/0": "99.0", "/x/1": "97.0", "/x/2": "98.0"}


def test_a_format_that_no_line_has_imports_nothing(fresh: Command, tmp_path: Path) -> None:
    log = write_log(tmp_path, traffic(SOME))
    outcome = fresh.on("import", log, "--format", "caddy_json")
    assert outcome.code == SOURCE_ERROR
    assert f"None of the {SOME} lines looked at is in the format caddy_json" in outcome.err
    assert summary(fresh, log)["stored"] == SOME


def test_one_bad_file_stops_no_other(fresh: Command, tmp_path: Path) -> None:
    log = write_log(tmp_path, traffic(SOME))
    outcome = fresh.on("import", tmp_path / "missing.log", log, tmp_path, "--json")
    assert outcome.code == SOURCE_ERROR
    assert [found["stored"] for found in outcome.json] == [SOME]
    assert len(outcome.err.splitlines()) == len(("missing.log", "the folder"))


def bad_inputs(folder: Path) -> dict[str, Path]:
    files = {name: folder / name for name in ("empty", "binary", "prose", "cut.gz", "UTF-16", "cut.zst", "missing")}
    text = log_lines(traffic(8_000))
    files["empty"].write_bytes(b"")
    files["binary"].write_bytes(bytes(range(256)) * 100)
    files["prose"].write_text("once upon a time\nthere was a log\n")
    files["UTF-16"].write_bytes(text.decode().encode("utf-16"))
    files["cut.gz"].write_bytes(gzip.compress(text)[:50_000])
    files["cut.zst"].write_bytes(b"\x28\xb5\x2f\xfd\x04\x00")
    files["folder"] = folder
    return files


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", "no such file; check the path"),
        ("folder", "is a directory; name the log files in it"),
        ("empty", "is empty; there is nothing to import"),
        ("binary", "is a binary file"),
        ("UTF-16", "convert it to UTF-8 text first"),
        ("prose", "Unknown log format"),
        ("cut.gz", "the file is cut short; the lines before that point were read"),
        ("cut.zst", "the file is cut short"),
    ],
)
def test_bad_input_is_one_line_that_says_what_to_do(fresh: Command, tmp_path: Path, name: str, words: str) -> None:
    path = bad_inputs(tmp_path)[name]
    outcome = fresh.on("import", path)
    assert outcome.code == SOURCE_ERROR
    (line,) = outcome.err.splitlines()
    assert line.startswith("mockforge-analytics: ")
    assert str(path) in line
    assert words in line


def test_a_misspelt_name_leaves_no_database_behind(fresh: Command, tmp_path: Path) -> None:
    assert fresh.on("import", tmp_path / "acess.log").code == SOURCE_ERROR
    assert list(tmp_path.iterdir()) == []


def test_what_was_read_of_a_cut_file_is_kept_and_counts_once(fresh: Command, tmp_path: Path) -> None:
    rows = traffic(8_000)
    packed = tmp_path / "log.gz"
    packed.write_bytes(gzip.compress(log_lines(rows))[:50_000])
    assert fresh.on("import", packed).code == SOURCE_ERROR
    some = total(fresh)
    assert 0 < some < len(rows)
    packed.write_bytes(gzip.compress(log_lines(rows)))
    assert summary(fresh, packed)["stored"] == len(rows) - some
    assert total(fresh) == len(rows)


def test_a_public_log(fresh: Command) -> None:
    truth = sample_truth(APACHE)
    found = summary(fresh, sample_path(APACHE), "--templating", "none")
    assert found["stored"] == truth["lines"]
    statuses = fresh.good("report", "status-codes", "--csv").rows
    assert {row["status_code"]: int(row["request_count"]) for row in statuses} == truth["status"]
    methods = fresh.good("report", "dimension-values", "method", "--csv").rows
    assert {row["value"]: int(row["count"]) for row in methods} == truth["methods"]
    paths = fresh.good("report", "dimension-values", "endpoint", "--limit", "5", "--csv").rows
    assert [[row["value"], int(row["count"])] for row in paths] == truth["top5_paths"]
    totals = fresh.good("report", "overview", "--json").json["totals"]
    assert totals["total_bytes_sent"] == truth["bytes_sum"]
    assert totals["avg_latency_ms"] is None
    assert fresh.good("report", "clients", "--json").json["totals"]["unique_clients"] == truth["unique_clients"]
    hours = fresh.good("report", "requests", "--granularity", "hour", "--csv").rows
    assert sum(int(row["request_count"]) > 0 for row in hours) == truth["distinct_hours"]
