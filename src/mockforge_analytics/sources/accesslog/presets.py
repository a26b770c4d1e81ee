"""The formats known by name."""

from __future__ import annotations

from functools import cache
from typing import Final

from mockforge_analytics.errors import FormatError
from mockforge_analytics.sources.accesslog.fields import Field
from mockforge_analytics.sources.accesslog.format import LogFormat
from mockforge_analytics.sources.accesslog.json_lines import FIRST, JsonKeys
from mockforge_analytics.sources.accesslog.normalise import Units
from mockforge_analytics.sources.accesslog.notation import parse_notation

__all__ = ["PRESET_NAMES", "parse_format", "preset"]

_COMMON: Final = '%h %l %u %t "%r" %>s %b'
_COMBINED: Final = _COMMON + ' "%{Referer}i" "%{User-Agent}i"'
_TEXT: Final = {
    "common": _COMMON,
    "combined": _COMBINED,
    "vhost_common": "%v:%p " + _COMMON,
    "vhost_combined": "%v:%p " + _COMBINED,
    "common_time_s": _COMMON + " %T",
    "common_time_ms": _COMMON + " %{ms}T",
    "common_time_us": _COMMON + " %D",
    "combined_time_s": _COMBINED + " %T",
    "combined_time_ms": _COMBINED + " %{ms}T",
    "combined_time_us": _COMBINED + " %D",
    "nginx_main": _COMBINED + ' "%{Unused}i"',
    # https://doc.traefik.io/traefik/observability/access-logs/#format
    "traefik_clf": _COMBINED + ' %{Unused}e "%{Unused}e" "%{Unused}e" %{ms}Tms',
}

_NANOSECONDS: Final = 1e-9

_NGINX_KEYS: Final = {
    Field.CLIENT: "remote_addr client_ip clientip remote_ip client_addr client ip",
    Field.FORWARDED: "http_x_forwarded_for x_forwarded_for",
    Field.TIME: "time_iso8601 msec time_local @timestamp timestamp time datetime date ts",
    Field.REQUEST: "request request_line",
    Field.METHOD: "request_method method verb",
    Field.TARGET: "request_uri uri request_path path url",
    Field.STATUS: "status status_code response_status",
    Field.SIZE: "body_bytes_sent bytes_sent size bytes response_size",
    Field.RECEIVED: "request_length bytes_received",
    Field.LATENCY: "request_time",
    Field.AGENT: "http_user_agent user_agent useragent agent",
    Field.REQUEST_ID: "request_id http_x_request_id",
}
# https://caddyserver.com/docs/logging#structured-logs; client_ip came with 2.7, remote_ip with 2.5, remote_addr before.
_CADDY_PATHS: Final = {
    Field.CLIENT: (("request", "client_ip"), ("request", "remote_ip"), ("request", "remote_addr")),
    Field.TIME: (("ts",),),
    Field.METHOD: (("request", "method"),),
    Field.TARGET: (("request", "uri"),),
    Field.STATUS: (("status",),),
    Field.SIZE: (("size",),),
    Field.RECEIVED: (("bytes_read",),),
    Field.LATENCY: (("duration",),),
    Field.AGENT: (("request", "headers", "User-Agent", FIRST),),
}
# https://doc.traefik.io/traefik/observability/access-logs/#limiting-the-fieldsincluding-headers; Duration is in ns.
_TRAEFIK_KEYS: Final = {
    Field.CLIENT: "ClientHost ClientAddr",
    Field.TIME: "StartUTC StartLocal time",
    Field.METHOD: "RequestMethod",
    Field.TARGET: "RequestPath",
    Field.STATUS: "DownstreamStatus OriginStatus",
    Field.SIZE: "DownstreamContentSize OriginContentSize",
    Field.RECEIVED: "RequestContentSize",
    Field.LATENCY: "Duration",
    Field.AGENT: "request_User-Agent",
    Field.REQUEST_ID: "request_X-Request-Id",
}
_JSON: Final = ("nginx_json", "caddy_json", "traefik_json")

PRESET_NAMES: Final = (*_TEXT, *_JSON)


def parse_format(text: str) -> LogFormat:
    """Return the format called `text`, or the one that an nginx or Apache format string describes.

    Raises:
        FormatError: neither; the message names what is unknown.
    """
    known = preset(text.strip().lower())
    if known is not None:
        return known
    try:
        return LogFormat("custom", *parse_notation(text))
    except FormatError as error:
        raise FormatError(f"{error} Formats known by name: {', '.join(PRESET_NAMES)}.") from None


@cache
def preset(name: str) -> LogFormat | None:
    """Return the format called `name`, or None if there is none."""
    if name in _TEXT:
        return LogFormat(name, *parse_notation(_TEXT[name]))
    if name == "nginx_json":
        return LogFormat(name, _flat(_NGINX_KEYS))
    if name == "caddy_json":
        return LogFormat(name, JsonKeys(tuple(_CADDY_PATHS.items())))
    if name == "traefik_json":
        return LogFormat(name, _flat(_TRAEFIK_KEYS), Units(latency=_NANOSECONDS))
    return None


def _flat(keys: dict[Field, str]) -> JsonKeys:
    return JsonKeys(tuple((field, tuple((name,) for name in names.split())) for field, names in keys.items()))
