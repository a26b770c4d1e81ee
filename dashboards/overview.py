"""The board of the traffic: the nine panels that MockForge's own board has (contract section 9.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from dashboards.panels import Query, bars, board, lines, variable

if TYPE_CHECKING:
    from grafana_foundation_sdk.builders.bargauge import Panel as Bars
    from grafana_foundation_sdk.builders.timeseries import Panel
    from grafana_foundation_sdk.models.dashboard import Dashboard

__all__ = ["overview"]

_REQUESTS: Final = "mockforge_analytics_requests_total"
_ERRORS: Final = "mockforge_analytics_errors_total"
_BUCKETS: Final = "mockforge_analytics_request_duration_seconds_bucket"
_SCOPE: Final = 'protocol=~"$protocol",environment=~"$environment"'
_FILTER: Final = f'{{{_SCOPE},endpoint=~"$endpoint"}}'
_OURS: Final = "* on (instance, job) group_left () mockforge_analytics_build_info"  # no other process that is scraped
# Five minutes hold five requests where there is one a minute: enough for a rate that means something.
_OVER: Final = "[5m]"


def overview() -> Dashboard:
    """Return the board."""
    made = board(
        "MockForge Overview",
        "mockforge-overview",
        ("mockforge", "overview"),
        "The traffic that MockForge Traffic Analytics stores, as it is stored.",
    )
    for name, label, metric in (
        ("protocol", "Protocol", _REQUESTS),
        ("environment", "Environment", f'{_REQUESTS}{{protocol=~"$protocol"}}'),
        ("endpoint", "Endpoint", f"{_REQUESTS}{{{_SCOPE}}}"),
    ):
        made.with_variable(variable(name, label, f"label_values({metric}, {name})"))
    for panel in (*_figures(), *_breakdowns(), *_details()):
        made.with_panel(panel)
    return made.build()


def _rate(metric: str, by: str = "") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(rate({metric}{_FILTER}{_OVER}))"


def _percentile(part: float) -> str:
    return f"1000 * histogram_quantile({part}, {_rate(_BUCKETS, 'le')})"


def _figures() -> tuple[Panel, ...]:
    return (
        lines("Request Rate", "Requests a second.", "reqps", (8, 8, 0, 0), [Query(_rate(_REQUESTS), "requests")]),
        lines(
            "P95 Latency",
            "95 of 100 requests were faster, as far as the buckets tell: powers of two.",
            "ms",
            (8, 8, 8, 0),
            [Query(_percentile(0.95), "P95")],
            limits=(100, 500),
        ),
        lines(
            "Error Rate",
            "Failed requests in percent of all requests; nothing where there are no requests.",
            "percent",
            (8, 8, 16, 0),
            [Query(f"100 * {_rate(_ERRORS)} / {_rate(_REQUESTS)}", "errors")],
            limits=(1, 5),
        ),
    )


def _breakdowns() -> tuple[Panel | Bars, ...]:
    return (
        lines(
            "Requests by Protocol",
            "Requests a second of each protocol.",
            "reqps",
            (12, 8, 0, 8),
            [Query(_rate(_REQUESTS, "protocol"), "{{protocol}}")],
        ),
        bars(
            "Top Endpoints by Request Rate",
            "Requests a second of the ten busiest endpoints now.",
            "reqps",
            (12, 8, 12, 8),
            Query(f"topk(10, {_rate(_REQUESTS, 'endpoint, method')})", "{{method}} {{endpoint}}"),
        ),
    )


def _details() -> tuple[Panel, ...]:
    memory = f"process_resident_memory_bytes {_OURS}"
    processor = f"100 * rate(process_cpu_seconds_total{_OVER}) {_OURS}"
    return (
        lines(
            "Latency Percentiles",
            "Of 100 requests 50, 95 and 99 were faster, as far as the buckets tell: powers of two.",
            "ms",
            (12, 8, 0, 16),
            [Query(_percentile(part), f"P{part * 100:.0f}") for part in (0.5, 0.95, 0.99)],
        ),
        lines(
            "Active Connections",
            "Connections that were open at the last sample.",
            "short",
            (12, 8, 12, 16),
            [Query(f"sum by (protocol) (mockforge_analytics_active_connections{{{_SCOPE}}})", "{{protocol}}")],
        ),
        lines(
            "System Metrics",
            "Memory and processor time of the analytics server itself, the latter in percent of one core.",
            "bytes",
            (12, 8, 0, 24),
            [Query(memory, "memory"), Query(processor, "processor")],
        ).override_by_name(
            "processor",
            [
                DynamicConfigValue(id_val="unit", value="percent"),
                DynamicConfigValue(id_val="custom.axisPlacement", value="right"),
            ],
        ),
        lines(
            "Errors by Type",
            "Failed requests a second by what their status says.",
            "reqps",
            (12, 8, 12, 24),
            [Query(_rate(_ERRORS, "error_category"), "{{error_category}}")],
        ),
    )
