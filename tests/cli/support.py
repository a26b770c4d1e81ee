"""Running the command: in this process for what it prints, as a process of its own for how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.cli.main import run
from tests.repo.syntax import ROOT
from tests.traffic import Row, row

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pytest

FIRST: Final = 1_741_600_000  # 2025-03-10 09:46:40 UTC, a Monday
HOURS: Final = 60
MICROSECONDS: Final = 1_000_000
ENDPOINTS: Final = ("/", "/users", "/users/42", "/orders", "/static/app.js", "/slow path")
AGENTS: Final = ("curl/8.5.0", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "-")


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def table(self) -> list[list[str]]:
        """The words of the lines that are data."""
        return [line.split() for line in self.out.splitlines() if line and not line.startswith("#")]


class Command:
    """Runs `mockforge-analytics` in this process, with the database `path`."""

    def __init__(self, path: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self._capture = capture

    def __call__(self, *arguments: str | Path) -> Outcome:
        self._capture.readouterr()
        code = run(list(map(str, arguments)))
        out, err = self._capture.readouterr()
        return Outcome(code, out, err)

    def on(self, *arguments: str | Path) -> Outcome:
        """Run a command on the database."""
        return self(*arguments, "--database", self.path)

    def good(self, *arguments: str | Path) -> Outcome:
        """Run a command on the database that must succeed."""
        outcome = self.on(*arguments)
        assert outcome.code == 0, outcome
        return outcome


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a process of ours: the checkout's sources, and no settings of the person who tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCKFORGE_ANALYTICS_")}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "error", **extra}


def command_line(*arguments: str | Path) -> list[str]:
    """Return the words that start the command as a process."""
    return [sys.executable, "-m", "mockforge_analytics", *map(str, arguments)]


def traffic(count: int, seed: int = 1) -> list[Row]:
    """Return made-up requests in the order of time; their times are whole seconds, as most logs have them."""
    source = random.Random(seed)
    found = []
    for _ in range(count):
        status = source.choice([200] * 12 + [201, 301, 404, 404, 500, 503])
        at = FIRST + source.randrange(HOURS * 3_600)
        entry = row(
            at,
            method=source.choice(["GET", "GET", "POST", "DELETE"]),
            endpoint=source.choice(ENDPOINTS[:5]),
            status_code=status,
            latency_us=int(source.lognormvariate(9, 1)),
            bytes_sent=source.randrange(100_000),
            client_ip=f"192.0.2.{source.randrange(1, 40)}",
        )
        entry["user_agent"] = source.choice(AGENTS)
        found.append(entry)
    return sorted(found, key=lambda entry: int(entry["timestamp"]))


def log_lines(rows: Iterable[Row], *, latency: bool = True) -> bytes:
    """Return `rows` as nginx would write them, in the Combined format, with microseconds at the end if `latency`."""
    return b"".join(_line(entry, latency=latency) for entry in rows)


def _line(entry: Row, *, latency: bool) -> bytes:
    moment = datetime.fromtimestamp(entry["timestamp"] // MICROSECONDS, UTC)
    request = f'"{entry["method"]} {entry["endpoint"]}?q=1 HTTP/1.1"'
    took = f" {entry['latency_us']}" if latency else ""
    fields = f'{entry["status_code"]} {entry["bytes_sent"]} "-" "{entry["user_agent"]}"{took}'
    return f"{entry['client_ip']} - - [{moment:%d/%b/%Y:%H:%M:%S +0000}] {request} {fields}\n".encode()


def write_log(folder: Path, rows: Sequence[Row], name: str = "access.log", *, latency: bool = True) -> Path:
    """Write `rows` as a log into `folder`."""
    path = folder / name
    path.write_bytes(log_lines(rows, latency=latency))
    return path
