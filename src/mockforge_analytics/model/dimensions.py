"""What traffic is told apart by: the columns of a series, of a scope and of an error series.

Inside the engine an absent text is ``""`` and an absent status is 0, so that keys compare and sort; outside they are
null.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import polars as pl

__all__ = [
    "ABSENT_STATUS",
    "ERROR_SERIES_SCHEMA",
    "OVERFLOW",
    "OWN_WORKSPACE",
    "SCOPE_DIMENSIONS",
    "SCOPE_SCHEMA",
    "SERIES_DIMENSIONS",
    "SERIES_SCHEMA",
    "Dimension",
    "ErrorCategory",
]

OVERFLOW: Final = "__overflow__"  # stands for the names past a cardinality cap
OWN_WORKSPACE: Final = "__self__"  # of the requests that a server answers itself; kept apart from all others
ABSENT_STATUS: Final = 0


class Dimension(StrEnum):
    """Everything a report can be filtered or grouped by."""

    PROTOCOL = "protocol"
    WORKSPACE = "workspace_id"
    ENVIRONMENT = "environment"
    METHOD = "method"
    ENDPOINT = "endpoint"
    STATUS = "status_code"
    ERROR_TYPE = "error_type"
    ERROR_CATEGORY = "error_category"
    CLIENT = "client_ip"
    AGENT = "user_agent"
    AGENT_FAMILY = "user_agent_family"
    AGENT_VERSION = "user_agent_version"
    SOURCE = "source"


class ErrorCategory(StrEnum):
    """The five kinds of error of the contract (section 7)."""

    CLIENT = "client_error"
    SERVER = "server_error"
    NETWORK = "network_error"
    TIMEOUT = "timeout_error"
    OTHER = "other"


SCOPE_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "protocol": pl.String,
    "workspace_id": pl.String,
    "environment": pl.String,
}
SERIES_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    **SCOPE_SCHEMA,
    "method": pl.String,
    "endpoint": pl.String,
    "status_code": pl.Int32,
}
ERROR_SERIES_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    **SERIES_SCHEMA,
    "error_type": pl.String,
    "error_category": pl.String,
}
SCOPE_DIMENSIONS: Final = frozenset({Dimension.PROTOCOL, Dimension.WORKSPACE, Dimension.ENVIRONMENT})
SERIES_DIMENSIONS: Final = SCOPE_DIMENSIONS | {Dimension.METHOD, Dimension.ENDPOINT, Dimension.STATUS}
