"""The traffic under the names of MockForge's own metrics (contract section 8), for boards that know those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.export.metrics.buckets import MOCKFORGE_BOUNDS
from mockforge_analytics.export.metrics.definitions import MOCKFORGE
from mockforge_analytics.export.metrics.families import counter, gauge, histogram
from mockforge_analytics.export.metrics.grouping import Groups
from mockforge_analytics.export.metrics.own import error_category
from mockforge_analytics.export.metrics.pillars import pillar
from mockforge_analytics.model.cells import Measure
from mockforge_analytics.model.dimensions import ErrorCategory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.core import Metric

    from mockforge_analytics.export.metrics.traffic import Counts
    from mockforge_analytics.model.commit import SeriesName
    from mockforge_analytics.model.process import ProcessUsage

__all__ = ["mockforge_families"]

Labels = tuple[str, ...]
Values = dict[Labels, tuple[float, float | None]]

_GRPC: Final = "grpc"
_OWN_TYPES: Final = {_GRPC: "grpc_error", "graphql": "graphql_error"}
_WEBSOCKET: Final = "websocket"
_ERROR: Final = "error"  # the method of errors that are counted apart from what failed
# By method: how the preset `mockforge` reads what MockForge counts beside sessions.
_SOCKET_FAMILIES: Final = {"send": "ws_messages_sent", "receive": "ws_messages_received", _ERROR: ""}
_OF_GRPC: Final = ""  # in the place of a status: its codes are not those of HTTP, so it is said whether it failed
_NO_STATUS: Final = "none"


def mockforge_families(
    counts: Counts, connections: Mapping[tuple[str, str, str], int], usage: ProcessUsage, *, created: bool
) -> Iterator[Metric]:
    """Yield the traffic and what this process takes; the arguments are as in `own.traffic_families`."""
    yield from _requests(counts, created=created)
    yield from _errors(counts, created=created)
    open_now: dict[str, int] = {}
    for (protocol, _, _), number in connections.items():
        open_now[protocol.lower()] = open_now.get(protocol.lower(), 0) + number
    in_flight: dict[Labels, float] = {(name,): number for name, number in open_now.items() if name != _WEBSOCKET}
    yield gauge(MOCKFORGE["requests_in_flight"], in_flight)
    for short, protocol in (("ws", _WEBSOCKET), ("smtp", "smtp"), ("mqtt", "mqtt")):
        yield gauge(MOCKFORGE[f"{short}_connections_active"], {(): open_now.get(protocol, 0)})
    yield from _by_protocol(counts, created=created)
    yield gauge(MOCKFORGE["memory_usage_bytes"], {(): usage.memory_bytes})
    yield gauge(MOCKFORGE["cpu_usage_percent"], {(): usage.cpu_percent})
    yield gauge(MOCKFORGE["thread_count"], {(): usage.threads})
    yield gauge(MOCKFORGE["uptime_seconds"], {(): usage.uptime_seconds})


def _requests(counts: Counts, *, created: bool) -> Iterator[Metric]:
    durations = Groups(counts, lambda name: (*_start(name), pillar(name.endpoint)), created=created)
    yield counter(MOCKFORGE["requests"], _by_status(counts, _start, created=created, with_pillar=True))
    yield _durations("request_duration_seconds", durations)
    paths = Groups(counts, _path, created=created)
    yield counter(MOCKFORGE["requests_by_path"], _by_status(counts, _path, created=created))
    yield _durations("request_duration_by_path_seconds", paths)
    yield gauge(MOCKFORGE["average_latency_by_path_seconds"], paths.averages())
    workspaces = counts.only(lambda name: bool(name.workspace_id))
    yield counter(MOCKFORGE["workspace_requests"], _by_status(workspaces, _workspace, created=created))
    yield _durations("workspace_request_duration_seconds", Groups(workspaces, _workspace, created=created))


def _errors(counts: Counts, *, created: bool) -> Iterator[Metric]:
    of_all = Groups(counts, lambda name: (name.protocol.lower(), _type(name), pillar(name.endpoint)), created=created)
    whole = Groups(counts, lambda name: (name.protocol.lower(), pillar(name.endpoint)), created=created)
    found = _that_occurred(of_all)
    for (protocol, part), since in zip(whole.labels, whole.created, strict=True):
        # At zero beside the first request, so that the first error is an increase that Prometheus sees.
        for kind in (_OWN_TYPES[protocol],) if protocol in _OWN_TYPES else (ErrorCategory.CLIENT, ErrorCategory.SERVER):
            found.setdefault((protocol, str(kind), part), (0.0, since))
    yield counter(MOCKFORGE["errors"], found)
    workspaces = counts.only(lambda name: bool(name.workspace_id))
    by_workspace = Groups(workspaces, lambda name: (name.workspace_id, _type(name)), created=created)
    yield counter(MOCKFORGE["workspace_errors"], _that_occurred(by_workspace))


def _by_protocol(counts: Counts, *, created: bool) -> Iterator[Metric]:
    """Yield the counters of protocols that have families of their own, at zero from the start on."""
    groups = Groups(counts, lambda name: (name.protocol.lower(),), created=created)
    nothing = (0.0, None)
    errors = groups.values(Measure.ERRORS)
    sockets = Groups(counts.only(lambda name: name.protocol.lower() == _WEBSOCKET), _of_socket, created=created)
    by_family = sockets.values(Measure.REQUESTS)
    for family in ("ws_connections", "ws_messages_sent", "ws_messages_received"):
        yield counter(MOCKFORGE[family], {(): by_family.get((family,), nothing)})
    yield counter(MOCKFORGE["ws_errors"], {(): errors.get((_WEBSOCKET,), nothing)})
    others = counts.only(lambda name: name.method.lower() != _ERROR)
    messages = Groups(others, lambda name: (name.protocol.lower(),), created=created).values(Measure.REQUESTS)
    yield counter(MOCKFORGE["smtp_messages_received"], {(): messages.get(("smtp",), nothing)})
    yield counter(MOCKFORGE["mqtt_messages_received"], {(): messages.get(("mqtt",), nothing)})


def _of_socket(name: SeriesName) -> Labels:
    """Return the family that counts a request of WebSocket; an error that was counted apart is no session."""
    return (_SOCKET_FAMILIES.get(name.method.lower(), "ws_connections"),)


def _durations(name: str, groups: Groups) -> Metric:
    return histogram(MOCKFORGE[name], MOCKFORGE_BOUNDS, groups.histograms(groups.mockforge))


def _start(name: SeriesName) -> Labels:
    return name.protocol.lower(), name.method


def _path(name: SeriesName) -> Labels:
    return name.endpoint, name.method


def _workspace(name: SeriesName) -> Labels:
    return name.workspace_id, name.method


def _by_status(
    counts: Counts, start: Callable[[SeriesName], Labels], *, created: bool, with_pillar: bool = False
) -> Values:
    """Return the requests by the labels `start`, then the status, then, where wanted, the pillar."""

    def labels(name: SeriesName) -> Labels:
        end = (pillar(name.endpoint),) if with_pillar else ()
        return (*start(name), _status(name), *end)

    groups = Groups(counts, labels, created=created)
    requests, errors = groups.values(Measure.REQUESTS), groups.values(Measure.ERRORS)
    found: Values = {}
    for (first, second, status, *end), (value, since) in requests.items():
        if status != _OF_GRPC:
            found[first, second, status, *end] = (value, since)
            continue
        failed, _ = errors[first, second, status, *end]
        found[first, second, "ok", *end] = (value - failed, since)
        found[first, second, "error", *end] = (failed, since)
    return found


def _status(name: SeriesName) -> str:
    if name.protocol.lower() == _GRPC:
        return _OF_GRPC
    return str(name.status_code) if name.status_code else _NO_STATUS


def _type(name: SeriesName) -> str:
    """Return the error type that MockForge counts failed requests of a series under."""
    return _OWN_TYPES.get(name.protocol.lower(), str(error_category(name.status_code)))


def _that_occurred(groups: Groups) -> Values:
    return {labels: value for labels, value in groups.values(Measure.ERRORS).items() if value[0]}
