"""One question for each route that answers some, asked by curl, Python and JavaScript."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

__all__ = ["ADDRESS", "EXAMPLES", "Example"]

ADDRESS: Final = "http://127.0.0.1:9180/api/v2/analytics"

Query = dict[str, str | list[str]]


@dataclass(frozen=True)
class Example:
    """A question and what is shown of its answer: values of `data`, written so that Python and JavaScript agree."""

    route: str
    query: Query
    shown: tuple[str, ...]

    @property
    def url(self) -> str:
        """The address with its query."""
        query = urlencode(self.query, doseq=True, safe=":/,*")
        return f"{ADDRESS}/{self.route}" + (f"?{query}" if query else "")

    def curl(self) -> str:
        """Return the question for a shell."""
        return f'curl --fail --silent --show-error --compressed "{self.url}"'

    def python(self) -> str:
        """Return the question in Python."""
        lines = ["import httpx", ""]
        if self.query:
            lines.append(f"query = {json.dumps(self.query)}")
        given = ", params=query" if self.query else ""
        lines += [
            f'answer = httpx.get("{ADDRESS}/{self.route}"{given}).raise_for_status()',
            'data = answer.json()["data"]',
            f"print({', '.join(self.shown)})",
        ]
        return "\n".join(lines)

    def javascript(self) -> str:
        """Return the question in JavaScript, for browsers and node."""
        lines = []
        pairs = [[name, one] for name, value in self.query.items() for one in _several(value)]
        address = f'"{ADDRESS}/{self.route}"'
        if pairs:
            lines.append(f"const query = new URLSearchParams({json.dumps(pairs)});")
            address = f"`{ADDRESS}/{self.route}?${{query}}`"
        lines += [
            f"const answer = await fetch({address});",
            "const { success, data, error } = await answer.json();",
            "if (!success) throw new Error(error);",
            f"console.log({', '.join(self.shown)});",
        ]
        return "\n".join(lines)


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@dataclass(frozen=True)
class Download(Example):
    """An export: a file, not an envelope."""

    def curl(self) -> str:
        """Return the download under the name that the server gives it."""
        return f'curl --fail --silent --show-error --compressed --remote-name --remote-header-name "{self.url}"'

    def python(self) -> str:
        """Return the download piece by piece."""
        return "\n".join(
            [
                "import httpx",
                "",
                f'address = "{self.url}"',
                'with httpx.stream("GET", address, timeout=60) as answer:',
                "    answer.raise_for_status()",
                f'    with open("{self.shown[0]}", "wb") as file:',
                "        for piece in answer.iter_bytes():",
                "            file.write(piece)",
            ]
        )

    def javascript(self) -> str:
        """Return the download as text."""
        return "\n".join(
            [
                f'const answer = await fetch("{self.url}");',
                "if (!answer.ok) throw new Error((await answer.json()).error);",
                "console.log((await answer.text()).length);",
            ]
        )


EXAMPLES: Final = {
    "overview": Example(
        "overview", {"duration": "24h", "environment": "prod"}, ('data["total_requests"]', 'data["p95_latency_ms"]')
    ),
    "peaks": Example("peaks", {"duration": "7d"}, ('data["requests"]["count"]', 'data["requests"]["seconds"]')),
    "requests": Example(
        "requests",
        {"duration": "6h", "granularity": "15m", "group_by": "status_class"},
        ('data["series"][0]["label"]', 'data["series"][0]["total"]', 'data["meta"]["bucket_seconds"]'),
    ),
    "latency": Example(
        "latency",
        {"duration": "3h", "granularity": "hour", "method": "GET"},
        ('data["trends"][1]["timestamp"]', 'data["trends"][1]["p95"]'),
    ),
    "latency_distribution": Example(
        "latency/distribution",
        {"duration": "3h"},
        ('data["latency_count"]', 'data["buckets"][0]["upper_ms"]', 'data["buckets"][0]["count"]'),
    ),
    "errors": Example(
        "errors",
        {"duration": "24h", "limit": "5"},
        ('data["errors"][0]["error_type"]', 'data["errors"][0]["count"]', 'data["total_errors"]'),
    ),
    "error_trend": Example(
        "errors/trend",
        {"duration": "24h", "granularity": "hour", "group_by": "error_type", "series_limit": "3"},
        ('data["series"][0]["label"]', 'data["series"][0]["total"]'),
    ),
    "error_events": Example(
        "errors/events",
        {"duration": "24h", "status_code": "5xx", "limit": "10"},
        ('data["events"][0]["timestamp"]', 'data["events"][0]["status_code"]', 'data["next_cursor"]'),
    ),
    "endpoints": Example(
        "endpoints",
        {"duration": "24h", "order": "p95_latency_ms:desc", "search": "user", "trend": "true"},
        ('data["endpoints"][0]["endpoint"]', 'data["endpoints"][0]["total_requests"]', 'data["endpoint_count"]'),
    ),
    "endpoint_clients": Example(
        "endpoints/clients",
        {"endpoint": "/users/:id", "duration": "24h", "limit": "10"},
        ('data["clients"][0]["client_ip"]', 'data["clients"][0]["request_count"]', 'data["unattributed_requests"]'),
    ),
    "protocols": Example(
        "protocols",
        {"duration": "24h"},
        ('data["protocols"][0]["protocol"]', 'data["protocols"][0]["request_count"]'),
    ),
    "status_codes": Example(
        "status-codes",
        {"duration": "24h", "protocol": ["HTTP", "gRPC"]},
        ('data["status_codes"][0]["status_code"]', 'data["classes"][0]["request_count"]'),
    ),
    "clients": Example(
        "clients",
        {"duration": "24h", "limit": "10"},
        ('data["clients"][0]["client_ip"]', 'data["clients"][0]["request_count"]', 'data["unique_clients"]'),
    ),
    "traffic_patterns": Example(
        "traffic-patterns",
        {"days": "7", "zone": "Europe/Berlin"},
        ('data["patterns"][0]["date"]', 'data["patterns"][0]["request_count"]', 'data["zone"]'),
    ),
    "dimensions": Example(
        "dimensions",
        {"dimension": "endpoint", "search": "user", "duration": "24h"},
        ('data["values"][0]["value"]', 'data["values"][0]["count"]'),
    ),
    "export_csv": Download("export/csv", {"duration": "24h", "granularity": "hour"}, ("traffic.csv",)),
    "export_json": Download("export/json", {"duration": "24h", "granularity": "hour"}, ("traffic.json",)),
    "status": Example("status", {}, ('data["version"]', 'data["database"]["commit"]', 'data["tiers"][0]["name"]')),
}
