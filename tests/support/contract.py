"""A client written from the contract alone: its names, types and orders, and how it unwraps an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import httpx

__all__ = ["CSV_HEADER", "EXPORT_KEYS", "FIELDS", "ContractClient", "check_fields"]

_PREFIX: Final = "/api/v2/analytics"
_HTTP_OK: Final = 200

# Sections 4.2 to 4.8: name of the list in `data` ("" for data itself), then its fields.
FIELDS: Final[dict[str, dict[str, dict[str, str]]]] = {
    "overview": {
        "": {
            "total_requests": "int",
            "total_errors": "int",
            "error_rate": "percent",
            "avg_latency_ms": "float",
            "p95_latency_ms": "float",
            "p99_latency_ms": "float",
            "active_connections": "int",
            "total_bytes_sent": "int",
            "total_bytes_received": "int",
            "requests_per_second": "float",
        },
        "top_protocols": {
            "protocol": "str",
            "request_count": "int",
            "error_count": "int",
            "avg_latency_ms": "float",
        },
        "top_endpoints": {
            "endpoint": "str",
            "protocol": "str",
            "method": "str?",
            "request_count": "int",
            "error_count": "int",
            "error_rate": "percent",
            "avg_latency_ms": "float",
            "p95_latency_ms": "float",
        },
    },
    "requests": {"series": {"label": "str", "data": "list"}},
    "latency": {
        "trends": {
            "timestamp": "int",
            "p50": "float",
            "p95": "float",
            "p99": "float",
            "avg": "float",
            "min": "float",
            "max": "float",
        }
    },
    "errors": {
        "errors": {
            "error_type": "str",
            "error_category": "str",
            "count": "int",
            "endpoints": "list",
            "last_occurrence": "time",
        }
    },
    "endpoints": {
        "endpoints": {
            "endpoint": "str",
            "protocol": "str",
            "method": "str?",
            "total_requests": "int",
            "total_errors": "int",
            "error_rate": "percent",
            "avg_latency_ms": "float",
            "p95_latency_ms": "float",
            "bytes_sent": "int",
            "bytes_received": "int",
        }
    },
    "protocols": {
        "protocols": {"protocol": "str", "request_count": "int", "error_count": "int", "avg_latency_ms": "float"}
    },
    "traffic-patterns": {
        "patterns": {
            "date": "date",
            "hour": "int",
            "day_of_week": "int",
            "request_count": "int",
            "error_count": "int",
            "avg_latency_ms": "float",
        }
    },
}
# Section 4.9.
CSV_HEADER: Final = (
    "timestamp,protocol,method,endpoint,status_code,request_count,error_count,avg_latency_ms,p95_latency_ms,bytes_sent,"
    "bytes_received"
)
EXPORT_KEYS: Final = [
    "id",
    "timestamp",
    "protocol",
    "method",
    "endpoint",
    "status_code",
    "workspace_id",
    "environment",
    "request_count",
    "error_count",
    "latency_sum",
    "latency_min",
    "latency_max",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "bytes_sent",
    "bytes_received",
    "active_connections",
    "created_at",
]
_ENVELOPE: Final = {"success", "data", "error", "timestamp"}


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "int":
            return type(value) is int
        case "float":
            return type(value) in (int, float) and abs(value) < float("inf")
        case "percent":
            return type(value) in (int, float) and 0 <= value <= 100
        case "str?":
            return value is None or isinstance(value, str)
        case "list":
            return isinstance(value, list)
        case "date":
            return isinstance(value, str) and len(value) == len("YYYY-MM-DD")
        case "time":
            return isinstance(value, str) and value.endswith("+00:00")
        case _:
            return isinstance(value, str)


def check_fields(item: dict[str, Any], fields: dict[str, str]) -> None:
    """Return if `item` has all of `fields`, each of its type; others are the business of others."""
    wrong = {name: item.get(name, "missing") for name, kind in fields.items() if not _is(item.get(name), kind)}
    assert not wrong


@dataclass(frozen=True)
class ContractClient:
    """Asks and unwraps as upstream's own client does: first the HTTP status, then `success`."""

    http: httpx.Client

    def get(self, route: str, **filters: Any) -> dict[str, Any]:
        """Return `data` of a JSON route."""
        answer = self.http.get(f"{_PREFIX}/{route}", params={k: v for k, v in filters.items() if v is not None})
        assert answer.status_code == _HTTP_OK, f"Analytics API error: {answer.reason_phrase}"
        body = answer.json()
        assert body.keys() >= _ENVELOPE
        assert body["success"] is True, body["error"] or "Unknown error"
        assert body["error"] is None
        assert body["timestamp"].endswith("Z")
        assert "." in body["timestamp"]
        data: dict[str, Any] = body["data"]
        return data

    def text(self, route: str, **filters: Any) -> str:
        """Return the text of an export."""
        answer = self.http.get(f"{_PREFIX}/{route}", params=filters)
        assert answer.status_code == _HTTP_OK
        return answer.text
