"""The Python examples of docs/sending-traffic.md run and report; its tables have every setting."""

from __future__ import annotations

import asyncio
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from django.core.asgi import get_asgi_application

from mockforge_analytics.sources.asgi.middleware import AnalyticsMiddleware
from mockforge_analytics.sources.asgi.settings import DEFAULT_EXCLUDED, CaptureSettings, DeliverySettings
from mockforge_analytics.sources.asgi.stats import Drop, ReporterStats
from tests.asgi.applications import django_application
from tests.asgi.support import Recording, collected, events_in, http_scope, receiving, request_body

if TYPE_CHECKING:
    from mockforge_analytics.sources.asgi.protocol import Message

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "sending-traffic.md").read_text("utf-8")
SECTION: Final = PAGE[PAGE.index("## From a Python application") : PAGE.index("## HTTP events")]
BLOCKS: Final = re.findall(r"```python\n(.*?)```", SECTION, re.DOTALL)
ADDRESS: Final = "http://127.0.0.1:9180"


def block(mark: str) -> str:
    """Return the example that holds `mark`."""
    found: list[str] = [text for text in BLOCKS if mark in text]
    assert len(found) == 1
    return found[0]


def answered(application: Any, path: str) -> list[Message]:
    """Return what a whole life with one request to `path` sends."""
    sent: list[Message] = []

    async def call() -> None:
        await application(http_scope(path), request_body(), collected(sent))
        life = events_in({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
        await application({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, life, collected([]))

    asyncio.run(call())
    return sent


@pytest.mark.parametrize(
    ("mark", "path", "endpoint"),
    [
        ("add_middleware(AnalyticsMiddleware, url", "/items/7", "/items/{item_id}"),
        ("Starlette(routes", "/items/7", "/items/{item_id}"),
        ("import Quart", "/items/7", "/items/{item_id}"),
        ("masked_paths", "/reset-password/abc", None),
        ("is_complete", "/items/7", None),
    ],
)
def test_an_example_reports(mark: str, path: str, endpoint: str | None) -> None:
    with receiving() as receiver:
        code = block(mark)
        assert ADDRESS in code
        space: dict[str, Any] = {"__name__": "example"}
        exec(compile(code.replace(ADDRESS, receiver.url), mark, "exec", dont_inherit=True), space)
        assert answered(space["app"], path)[0]["status"] in (200, 204)
        (event,) = [event for delivery in receiver.all() for event in delivery.events]
    assert event.get("endpoint") == endpoint
    assert event["path"] == path.replace("abc", "***")
    if "is_complete" in space:
        assert space["is_complete"]()


def test_the_example_with_a_database_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    space: dict[str, Any] = {"__name__": "example"}
    exec(compile(block("AnalyticsDatabase.open"), "database", "exec", dont_inherit=True), space)
    with space["database"]:
        answered(space["app"], "/items/7")
        assert answered(space["app"], "/traffic")[1]["body"] == b"1"


def test_the_middleware_for_django_notes_the_route(monkeypatch: pytest.MonkeyPatch) -> None:
    django_application()
    space: dict[str, Any] = {}
    exec(compile(block("async_only_middleware"), "django", "exec", dont_inherit=True), space)
    monkeypatch.setattr(sys.modules["tests_asgi_urls"], "note_route", space["note_route"])
    recording = Recording()
    answered(AnalyticsMiddleware(get_asgi_application(), reporter=recording), "/items/7/")
    assert [event.endpoint for event in recording.events] == ["/items/{pk}/"]


def test_every_example_is_tested() -> None:
    assert len(BLOCKS) == 7


def _rows() -> dict[str, str]:
    """Return the second column of every table by the names in the first."""
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", SECTION, re.MULTILINE)
    return {name: second for names, second in rows for name in re.findall(r"`(\w+)`", names)}


@pytest.mark.parametrize("settings", [CaptureSettings, DeliverySettings])
def test_every_setting_is_listed(settings: Any) -> None:
    assert {field.name for field in fields(settings)} <= set(_rows())


def test_the_defaults_of_delivery_are_those_of_the_table() -> None:
    rows, defaults = _rows(), DeliverySettings()
    waits = ("retry_first", "retry_factor", "retry_cap")
    expected = {field.name: str(getattr(defaults, field.name)) for field in fields(defaults) if field.name not in waits}
    found = {name: rows[name].strip("`").removesuffix(" s") for name in expected}
    assert {name: value.removesuffix(".0") for name, value in expected.items()} == found
    assert rows["retry_first"] == f"{defaults.retry_first:g} s, {defaults.retry_factor:g}, {defaults.retry_cap:g} s"


def test_every_path_that_is_left_out_every_count_and_every_reason_is_named() -> None:
    names = [*DEFAULT_EXCLUDED, *(reason.value for reason in Drop), *(field.name for field in fields(ReporterStats))]
    assert [name for name in names if f"`{name}`" not in SECTION] == []
