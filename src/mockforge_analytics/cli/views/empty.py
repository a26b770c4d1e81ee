"""Whether an answer has anything to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockforge_analytics.query.results import Report

__all__ = ["is_empty"]


def is_empty(report: Report) -> bool:
    """Return whether nothing matched the question."""
    from mockforge_analytics.query import client_results, results

    match report:
        case results.Requests(frame=frame) | results.LatencyTrends(frame=frame):
            return not frame.get_column("request_count").sum()
        case results.ErrorEvents(frame=frame):
            return frame.is_empty()
        case results.Errors(groups=rows) | results.TrafficPatterns(cells=rows) | results.Values(values=rows):
            return not rows
        case client_results.EndpointClients(rows=clients, total_requests=total):
            return not clients and not total
        case results.Peaks(requests=peak):
            return peak is None
        case _:
            return not getattr(report, "total_requests", 1)
