"""Typed answers about clients; units as in `query.results`."""

from __future__ import annotations

from dataclasses import dataclass

from mockforge_analytics.query.results import Report

__all__ = ["ClientRow", "Clients", "EndpointClientRow", "EndpointClients"]


@dataclass(frozen=True, slots=True)
class ClientRow:
    """The traffic of one client address; families and endpoints most requests first."""

    client_ip: str
    request_count: int
    share: float
    error_count: int
    error_rate: float
    latency_count: int
    average_latency: float | None
    bytes_sent: int
    bytes_received: int
    agent_families: tuple[str, ...]
    top_endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients(Report):
    """Client addresses, most requests first; `approximate` says that `unique_clients` is an estimate."""

    total_requests: int
    unique_clients: int
    approximate: bool
    rows: tuple[ClientRow, ...]


@dataclass(frozen=True, slots=True)
class EndpointClientRow:
    """A client address that asked some endpoints, with what its rows, kept by the hour, say of that.

    Attributes:
        request_count: requests to the endpoints that are known to be of this client: never more than there were.
        requests_at_most: never fewer than there were; equal to `request_count` where that is exact.
        share: `request_count` in percent of all requests to the endpoints, None where these are not known.
        first_hour: start, Unix seconds, of the first hour with a request among `request_count`.
        last_hour: start of the last such hour.
        agent_families: of the agents that sent those requests, most requests first.
    """

    client_ip: str
    request_count: int
    requests_at_most: int
    share: float | None
    first_hour: int
    last_hour: int
    agent_families: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointClients(Report):
    """The clients of some endpoints, most requests first.

    Attributes:
        total_requests: all requests to the endpoints; None where a filter on clients holds, which the totals of
            endpoints do not know, or where those totals are no longer kept.
        attributed_requests: those whose client is known, of listed clients or not.
        unattributed_requests: the others, without an address or past a cap; None where the total is.
        overflow_requests: requests of the window past a cap on clients or on endpoints of a client. Any of them may
            be to the endpoints; where there are none, every row is exact.
        unique_clients: distinct addresses that are known to have asked, listed or not.
    """

    total_requests: int | None
    attributed_requests: int
    unattributed_requests: int | None
    overflow_requests: int
    unique_clients: int
    rows: tuple[EndpointClientRow, ...]
