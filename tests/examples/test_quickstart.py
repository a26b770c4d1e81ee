"""The first example works, and prints what the bundled log's own figures say."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.cli.support import environment
from tests.repo.syntax import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 10


def test_it_runs(tmp_path: Path) -> None:
    script = ROOT / "examples" / "quickstart.py"
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    truth = json.loads((ROOT / "tests" / "data" / "example-access.truth.json").read_text())
    assert done.stdout.startswith(f"{truth['requests']:,} requests, ")
    assert list(tmp_path.iterdir()) == []


def test_it_is_short() -> None:
    lines = (ROOT / "examples" / "quickstart.py").read_text().splitlines()
    assert len([line for line in lines if line and not line.startswith('"""')]) <= MOST_LINES
