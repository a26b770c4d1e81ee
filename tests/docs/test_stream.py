"""The examples and the bounds of docs/stream.md."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import connect

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.config import StreamConfig
from mockforge_analytics.live.question import DEFAULT_DURATION_SECONDS, DEFAULT_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS
from mockforge_analytics.query.reports.series import REQUEST_GROUPS
from tests.repo.syntax import ROOT
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import NOW
from tests.traffic import row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (ROOT / "docs" / "stream.md").read_text()
DEFAULT = "ws://127.0.0.1:9180"
ROWS = [row(NOW - 7 * number, status_code=(200, 500)[number % 4 == 0]) for number in range(1, 101)]
SECONDS = 30.0


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, ROWS) as running:
        yield running


def here(example: str, served: Served) -> str:
    assert DEFAULT in example
    return example.replace(DEFAULT, served.url.replace("http", "ws"))


def test_the_python_example_prints_the_figures(served: Served) -> None:
    (example,) = examples("python")
    done = subprocess.run([sys.executable, "-c", here(example, served)], check=True, capture_output=True, text=True)
    assert done.stdout == "100 requests, 25.0 % errors\n"


def test_the_javascript_example_holds_what_the_overview_says(served: Served) -> None:
    node = shutil.which("node")
    assert node is not None, "node is needed to run the example"
    (example,) = examples("javascript")
    command = [node, "--experimental-websocket", "-e", here(example, served)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "snapshot: 100 of 100 requests\n"
        served.database.write_requests(frame([row(NOW - 1), row(NOW - 20)]))
        heard = [process.stdout.readline()]
        while "delta" not in heard[-1]:
            heard.append(process.stdout.readline())
        assert heard[-1] == "delta: 102 of 102 requests\n"
        process.kill()


def fields(shown: Any, told: Any) -> None:
    """Fail where `shown` has a field that `told` has not."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            fields(value, told[name])
    elif isinstance(shown, list):
        fields(shown[0], told[0])


def test_the_frames_have_the_fields_that_are_shown(served: Served) -> None:
    shown = [json.loads(example) for example in examples("json")]
    with connect(f"{served.url.replace('http', 'ws')}{BASE_PATH}/stream") as socket:
        socket.send(json.dumps({"frames": "delta", "interval_seconds": 3_600}))
        told = [json.loads(socket.recv(SECONDS))]
        served.database.write_requests(frame([row(NOW - 1)]))
        told.append(json.loads(socket.recv(SECONDS)))
    assert [entry["type"] for entry in shown] == [entry["type"] for entry in told]
    for expected, found in zip(shown, told, strict=True):
        assert set(expected) == set(found)
        fields(expected, found)
    for name in told[0]["overview"]:
        assert f"`{name}`" in PAGE


def test_the_bounds_are_the_defaults() -> None:
    config = StreamConfig()
    seconds = config.max_duration_days * 86_400
    assert (
        f"1 to {seconds} ({config.max_duration_days} days; `stream.max_duration_days`) | {DEFAULT_DURATION_SECONDS} "
        in PAGE
    )
    assert f"whole number, 1 to {MAX_INTERVAL_SECONDS} | {DEFAULT_INTERVAL_SECONDS} " in PAGE
    assert f"`stream.message_bytes` ({config.message_bytes // 1024} KiB)" in PAGE
    assert f"`stream.messages_per_minute` ({config.messages_per_minute})" in PAGE
    assert f"`stream.max_clients` ({config.max_clients})" in PAGE
    assert f"`stream.queue_messages` ({config.queue_messages})" in PAGE
    assert f"`stream.queue_bytes` ({config.queue_bytes // 2**20} MiB)" in PAGE
    assert f"`stream.slow_seconds` ({config.slow_seconds:.0f})" in PAGE
    assert f"`stream.frames_per_second` ({config.frames_per_second:.0f})" in PAGE
    assert ", ".join(f"`{name}`" for name in REQUEST_GROUPS) in PAGE
