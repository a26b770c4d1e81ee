"""Real logs give exactly the figures that independent scripts counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from mockforge_analytics.errors import FormatError
from mockforge_analytics.sources.accesslog.decode import Decoded, decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.presets import parse_format
from tests.support.samples import sample_bytes, sample_truth

if TYPE_CHECKING:
    import polars as pl

APACHE = "access_logs/elastic_apache_logs_10k.log"
NGINX = "access_logs/elastic_nginx_logs_head_telegraf.log"
TRAEFIK = "json_logs/traefik_json_maborak_2021.jsonl"
TRAEFIK_DIRTY = "json_logs/crowdsec_traefik_json.log"
TRAEFIK_APPLICATION = "json_logs/crowdsec_tcpudp-flood-traefik.log"


def decoded(name: str) -> Decoded:
    data = sample_bytes(name)
    return decode(data, detect(data).log_format)


def microseconds(text: str) -> int:
    since = datetime.fromisoformat(text).astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def counts(column: pl.Series) -> dict[str, int]:
    return {str(value): count for value, count in column.value_counts().iter_rows()}


def top(column: pl.Series, number: int) -> list[int]:
    return column.value_counts(sort=True).get_column("count").head(number).to_list()


@pytest.mark.parametrize(
    ("name", "log_format"), [(APACHE, "combined"), (NGINX, "combined_time_us"), (TRAEFIK, "traefik_json")]
)
def test_the_format_is_found(name: str, log_format: str) -> None:
    found = detect(sample_bytes(name))
    assert found.log_format.name == log_format
    assert found.matched == found.lines


@pytest.mark.parametrize("name", [APACHE, NGINX])
def test_text_logs(name: str) -> None:
    truth, log = sample_truth(name), decoded(name)
    assert (log.lines, log.frame.height, log.rejected.total) == (truth["lines"], truth["lines"], 0)
    assert counts(log.frame["status_code"]) == truth["status"]
    assert counts(log.frame["method"]) == truth["methods"]
    assert log.frame["bytes_sent"].sum() == truth["bytes_sum"]
    assert log.frame["timestamp"].min() == microseconds(truth["min_ts"])
    assert log.frame["timestamp"].max() == microseconds(truth["max_ts"])
    paths = counts(log.frame["path"])
    assert {path: paths[path] for path, _ in truth["top5_paths"]} == dict(truth["top5_paths"])
    assert top(log.frame["path"], 5) == [count for _, count in truth["top5_paths"]]


def test_clients_are_the_first_words() -> None:
    words = {line.split(b" ", 1)[0].decode() for line in sample_bytes(APACHE).splitlines()}
    assert set(decoded(APACHE).frame["client_ip"]) == words


@pytest.mark.parametrize("name", [TRAEFIK, TRAEFIK_DIRTY])
def test_traefik_logs(name: str) -> None:
    truth: dict[str, Any] = sample_truth(name)
    log = decoded(name)
    assert (log.lines, log.frame.height, log.rejected.total) == (truth["lines"], truth["access"], truth["bad_json"])
    assert counts(log.frame["status_code"]) == truth["status"]
    assert counts(log.frame["method"]) == truth["methods"]
    assert log.frame["bytes_sent"].sum() == truth["bytes"]
    assert log.frame["client_ip"].n_unique() == truth["clients"]
    assert log.frame["latency"].sum() == pytest.approx(truth["duration_sum_ns"] / 1e9, rel=1e-12)
    # Python cuts the nanoseconds of the truth, as a microsecond column does.
    assert log.frame["timestamp"].min() == microseconds(truth["min_ts"])
    assert log.frame["timestamp"].max() == microseconds(truth["max_ts"])
    paths = counts(log.frame["path"])
    assert {path: paths[path] for path, _ in truth["top5"]} == dict(truth["top5"])


def test_an_application_log_is_no_access_log() -> None:
    data = sample_bytes(TRAEFIK_APPLICATION)
    with pytest.raises(FormatError, match=r"Unknown log format.*--format"):
        detect(data)
    for name in ("traefik_json", "combined", "common", "nginx_json"):
        log = decode(data, parse_format(name))
        assert (log.frame.height, log.rejected.total) == (0, sample_truth(TRAEFIK_APPLICATION)["lines"])
