"""Hostile text in every parameter: an answer or a refusal, never a fault, and nothing of it is run or believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mockforge_analytics.api.app import BASE_PATH
from tests.api.traffic import ROWS
from tests.support.documents import Operation, operations

if TYPE_CHECKING:
    from tests.support.server import Served

GETS = [operation for operation in operations() if operation.method == "get" and operation.path.startswith(BASE_PATH)]

# As they stand in an address, so that bytes that are no UTF-8 can be sent as well.
CORPUS = {
    "sql": "%27%20OR%201%3D1%3B%20DROP%20TABLE%20series_minute%3B%20--",
    "union": "x%27%20UNION%20SELECT%20sql%20FROM%20sqlite_master%20--",
    "like": "%25_%25",
    "formula": "%3Dcmd%7C%27%20%2FC%20calc%27%21A0",
    "html": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "header": "x%0D%0ASet-Cookie%3A%20a%3Db",
    "nul": "a%00b",
    "surrogate": "%ED%A0%80",
    "not utf-8": "%FF%FE%C0%AF",
    "overlong": "%C0%80",
    "direction": "%E2%80%AE%E2%80%8B",
    "number": "9" * 400,
    "negative": "-" + "9" * 400,
    "exponent": "1e999",
    "nan": "NaN",
    "infinity": "Infinity",
    "digits": "%D9%A1%D9%A2%D9%A3",
    "long": "x" * 20_000,
    "braces": "%7B%7B7*7%7D%7D%24%7B7*7%7D",
    "path": "..%2F..%2F..%2Fetc%2Fpasswd",
    "json": "%7B%22a%22%3A%5B%5D%7D",
    "list": "%2C%2C%2C%2C",
    "regex": "(a%2B)%2B%24" + "a" * 40,
}
REQUIRED = {
    "dimensions": ("dimension", "endpoint"),
    "endpoint_clients": ("endpoint", "/a"),
}  # by the routes that need one


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
@pytest.mark.parametrize("operation", GETS, ids=str)
def test_every_parameter_takes_hostile_text(served: Served, operation: Operation, text: str) -> None:
    for parameter in operation.parameters:
        if parameter["in"] != "query":
            continue
        name, value = REQUIRED.get(operation.name, ("", ""))
        required = f"&{name}={value}" if name and name != parameter["name"] else ""
        answer = served.client.get(f"{operation.path}?{parameter['name']}={text}{required}")
        assert answer.status_code in (200, 422), (parameter["name"], answer.text)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Type"] in ("application/json", "text/csv; charset=utf-8")
        if answer.status_code == 422:
            assert answer.json()["field"] == parameter["name"]
            assert len(answer.text) < 5_000


@pytest.mark.parametrize("text", CORPUS.values(), ids=CORPUS)
def test_hostile_names_and_paths_are_nothing_known(served: Served, text: str) -> None:
    if len(text) < 10_000:
        assert served.client.get(f"{BASE_PATH}/overview?{text}={text}").status_code == 200
    assert served.client.get(f"{BASE_PATH}/{text[:500]}").status_code == 404


def test_the_database_is_as_it_was(served: Served) -> None:
    assert served.data("overview", duration="7d")["total_requests"] == len(ROWS)
