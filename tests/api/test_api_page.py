"""docs/api.md is up to date, and its examples do in the shell, in Python and in JavaScript what they say."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.model.plan import StatusRange
from mockforge_analytics.model.principal import Scope
from mockforge_analytics.model.window import Window
from mockforge_analytics.query.spec import QuerySpec
from mockforge_analytics.store.tokens import TokenFile
from scripts.api_examples import EXAMPLES
from scripts.api_reference import TARGET, page
from tests import oracle
from tests.api.traffic import ROWS
from tests.support.documents import operations
from tests.support.server import Served, serving
from tests.support.stores import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


# What the examples of the other sections print, of the answer to the one of curl or of what is stored.
PRINTED: dict[str, tuple[str, ...]] = {
    "Sending events": ("stored", "deduplicated", "rejected"),
    "Signing in": ("auth_required", "authenticated", "scopes"),
    "The live stream": ("total_requests", "error_rate"),
    "Health": ("status", "version"),
    "Older routes of MockForge": ("request_rate", "error_rate_percent"),
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """A server that examples may write to."""
    with serving(tmp_path, ROWS) as running:
        yield running


def by_hand(title: str, language: str, served: Served, secret: str = "") -> str:
    _, _, rest = PAGE.partition(f"\n## {title}\n")
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", rest.partition("\n## ")[0], re.MULTILINE | re.DOTALL)
    for name, value in ((SERVER, served.url), ("ws://127.0.0.1:9180", served.url.replace("http", "ws"))):
        found = found.replace(name, value)
    return str(found.replace("mfa_…", secret))


@pytest.mark.parametrize("title", PRINTED)
def test_the_examples_of_the_other_sections_show_the_same(own: Served, tmp_path: Path, title: str) -> None:
    secret = ""
    if title == "Signing in":
        _, secret = TokenFile(own.database.path, own.database.clock).create("page", [Scope.READ])
    if title == "The live stream":
        spec = QuerySpec(status_code=(StatusRange(500, 599),))
        rows = oracle.selected(ROWS, Window(NOW - 86_400, NOW), spec)
        expected: list[Any] = [len(rows), 100.0]
    else:
        data = json.loads(run(tmp_path, ["sh", "-eu"], by_hand(title, "sh", own, secret)))["data"]
        values = [data[name] for name in PRINTED[title]]
        expected = [one for value in values for one in (value if isinstance(value, list) else [value])]
    told = words(" ".join(map(str, expected)))
    assert words(run(tmp_path, [sys.executable, "-"], by_hand(title, "python", own, secret))) == told
    (tmp_path / "example.mjs").write_text(by_hand(title, "js", own, secret))
    assert words(run(tmp_path, ["node", "--experimental-websocket", "example.mjs"], "")) == told


def test_every_other_route_is_on_the_page() -> None:
    for operation in operations():
        name = operation.path.removeprefix(f"{BASE_PATH}/")
        assert f"`{operation.method.upper()} {name}`" in " ".join(PAGE.split()) or f"### GET {name}\n" in PAGE, (
            operation
        )
