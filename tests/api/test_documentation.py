"""The OpenAPI document is complete, and its page works without a network, a script or a fixed address."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from mockforge_analytics.api.app import BASE_PATH
from mockforge_analytics.config import AnalyticsConfig
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.service import analytics_router, database_app
from tests.support.documents import Operation, document, operations
from tests.support.server import Served, serving_app
from tests.support.stores import FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPERATIONS = list(operations())
GETS = [o for o in OPERATIONS if o.method == "get" and o.path.startswith(BASE_PATH)]
EXPORTS = ("export_csv", "export_json")


def fields(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every field of an answer with its place."""
    if "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    for part in (schema.get("items"), *schema.get("anyOf", ())):
        if part:
            yield from fields(part, path)
    for name, field in schema.get("properties", {}).items():
        yield f"{path}/{name}", field
        yield from fields(field, f"{path}/{name}")


def test_names_are_those_of_the_functions_and_unique() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_every_operation_is_described(operation: Operation) -> None:
    assert operation.details["tags"]
    assert operation.details["description"].endswith((".", ".\n"))
    for parameter in operation.parameters:
        assert parameter["description"]
        assert parameter["schema"]


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_every_answer_of_a_route_is_described(operation: Operation) -> None:
    responses = operation.details["responses"]
    assert {"200", "422", "500", "503", "504"} <= set(responses)
    for status, response in responses.items():
        assert response["description"]
        (media_type,) = response["content"]  # one, and the right one
        assert media_type == ("text/csv" if status == "200" and operation.name == "export_csv" else "application/json")
    for parameter in operation.parameters:
        assert "example" in parameter


@pytest.mark.parametrize("operation", GETS, ids=str)
def test_every_figure_says_its_unit_or_has_an_example(operation: Operation) -> None:
    content = operation.details["responses"]["200"]["content"]
    found = dict(fields(content.get("application/json", {}).get("schema", {})))
    assert found or operation.name == "export_csv"
    for place, field in found.items():
        kinds = {part.get("type") for part in (field, *field.get("anyOf", ()))}
        if kinds & {"number", "integer"}:
            assert field.get("description") or field.get("examples"), place
        name = place.rsplit("/", 1)[1]
        if name.endswith("_ms") or name in ("p50", "p95", "p99", "avg", "min", "max"):
            assert "milliseconds" in field["description"], place


class Links(HTMLParser):
    """Collects what a page refers to, and what it must not have."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.identifiers: list[str] = []
        self.forbidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.identifiers += [given["id"]] if "id" in given else []
        if tag in ("script", "style", "iframe", "object") or any(n == "style" or n.startswith("on") for n in given):
            self.forbidden.append(tag)


def test_the_page_has_every_route_and_needs_nothing_from_elsewhere(served: Served) -> None:
    answer = served.get("docs")
    page = Links()
    page.feed(answer.text)
    assert page.forbidden == []
    assert set(page.identifiers) == {operation.name for operation in OPERATIONS}
    assert "script" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    for link in page.links:
        assert not re.match(r"[a-z]+:|/", link), "it would lead out of a path of a proxy"
        if link.startswith("#"):
            assert link[1:] in page.identifiers
        else:
            found = served.client.get(f"{BASE_PATH}/{link}")
            assert found.status_code == 200, link
            assert link != "docs.css" or found.headers["Content-Type"] == "text/css; charset=utf-8"


def test_what_is_written_by_hand_is_escaped(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "a.db", clock=FixedClock()) as database:
        app = database_app(database)
        app.description = "<script>alert(1)</script>"
        with serving_app(app) as url:
            text = httpx.get(f"{url}{BASE_PATH}/docs").text
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_path_of_a_proxy_is_in_the_document(tmp_path: Path) -> None:
    config = AnalyticsConfig.model_validate({"server": {"root_path": "/stats"}})
    with (
        AnalyticsDatabase.open(tmp_path / "a.db", config=config, clock=FixedClock()) as database,
        serving_app(database_app(database)) as url,
    ):
        assert httpx.get(f"{url}{BASE_PATH}/openapi.json").json()["servers"] == [{"url": "/stats"}]


def test_the_router_shows_its_own_routes_within_another_application(tmp_path: Path) -> None:
    with AnalyticsDatabase.open(tmp_path / "a.db", clock=FixedClock()) as database:
        app = FastAPI()
        app.include_router(analytics_router(database))

        @app.get("/theirs")
        async def theirs() -> str:
            return "not ours"

        with serving_app(app) as url:
            paths = set(httpx.get(f"{url}{BASE_PATH}/openapi.json").json()["paths"])
            failure = httpx.get(f"{url}{BASE_PATH}/overview?duration=x")
    assert {o.path for o in GETS} <= paths
    assert "/theirs" not in paths
    assert failure.json()["field"] == "duration"
