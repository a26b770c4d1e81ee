"""What the variables of nginx and the directives of Apache mean to us.

Sources: https://nginx.org/en/docs/varindex.html and https://httpd.apache.org/docs/2.4/mod/mod_log_config.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.times import AUTO

__all__ = ["IGNORED", "Directive", "apache_directive", "nginx_variable"]


@dataclass(frozen=True, slots=True)
class Directive:
    """The field a variable gives. Where several give the same field the highest `rank` is used, the rest read over."""

    field: Field
    rank: int = 1
    latency: float = 1.0  # seconds a unit
    time: str = AUTO


IGNORED: Final = Directive(Field.IGNORED)
_SECONDS: Final = 1.0
_MILLISECONDS: Final = 1e-3
_MICROSECONDS: Final = 1e-6

_NGINX: Final = {
    "remote_addr": Directive(Field.CLIENT, 2),
    "http_x_real_ip": Directive(Field.CLIENT),
    "http_x_forwarded_for": Directive(Field.FORWARDED, 2),
    "proxy_add_x_forwarded_for": Directive(Field.FORWARDED),
    "time_local": Directive(Field.TIME),
    "time_iso8601": Directive(Field.TIME, 2),
    "msec": Directive(Field.TIME, 3),
    "request": Directive(Field.REQUEST),
    "request_method": Directive(Field.METHOD),
    "request_uri": Directive(Field.TARGET, 3),
    "uri": Directive(Field.TARGET, 2),
    "document_uri": Directive(Field.TARGET),
    "status": Directive(Field.STATUS),
    "body_bytes_sent": Directive(Field.SIZE, 2),
    "bytes_sent": Directive(Field.SIZE),
    "request_length": Directive(Field.RECEIVED),
    "request_time": Directive(Field.LATENCY),
    "http_user_agent": Directive(Field.AGENT),
    "request_id": Directive(Field.REQUEST_ID, 2),
    "http_x_request_id": Directive(Field.REQUEST_ID),
}
_NGINX_READ_OVER: Final = frozenset(
    [
        "args",
        "binary_remote_addr",
        "connection",
        "connection_requests",
        "connection_time",
        "content_length",
        "content_type",
        "document_root",
        "gzip_ratio",
        "host",
        "hostname",
        "https",
        "is_args",
        "limit_conn_status",
        "limit_rate",
        "limit_req_status",
        "namespace",
        "nginx_version",
        "pid",
        "pipe",
        "ingress_name",
        "service_name",
        "service_port",
        "req_id",
        "proxy_host",
        "proxy_port",
        "proxy_protocol_addr",
        "proxy_protocol_port",
        "proxy_alternative_upstream_name",
        "proxy_upstream_name",
        "query_string",
        "realip_remote_addr",
        "realip_remote_port",
        "realpath_root",
        "remote_port",
        "remote_user",
        "request_body",
        "request_body_file",
        "request_completion",
        "request_filename",
        "scheme",
        "server_addr",
        "server_name",
        "server_port",
        "server_protocol",
        "tcpinfo_rtt",
        "the_real_ip",
    ]
)
_NGINX_FAMILIES: Final = ("arg_", "cookie_", "geoip", "http_", "sent_", "ssl_", "tcpinfo_", "trailer_", "upstream_")

_APACHE: Final = {
    "a": Directive(Field.CLIENT, 3),
    "h": Directive(Field.CLIENT, 2),
    "t": Directive(Field.TIME),
    "r": Directive(Field.REQUEST),
    "m": Directive(Field.METHOD),
    "U": Directive(Field.TARGET),
    "s": Directive(Field.STATUS),
    ">s": Directive(Field.STATUS, 2),
    "b": Directive(Field.SIZE, 3),
    "B": Directive(Field.SIZE, 2),
    "O": Directive(Field.SIZE),
    "I": Directive(Field.RECEIVED),
    "D": Directive(Field.LATENCY, 3, _MICROSECONDS),
    "T": Directive(Field.LATENCY, 1, _SECONDS),
}
_APACHE_READ_OVER: Final = frozenset("AfHklLpPqRSuvVXeinoCxc") | {"^FB", "^ti", "^to", "<s"}
_APACHE_TIMES: Final = {
    "ms": Directive(Field.LATENCY, 2, _MILLISECONDS),
    "us": Directive(Field.LATENCY, 3, _MICROSECONDS),
    "s": Directive(Field.LATENCY, 1, _SECONDS),
}
_APACHE_HEADERS: Final = {
    "user-agent": Directive(Field.AGENT),
    "x-forwarded-for": Directive(Field.FORWARDED),
    "x-real-ip": Directive(Field.CLIENT),
    "x-request-id": Directive(Field.REQUEST_ID),
}
_EPOCH_TIMES: Final = frozenset({"sec", "msec", "usec"})


def nginx_variable(name: str) -> Directive | None:
    """Return what ``$name`` gives, or None if nginx knows no such variable."""
    known = _NGINX.get(name)
    if known is None and (name in _NGINX_READ_OVER or name.startswith(_NGINX_FAMILIES)):
        return IGNORED
    return known


def apache_directive(letter: str, argument: str | None) -> Directive | None:
    """Return what ``%{argument}letter`` gives, or None if Apache knows no such directive.

    `letter` carries the modifier ``>`` where there is one.
    """
    if argument is not None:
        return _apache_with_argument(letter.removeprefix(">"), argument)
    known = _APACHE.get(letter) or _APACHE.get(letter.removeprefix(">"))
    if known is None and letter.lstrip("<>") in _APACHE_READ_OVER:
        return IGNORED
    return known


def _apache_with_argument(letter: str, argument: str) -> Directive | None:
    if letter in ("i", "o"):
        return _APACHE_HEADERS.get(argument.lower(), IGNORED)
    if letter == "T":
        return _APACHE_TIMES.get(argument)
    if letter == "t":
        return _apache_time(argument.removeprefix("begin:").removeprefix("end:"))
    if letter == "e" and argument == "UNIQUE_ID":
        return Directive(Field.REQUEST_ID, 2)
    if letter in ("a", "h"):
        return Directive(Field.CLIENT)
    return IGNORED if letter in _APACHE_READ_OVER or letter in ("p", "P") else None


def _apache_time(pattern: str) -> Directive | None:
    if pattern in _EPOCH_TIMES:
        return Directive(Field.TIME, 2)
    return Directive(Field.TIME, 2, time=pattern) if pattern.startswith("%") else None
