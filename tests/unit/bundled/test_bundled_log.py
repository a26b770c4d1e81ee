"""The bundled log is the one that the committed truth was computed from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mockforge_analytics.bundled import EXAMPLE_LOG_NAME, example_log

TRUTH = Path(__file__).resolve().parents[2] / "data" / "example-access.truth.json"
MAX_FILE_BYTES = 3_000_000


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(TRUTH.read_text())
    return loaded


@pytest.fixture(scope="module")
def log() -> bytes:
    with example_log() as path, zstandard.open(path, "rb") as stream:
        content: bytes = stream.read()
        return content


def test_file_is_the_one_of_the_truth_and_small(truth: dict[str, Any]) -> None:
    with example_log() as path:
        assert path.name == EXAMPLE_LOG_NAME
        compressed = path.read_bytes()
    assert hashlib.sha256(compressed).hexdigest() == truth["file_sha256"]
    assert len(compressed) <= MAX_FILE_BYTES


def test_content_is_the_one_of_the_truth(log: bytes, truth: dict[str, Any]) -> None:
    assert hashlib.sha256(log).hexdigest() == truth["log_sha256"]
    assert log.count(b"\n") == truth["lines"]


def test_truth_agrees_with_itself(truth: dict[str, Any]) -> None:
    """Sums over any grouping give the same total, so no awk program lost a line."""
    assert truth["bad_lines"] + truth["requests"] == truth["lines"]
    assert sum(truth["status"].values()) == truth["requests"]
    assert sum(truth["days"].values()) == truth["requests"]
    assert sum(truth["methods"].values()) + truth["malformed_request"] == truth["requests"]
    assert sum(truth["hours_of_wednesday"].values()) == truth["days"]["18"]
    assert truth["latency_ms"]["count"] == truth["requests"]


def test_log_shows_what_a_real_one_does(log: bytes, truth: dict[str, Any]) -> None:
    expected = {"200", "201", "204", "206", "301", "302", "304", "400", "401", "403", "404", "405", "409", "422", "429"}
    assert expected | {"499", "500", "502", "503", "504"} <= truth["status"].keys()
    assert {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= truth["methods"].keys()
    assert len(truth["days"]) == 7
    for dirt in (rb'"\x16\x03\x01', rb"\x22Hello, world\x22", b'"GET http://', b" - finance ["):
        assert dirt in log
    assert b"\n2001:db8:" in log
