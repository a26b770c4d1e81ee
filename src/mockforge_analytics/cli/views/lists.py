"""Reports that are lists: endpoints, protocols, status codes, clients, errors, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Cell, Column, Grid
from mockforge_analytics.cli.views.common import (
    TRAFFIC_COLUMNS,
    bars,
    bytes_cell,
    count_cell,
    errors_cell,
    instant_cell,
    milliseconds,
    percent_cell,
    text_cell,
    traffic_cells,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.cli.views.common import View
    from mockforge_analytics.query.client_results import Clients, EndpointClients
    from mockforge_analytics.query.results import (
        EndpointRow,
        Endpoints,
        ErrorEvents,
        Errors,
        ProtocolRow,
        Protocols,
        StatusCodes,
        Values,
    )

__all__ = [
    "endpoint_grid",
    "protocol_grid",
    "show_clients",
    "show_endpoint_clients",
    "show_endpoints",
    "show_error_events",
    "show_errors",
    "show_protocols",
    "show_status_codes",
    "show_values",
]

_WHOLE: Final = 100.0  # percent
_MICROSECONDS: Final = 1_000_000
_CLASS_WIDTH: Final = 100
_STATUS_STYLES: Final = {2: "green", 3: "blue", 4: "yellow", 5: "red"}
_SHARE_BAR: Final = Column("", left=True, rank=8, picture=True)
_LEAST_PATH: Final = 28
_LEAST_TEXT: Final = 14
_NAMED: Final = 3  # names of a list that a row has room for


def endpoint_grid(rows: Sequence[EndpointRow]) -> Grid:
    """Return endpoints with their traffic; the protocol only where there are several."""
    protocols = {row.protocol for row in rows}
    rank = 0 if len(protocols) > 1 else 9
    key = (
        Column("protocol", left=True, rank=rank),
        Column("method", left=True),
        Column("endpoint", left=True, least=_LEAST_PATH),
    )
    grid = Grid((*TRAFFIC_COLUMNS, *key))
    for row, traffic in zip(rows, traffic_cells(rows), strict=True):
        grid.add((*traffic, text_cell(row.protocol), text_cell(row.method), text_cell(row.endpoint)))
    return grid


def protocol_grid(rows: Sequence[ProtocolRow]) -> Grid:
    """Return protocols with their traffic."""
    grid = Grid((*TRAFFIC_COLUMNS, Column("protocol", left=True)))
    for row, traffic in zip(rows, traffic_cells(rows), strict=True):
        grid.add((*traffic, text_cell(row.protocol)))
    return grid


def show_endpoints(report: Endpoints, view: View) -> None:
    """Print the endpoints in the asked order."""
    view.heading(f"Endpoints ({_of(len(report.rows), report.endpoint_count)})", report)
    view.warnings(report)
    if report.rows:
        view.screen.grid(endpoint_grid(report.rows))


def show_protocols(report: Protocols, view: View) -> None:
    """Print the protocols."""
    view.heading("Protocols", report)
    view.warnings(report)
    if report.rows:
        view.screen.grid(protocol_grid(report.rows))


def show_status_codes(report: StatusCodes, view: View) -> None:
    """Print the status codes."""
    view.heading("Status codes", report)
    view.warnings(report)
    if not report.rows:
        return
    grid = Grid((Column("status"), *TRAFFIC_COLUMNS))
    for row, traffic in zip(report.rows, traffic_cells(report.rows), strict=True):
        style = _STATUS_STYLES.get((row.status_code or 0) // _CLASS_WIDTH, "")
        grid.add((Cell(text_cell(row.status_code).text, style=style), *traffic))
    view.screen.grid(grid)


def show_clients(report: Clients, view: View) -> None:
    """Print the client addresses."""
    about = "about " if report.approximate else ""
    view.heading(f"Clients ({len(report.rows):,} of {about}{report.unique_clients:,})", report)
    view.warnings(report)
    if not report.rows:
        return
    grid = Grid(
        (
            Column("requests"),
            Column("share", "%", rank=1),
            _SHARE_BAR,
            Column("errors", rank=2),
            Column("error rate", "%", rank=1),
            Column("avg", "ms", rank=3),
            Column("sent", raw_unit="bytes", rank=4),
            Column("received", raw_unit="bytes", rank=7),
            Column("client", left=True),
            Column("agents", left=True, rank=5, least=_LEAST_TEXT),
            Column("top endpoints", left=True, rank=6, least=_LEAST_TEXT),
        )
    )
    averages = milliseconds([row.average_latency for row in report.rows])
    shares = bars([row.share / _WHOLE for row in report.rows])
    for row, average, share in zip(report.rows, averages, shares, strict=True):
        numbers = (count_cell(row.request_count), percent_cell(row.share), share)
        errors = (errors_cell(row.error_count, row.error_rate), percent_cell(row.error_rate), average)
        moved = (bytes_cell(row.bytes_sent), bytes_cell(row.bytes_received), text_cell(row.client_ip))
        grid.add((*numbers, *errors, *moved, _names(row.agent_families), _names(row.top_endpoints)))
    view.screen.grid(grid)


def show_endpoint_clients(report: EndpointClients, view: View) -> None:
    """Print the clients of endpoints; counts that are lower bounds have their upper bound beside them."""
    view.heading(f"Clients of an endpoint ({_of(len(report.rows), report.unique_clients)})", report)
    view.warnings(report)
    view.screen.note(_known(report))
    if not report.rows:
        return
    exact = all(row.requests_at_most == row.request_count for row in report.rows)
    share = () if report.total_requests is None else (Column("share", "%", rank=1), _SHARE_BAR)
    grid = Grid(
        (
            Column("requests"),
            *(() if exact else (Column("at most"),)),
            *share,
            Column("last hour", left=True, rank=2),
            Column("client", left=True),
            Column("agents", left=True, rank=3, least=_LEAST_TEXT),
        )
    )
    for row, bar in zip(report.rows, bars([(row.share or 0) / _WHOLE for row in report.rows]), strict=True):
        most = () if exact else (count_cell(row.requests_at_most),)
        part = () if row.share is None else (percent_cell(row.share), bar)
        who = (instant_cell(row.last_hour, view), text_cell(row.client_ip), _names(row.agent_families))
        grid.add((count_cell(row.request_count), *most, *part, *who))
    view.screen.grid(grid)


def _known(report: EndpointClients) -> str:
    """Say how much of the traffic of the endpoints the list explains."""
    known, total, unknown = report.attributed_requests, report.total_requests, report.unattributed_requests
    what = "requests with a known client"
    if total is None or unknown is None:
        return f"{what}: {known:,}" + (", and maybe some that are past a cap" if report.overflow_requests else "")
    if not unknown:
        return f"{what}: all {total:,}"
    cause = "came without an address, or are past a cap" if report.overflow_requests else "came without an address"
    return f"{what}: {known:,} of {total:,}; {unknown:,} {cause}"


def show_errors(report: Errors, view: View) -> None:
    """Print the kinds of errors, exactly counted."""
    view.heading(f"Errors ({report.total_errors:,} in {_of(len(report.groups), report.group_count)} kinds)", report)
    view.warnings(report)
    if not report.groups:
        return
    grid = Grid(
        (
            Column("errors"),
            Column("share", "%"),
            _SHARE_BAR,
            Column("last", left=True, rank=2),
            Column("category", left=True, rank=1),
            Column("type", left=True, least=_LEAST_TEXT),
            Column("endpoints", rank=3),
            Column("most affected", left=True, rank=4, least=_LEAST_TEXT),
        )
    )
    shares = bars([group.share / _WHOLE for group in report.groups])
    for group, share in zip(report.groups, shares, strict=True):
        kind = (text_cell(group.error_category), text_cell(group.error_type), count_cell(group.endpoint_count))
        counted = (count_cell(group.count), percent_cell(group.share), share)
        grid.add((*counted, instant_cell(group.last_occurrence, view), *kind, _names(group.endpoints)))
    view.screen.grid(grid)


def show_error_events(report: ErrorEvents, view: View) -> None:
    """Print single errors, newest first."""
    view.heading("Error events (a bounded sample; `report errors` counts them exactly)", report)
    view.warnings(report)
    columns = ("timestamp", "status_code", "error_type", "method", "endpoint", "client_ip", "error_message")
    grid = Grid(
        (
            Column("time", left=True),
            Column("status"),
            Column("type", left=True, rank=2),
            Column("client", left=True, rank=1),
            Column("method", left=True),
            Column("endpoint", left=True, least=_LEAST_PATH),
            Column("message", left=True, rank=3, least=_LEAST_TEXT),
        )
    )
    for at, status, kind, method, endpoint, client, message in report.frame.select(columns).iter_rows():
        cells = (instant_cell(at / _MICROSECONDS, view), text_cell(status or None), text_cell(kind), text_cell(client))
        grid.add((*cells, text_cell(method), text_cell(endpoint), text_cell(message)))
    if grid.rows:
        view.screen.grid(grid)
    if report.next_page is not None:
        at, last = report.next_page
        view.screen.note(f"there are more: add --before {at}:{last}")


def show_values(report: Values, view: View) -> None:
    """Print the values of a dimension."""
    view.heading(f"Values of {report.dimension} ({_of(len(report.values), report.value_count)})", report)
    view.warnings(report)
    if not report.values:
        return
    counted = "errors" if report.dimension.startswith("error_") else "requests"
    grid = Grid((Column(counted), Column("value", left=True, least=_LEAST_TEXT)))
    for value in report.values:
        grid.add((count_cell(value.count), text_cell(value.value)))
    view.screen.grid(grid)


def _of(shown: int, known: int) -> str:
    return f"{shown:,}" if shown == known else f"{shown:,} of {known:,}"


def _names(names: Sequence[str]) -> Cell:
    more = f" +{len(names) - _NAMED}" if len(names) > _NAMED else ""
    return Cell(", ".join(names[:_NAMED]) + more or figures.UNKNOWN, ",".join(names).replace(" ", "_"))
