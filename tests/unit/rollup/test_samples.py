"""Real logs, read by a few lines of this file, against figures made by scripts of their own (`truth.json`)."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from mockforge_analytics.config import CapConfig, Templating
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.request import REQUEST_SCHEMA
from mockforge_analytics.rollup import Rollup
from tests.support.rollup_oracle import add_up, read
from tests.support.samples import sample_bytes, sample_truth

if TYPE_CHECKING:
    from mockforge_analytics.model.batch import Deltas

FIRST_ERROR = 400
NOW = 1_800_000_000_000_000
APACHE = "access_logs/elastic_apache_logs_10k.log"
NGINX = "access_logs/elastic_nginx_logs_head_telegraf.log"
TRAEFIK = "json_logs/traefik_json_maborak_2021.jsonl"
BLOG_DAY = r"/files/blogposts/\d{8}/"
COMBINED = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "([A-Z]+) (\S+) [^"]*" (\d+) (\d+|-) "[^"]*" (?:"([^"]*)")?')


def microseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def combined(name: str) -> list[dict[str, Any]]:
    rows = []
    for line in sample_bytes(name).decode().splitlines():
        found = COMBINED.match(line)
        assert found is not None, line
        client, moment, method, target, status, size, agent = found.groups()
        rows.append(
            {
                "timestamp": microseconds(datetime.strptime(moment, "%d/%b/%Y:%H:%M:%S %z")),
                "method": method,
                "path": target.partition("?")[0],
                "status_code": int(status),
                "bytes_sent": 0 if size == "-" else int(size),
                "client_ip": client,
                "user_agent": agent,
            }
        )
    return rows


def traefik(name: str) -> list[dict[str, Any]]:
    records = [json.loads(line) for line in sample_bytes(name).decode().splitlines()]
    return [
        {
            "timestamp": microseconds(datetime.fromisoformat(record["StartUTC"][:26]).replace(tzinfo=UTC)),
            "method": record["RequestMethod"],
            "path": record["RequestPath"].partition("?")[0],
            "status_code": record["DownstreamStatus"],
            "latency": record["Duration"] / 1e9,
            "bytes_sent": record["DownstreamContentSize"],
            "client_ip": record["ClientHost"],
        }
        for record in records
    ]


def requests(name: str) -> list[dict[str, Any]]:
    rows = traefik(name) if name == TRAEFIK else combined(name)
    return [{**dict.fromkeys(REQUEST_SCHEMA), "protocol": "HTTP", **row} for row in rows]


def deltas(rows: list[dict[str, Any]], level: Templating) -> Deltas:
    made, refused = Rollup(level, CapConfig()).deltas(pl.DataFrame(rows, schema=REQUEST_SCHEMA), now_us=NOW)
    assert refused == {}
    return made


def requests_by(made: Deltas, column: str) -> Counter[Any]:
    names = made.series.frame()[column].to_list()
    counts: Counter[Any] = Counter()
    for series, requests in zip(
        made.cells.series.tolist(), made.cells.measures[Measure.REQUESTS].tolist(), strict=True
    ):
        counts[names[series]] += requests
    return counts


@pytest.mark.parametrize("name", [APACHE, NGINX])
def test_access_logs_come_out_as_counted_by_other_means(name: str) -> None:
    made, known = deltas(requests(name), Templating.NONE), sample_truth(name)
    assert made.cells.measures[Measure.REQUESTS].sum() == known["lines"]
    assert made.cells.measures[Measure.BYTES_SENT].sum() == known["bytes_sum"]
    assert made.cells.measures[Measure.LATENCY_COUNT].sum() == 0
    assert requests_by(made, "status_code") == {int(status): n for status, n in known["status"].items()}
    assert requests_by(made, "method") == known["methods"]
    paths = requests_by(made, "endpoint")
    assert len(paths) == known["unique_paths"]
    assert [[path, paths[path]] for path, _ in known["top5_paths"]] == known["top5_paths"]
    assert made.clients.frame()["client_ip"].n_unique() == known["unique_clients"]
    assert len(set(made.clients.frame()["user_agent"]) - {""}) == known["unique_ua"]
    assert made.series.frame()["first_seen"].min() == microseconds(datetime.fromisoformat(known["min_ts"]))
    assert made.series.frame()["last_seen"].max() == microseconds(datetime.fromisoformat(known["max_ts"]))
    assert made.errors.count.sum() == sum(n for status, n in known["status"].items() if int(status) >= FIRST_ERROR)


def test_a_log_with_latencies_comes_out_as_counted_by_other_means() -> None:
    made, known = deltas(requests(TRAEFIK), Templating.NONE), sample_truth(TRAEFIK)
    assert made.cells.measures[Measure.LATENCY_COUNT].sum() == known["access"]
    latency_sum = int(made.cells.measures[Measure.LATENCY_SUM].sum())
    assert abs(latency_sum * 1_000 - known["duration_sum_ns"]) <= 500 * known["access"]
    assert made.cells.measures[Measure.BYTES_SENT].sum() == known["bytes"]
    assert requests_by(made, "status_code") == {int(status): n for status, n in known["status"].items()}
    assert made.cells.histograms.count.sum() == known["access"]


@pytest.mark.parametrize("name", [APACHE, NGINX, TRAEFIK])
def test_every_cell_of_real_logs(name: str) -> None:
    rows = [{**row, "endpoint": row["path"]} for row in requests(name)]
    assert read([deltas(rows, Templating.IDENTIFIERS)]).cells == add_up(rows).cells


def test_templates_of_a_real_site_keep_its_names() -> None:
    rows = requests(APACHE)
    paths = pl.Series(sorted({row["path"] for row in rows}))
    endpoints = requests_by(deltas(rows, Templating.IDENTIFIERS), "endpoint")
    for path, count in sample_truth(APACHE)["top5_paths"]:
        assert endpoints[path] == count
    assert endpoints["/files/blogposts/:date/"] == sum(bool(re.fullmatch(BLOG_DAY, row["path"])) for row in rows)
    # What became a placeholder is a date, a number or a font file named by a hash, nothing else.
    made = {segment for endpoint in endpoints for segment in endpoint.split("/")}
    assert made - {segment for path in paths for segment in path.split("/")} == {":date", ":id", ":token", ":token.ttf"}
    changed = paths.filter(~paths.is_in(list(endpoints)))
    usual = r"/\d{8}(/|$)|/[12]\d{3}(/|$)|/[\w-]{43}\.ttf|/[^/]{129,}"
    assert changed.filter(~changed.str.contains(usual)).to_list() == []
