"""The shell examples of docs/sending-traffic.md, run as they stand against a server."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.config import IngestConfig
from mockforge_analytics.sources.events.columns import Terms
from mockforge_analytics.sources.events.decode import decode_events
from mockforge_analytics.sources.events.event import Event
from tests.repo.syntax import ROOT
from tests.support.server import serving

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs" / "sending-traffic.md").read_text()
SECTION = PAGE[PAGE.index("## HTTP events") :]
DEFAULT = "http://127.0.0.1:9180"
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
EXAMPLES = re.findall(r"`(\{.*?\})`", SECTION, re.DOTALL)


def answer_of(command: str, url: str) -> dict[str, Any]:
    """Run `command` against the server at `url`, and return what it says became of the events."""
    shell = ["sh", "-ec", command.replace(DEFAULT, url)]
    done = subprocess.run(shell, check=True, capture_output=True, text=True)
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    return data


def test_the_commands_store_what_they_say(tmp_path: Path) -> None:
    assert len(COMMANDS) == 2
    with serving(tmp_path) as served:
        stored = 0
        for command in COMMANDS:
            assert DEFAULT in command
            data = answer_of(command, served.url)
            assert (data["stored"], data["rejected"]) == (data["received"], 0)
            stored += data["stored"]
        assert stored == 3
        assert answer_of(COMMANDS[-1], served.url)["deduplicated"] == 2


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_objects_in_the_text_are_events(text: str) -> None:
    assert decode_events(text.encode(), Terms(1_700_000_000_000_000), most=1).accepted == 1


def test_the_answer_has_the_fields_of_an_answer(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```$", SECTION, re.DOTALL | re.MULTILINE)
    with serving(tmp_path) as served:
        answer = served.client.post("/api/v2/analytics/events", json={"path": "/"}).json()
    assert list(json.loads(shown)) == list(answer)
    assert list(json.loads(shown)["data"]) == list(answer["data"])


def test_every_field_is_described() -> None:
    rows = [line.split("|")[1] for line in SECTION.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named | {"type", "value", "source"} == set(Event.__struct_fields__)


def test_the_bounds_are_the_defaults() -> None:
    config = IngestConfig()
    mebibytes = [config.max_body_bytes // 2**20, config.max_inflated_bytes // 2**20]
    assert f"more than {mebibytes[0]} MiB, {mebibytes[1]} MiB inflated, or {config.max_events:,} events" in SECTION
    assert f"within {config.body_timeout_seconds:.0f} seconds" in SECTION
    assert f"names the first {config.max_errors} bad ones" in SECTION
