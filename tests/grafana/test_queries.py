"""Every query of the boards and rules, on a real Prometheus, against what the traffic says.

One Prometheus for all: it has forty minutes of our server's expositions as history, and scrapes the server itself.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml

from dashboards.boards import FOLDER
from mockforge_analytics.clock import SystemClock
from tests.grafana.expected import ALERTS, HEALTH, OVERVIEW, RECORDED, UPSTREAM
from tests.grafana.history import BUSY_END, QUIET_END, History, Labels, Moment, backfill, record
from tests.support.prometheus import Prometheus, Target, prometheus
from tests.support.requests import frame
from tests.support.server import Served, serving
from tests.support.stores import FixedClock
from tests.traffic import row

if TYPE_CHECKING:
    from collections.abc import Iterator

HOURS_AGO = 4 * 3_600
ALL = {"protocol": ".*", "environment": ".*", "endpoint": ".*"}
ONE = {"protocol": "HTTP", "environment": "prod", "endpoint": "/a"}
MOMENTS = {"busy": BUSY_END, "one request a minute": QUIET_END}
BOARDS = {"mockforge-overview.json": OVERVIEW, "mockforge-analytics-health.json": HEALTH}


@dataclass(frozen=True)
class Scraped:
    """A Prometheus, the server it scrapes, and what that server has been through."""

    prometheus: Prometheus
    served: Served
    history: History

    def ask(self, query: str, at: int) -> dict[Labels, float]:
        """Return the values of `query` by labels."""
        parameters: dict[str, Any] = {"query": query, "time": at}
        answer = httpx.post(f"{self.prometheus.url}/api/v1/query", data=parameters, timeout=30).json()
        assert answer["status"] == "success", answer
        assert not answer.get("warnings"), answer
        return {frozenset(one["metric"].items()): float(one["value"][1]) for one in answer["data"]["result"]}

    def moment(self, name: str) -> Moment:
        return Moment(self.history, self.history.start + MOMENTS[name])


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    start = SystemClock().now_us() // 1_000_000 // 3_600 * 3_600 - HOURS_AGO
    clock = FixedClock(start)
    with serving(tmp_path_factory.mktemp("server"), clock=clock) as served:
        history = record(served, clock, start)
        folder = tmp_path_factory.mktemp("prometheus")
        backfill(history, folder, subprocess.run)
        target = Target(int(served.url.rsplit(":", 1)[1]))
        with prometheus(folder, target) as server:
            yield Scraped(server, served, history)


def panels(name: str) -> dict[tuple[str, str], str]:
    """Return the queries of a board by panel and legend."""
    board = json.loads((FOLDER / name).read_text())
    return {
        (panel["title"], target["legendFormat"]): target["expr"]
        for panel in board["panels"]
        for target in panel["targets"]
    }


def rules() -> dict[str, str]:
    """Return the expressions of all rules by name; one that uses a recorded series has its expression instead."""
    found = [
        rule
        for file in sorted((FOLDER / "rules").glob("*s.yml")) + sorted((FOLDER / "rules").glob("*ing.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]
    recorded = {rule["record"]: rule["expr"] for rule in found if "record" in rule}
    expressions = {rule.get("record") or rule["alert"]: rule["expr"] for rule in found}
    for name, expression in recorded.items():
        expressions = {key: value.replace(name, f"({expression})") for key, value in expressions.items()}
    return expressions


def substituted(query: str, variables: dict[str, str]) -> str:
    for name, value in variables.items():
        query = query.replace(f"${name}", value)
    assert "$" not in query
    return query


def same(got: dict[Labels, float], expected: dict[Labels, float]) -> None:
    assert got == {key: pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True) for key, value in expected.items()}


@pytest.mark.parametrize("board", BOARDS)
def test_every_query_of_a_board_is_checked(board: str) -> None:
    assert set(panels(board)) == set(BOARDS[board])


@pytest.mark.parametrize("when", MOMENTS)
@pytest.mark.parametrize("board", BOARDS)
def test_panels_show_the_traffic(scraped: Scraped, board: str, when: str) -> None:
    moment = scraped.moment(when)
    for key, query in panels(board).items():
        expected = BOARDS[board][key](moment)
        assert expected, key
        same(scraped.ask(substituted(query, ALL), moment.at), expected)


@pytest.mark.parametrize("when", MOMENTS)
def test_variables_narrow_the_panels(scraped: Scraped, when: str) -> None:
    whole = scraped.moment(when)
    moment = whole.filtered(**ONE)
    assert 0 < len(moment.rows(300)) <= len(whole.rows(300))
    for (title, legend), query in panels("mockforge-overview.json").items():
        if "endpoint=~" in query:
            same(scraped.ask(substituted(query, ONE), moment.at), OVERVIEW[title, legend](moment))


def test_there_is_one_request_a_minute_when_it_is_quiet(scraped: Scraped) -> None:
    assert len(scraped.moment("one request a minute").rows(600)) == 10


@pytest.mark.parametrize("when", MOMENTS)
def test_rules_give_what_the_traffic_says(scraped: Scraped, when: str) -> None:
    moment, expected = scraped.moment(when), {**RECORDED, **ALERTS}
    assert set(rules()) == set(expected)
    for name, query in rules().items():
        same(scraped.ask(query, moment.at), expected[name](moment))


@pytest.mark.parametrize("when", MOMENTS)
def test_the_board_of_mockforge_works_with_its_names(scraped: Scraped, when: str) -> None:
    moment = scraped.moment(when)
    for query, expected in UPSTREAM.items():
        same(scraped.ask(query, moment.at), expected(moment))


def test_variables_offer_what_there_is(scraped: Scraped) -> None:
    board = json.loads((FOLDER / "mockforge-overview.json").read_text())
    rows = scraped.moment("busy").rows()
    asked = {one["name"]: one["query"] for one in board["templating"]["list"] if one["type"] == "query"}
    assert set(asked) == set(ALL)
    for name, query in asked.items():
        selector, label = substituted(query, ALL).removeprefix("label_values(").removesuffix(")").rsplit(", ", 1)
        assert label == name
        window = {"start": scraped.history.start, "end": scraped.history.start + QUIET_END}
        url = f"{scraped.prometheus.url}/api/v1/label/{label}/values"
        got = httpx.get(url, params={"match[]": selector, **window}).json()["data"]
        assert set(got) == {entry[name] for entry in rows}


def test_what_prometheus_scrapes_equals_what_was_sent(scraped: Scraped) -> None:
    total = 'sum(mockforge_analytics_requests_total{job="shop"})'
    sent = sum(len(write.rows) for write in scraped.history.writes)
    scraped.prometheus.wait_for(total, sent)
    scraped.served.database.write_requests(frame([row(scraped.history.start)] * 17))
    scraped.prometheus.wait_for(total, sent + 17)
    assert scraped.prometheus.value('up{job="shop"}') == 1
