"""docs/api.md is up to date, and its examples do in the shell, in Python and in JavaScript what they say."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from scripts.api_examples import EXAMPLES
from scripts.api_reference import TARGET, page
from tests.support.documents import operations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.server import Served

SERVER = "http://127.0.0.1:9180"
SECONDS = 60
PAGE = TARGET.read_text()
FORGIVING = {"null": "None", "undefined": "None", "true": "True", "false": "False"}
EXPORTS = ("export_csv", "export_json")


def section(name: str) -> str:
    """Return the part of the page about a route."""
    _, _, rest = PAGE.partition(f"### GET {EXAMPLES[name].route}\n")
    return rest.partition("\n### ")[0].partition("<!--")[0]


def code(name: str, language: str, served: Served) -> str:
    """Return the one example of a language, with the address of the server of the tests."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", section(name), re.MULTILINE | re.DOTALL)
    return str(found).replace(SERVER, served.url)


def run(folder: Path, command: list[str], text: str) -> str:
    done = subprocess.run(command, input=text, text=True, capture_output=True, cwd=folder, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    return done.stdout


def javascript(folder: Path, text: str) -> str:
    (folder / "example.mjs").write_text(text)
    return run(folder, ["node", "example.mjs"], "")


def words(text: str) -> list[str | float]:
    """Return what was printed, numbers as such: the languages write them differently."""
    found: list[str | float] = []
    for word in text.split():
        try:
            found.append(float(word))
        except ValueError:
            found.append(FORGIVING.get(word, word))
    return found


def test_the_page_is_up_to_date() -> None:
    assert page() == PAGE, "run python -m scripts.api_reference"


def test_every_route_that_answers_questions_has_its_examples() -> None:
    names = {
        o.name for o in operations() if o.method == "get" and {"reports", "errors", "exports"} & set(o.details["tags"])
    }
    assert names | {"status"} == set(EXAMPLES)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name not in EXPORTS])
def test_the_examples_of_a_route_show_the_same(served: Served, tmp_path: Path, name: str) -> None:
    body: dict[str, Any] = json.loads(run(tmp_path, ["sh", "-eu"], code(name, "sh", served)))
    assert body["success"] is True
    in_python = words(run(tmp_path, [sys.executable, "-"], code(name, "python", served)))
    in_javascript = words(javascript(tmp_path, code(name, "js", served)))
    assert len(in_python) == len(EXAMPLES[name].shown)
    assert in_python == in_javascript
    shown = [eval(text, {"data": body["data"]}) for text in EXAMPLES[name].shown]
    assert in_python == words(" ".join(map(str, shown)))


@pytest.mark.parametrize("name", EXPORTS)
def test_the_examples_of_an_export_bring_the_same_file(served: Served, tmp_path: Path, name: str) -> None:
    run(tmp_path, ["sh", "-eu"], code(name, "sh", served))
    kind = name.removeprefix("export_")
    (by_curl,) = tmp_path.glob(f"mockforge-analytics-*.{kind}")
    run(tmp_path, [sys.executable, "-"], code(name, "python", served))
    by_python = tmp_path / f"traffic.{kind}"
    assert by_curl.read_bytes() == by_python.read_bytes()
    text = by_python.read_text()
    assert words(javascript(tmp_path, code(name, "js", served))) == [float(len(text))]
    rows = list(csv.DictReader(text.splitlines())) if kind == "csv" else json.loads(text)
    assert len(rows) > 10
