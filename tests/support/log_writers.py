"""Writers of access logs, one a format, that know nothing of our readers; and requests to write with them."""

from __future__ import annotations

import json
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["WRITERS", "Entry", "Writer", "entries"]

SECOND = 1_000_000


@dataclass(frozen=True)
class Entry:
    """A request as a server knows it; `at` and `took` in microseconds, `zone` in minutes east of Greenwich."""

    at: int
    zone: int
    client: str
    user: str
    method: str
    path: str
    query: str
    status: int
    size: int
    took: int
    referer: str
    agent: str

    @property
    def target(self) -> str:
        return self.path + self.query

    @property
    def request(self) -> str:
        return f"{self.method} {self.target} HTTP/1.1"

    @property
    def moment(self) -> datetime:
        zone = timezone(timedelta(minutes=self.zone))
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=self.at)).astimezone(zone)


@dataclass(frozen=True)
class Writer:
    """Writes entries in the format `name`; a latency and a time are kept to a multiple of these microseconds."""

    name: str
    write: Callable[[Entry], str]
    time_step: int = SECOND
    latency_step: int | None = None


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def clf_time(entry: Entry) -> str:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    moment = entry.moment
    return f"{moment.day:02}/{months[moment.month - 1]}/{moment:%Y:%H:%M:%S %z}"


def decimal(value: int, unit: int, digits: int) -> str:
    """Return `value` / `unit` with exactly `digits` decimals."""
    scaled = Fraction(value, unit) * 10**digits
    assert scaled.denominator == 1
    text = str(scaled.numerator).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}"


def common(entry: Entry) -> str:
    size = entry.size or "-"
    return f"{entry.client} - {entry.user} [{clf_time(entry)}] {quoted(entry.request)} {entry.status} {size}"


def combined(entry: Entry) -> str:
    return f"{common(entry)} {quoted(entry.referer)} {quoted(entry.agent)}"


def traefik_clf(entry: Entry) -> str:
    return f'{combined(entry)} 17 "shop@docker" "http://172.17.0.3:80" {entry.took // 1000}ms'


def nginx_json(entry: Entry) -> str:
    fields = {
        "time_iso8601": entry.moment.isoformat(timespec="seconds"),
        "remote_addr": entry.client,
        "request": entry.request,
        "status": str(entry.status),
        "body_bytes_sent": entry.size,
        "request_time": decimal(entry.took, SECOND, 3),
        "http_user_agent": entry.agent,
    }
    return json.dumps(fields, ensure_ascii=False)


def caddy_json(entry: Entry) -> str:
    request = {
        "remote_ip": entry.client,
        "client_ip": entry.client,
        "method": entry.method,
        "uri": entry.target,
        "headers": {"User-Agent": [entry.agent], "Accept": ["*/*"]},
    }
    fields = {
        "level": "info",
        "ts": entry.at / SECOND,
        "logger": "http.log.access.log0",
        "msg": "handled request",
        "request": request,
        "duration": entry.took / SECOND,
        "size": entry.size,
        "status": entry.status,
    }
    return json.dumps(fields)


def traefik_json(entry: Entry) -> str:
    fields = {
        "ClientAddr": f"{entry.client}:4711",
        "ClientHost": entry.client,
        "DownstreamContentSize": entry.size,
        "DownstreamStatus": entry.status,
        "Duration": entry.took * 1000,
        "RequestMethod": entry.method,
        "RequestPath": entry.target,
        "StartUTC": f"{entry.moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}789Z",
        "request_User-Agent": entry.agent,
        "time": "2001-01-01T00:00:00Z",
    }
    return json.dumps(fields)


def nginx_timed(entry: Entry) -> str:
    return (
        f"{decimal(entry.at, SECOND, 3)}\t{entry.client}\t{entry.method}\t{entry.target}\t{entry.status}\t"
        f"{entry.size}\t{decimal(entry.took, SECOND, 3)}\t{quoted(entry.agent)}"
    )


NGINX_TIMED = (
    "\t".join(
        ["$msec", "$remote_addr", "$request_method", "$request_uri", "$status", "$body_bytes_sent", "$request_time"]
    )
    + '\t"$http_user_agent"'
)
APACHE_ISO = '%{%Y-%m-%dT%H:%M:%S%z}t %a "%m %U%q %H" %>s %B %D "%{User-agent}i"'


def apache_iso(entry: Entry) -> str:
    agent = quoted(entry.agent)
    line = quoted(f"{entry.method} {entry.target} HTTP/2.0")
    return f"{entry.moment:%Y-%m-%dT%H:%M:%S%z} {entry.client} {line} {entry.status} {entry.size} {entry.took} {agent}"


WRITERS = (
    Writer("common", common),
    Writer("combined", combined),
    Writer("vhost_combined", lambda entry: f"shop.example:443 {combined(entry)}"),
    Writer("combined_time_s", lambda e: f"{combined(e)} {decimal(e.took, SECOND, 3)}", latency_step=1000),
    Writer("combined_time_ms", lambda e: f"{combined(e)} {e.took // 1000}", latency_step=1000),
    Writer("combined_time_us", lambda e: f"{combined(e)} {e.took}", latency_step=1),
    Writer("nginx_main", lambda e: f'{combined(e)} "203.0.113.7, 10.0.0.1"'),
    Writer("traefik_clf", traefik_clf, latency_step=1000),
    Writer("nginx_json", nginx_json, latency_step=1000),
    Writer("caddy_json", caddy_json, time_step=1, latency_step=1),
    Writer("traefik_json", traefik_json, time_step=1, latency_step=1),
    Writer(NGINX_TIMED, nginx_timed, time_step=1000, latency_step=1000),
    Writer(APACHE_ISO, apache_iso, latency_step=1),
)

WORD = string.ascii_letters + string.digits
PATHS = st.text(WORD + "/-._~%:@!$&'()*+,;=[]{}|^<>äß日本🙂", max_size=40).map(lambda text: "/" + text)
QUERIES = st.just("") | st.text(WORD + "=&%?/#[]\"' \\"[:-3] + '"\\', max_size=30).map(lambda text: "?" + text)
HEADERS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=60) | st.just("-")
ADDRESSES = st.ip_addresses().map(str)
LATEST = 4_102_444_800  # 2100


def entries() -> st.SearchStrategy[Entry]:
    """Return a strategy for requests."""
    return st.builds(
        Entry,
        at=st.integers(0, LATEST * SECOND),
        zone=st.sampled_from([0, 60, -210, 330, 345, 840, -720]),
        client=ADDRESSES | st.just("crawler.example.com"),
        user=st.sampled_from(["-", "mary", "john doe", "o'brien", "ünal"]),
        method=st.sampled_from(["GET", "POST", "HEAD", "PURGE", "M-SEARCH", "get", "A" * 32]),
        path=PATHS,
        query=QUERIES,
        status=st.integers(100, 599),
        size=st.integers(0, 2**63 - 1),
        took=st.integers(0, 10**12),
        referer=HEADERS,
        agent=HEADERS,
    )
