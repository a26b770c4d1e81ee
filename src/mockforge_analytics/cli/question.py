"""What a report is asked: time range, filters and form of the answer, as options of every report."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from mockforge_analytics.cli.options import ConfigOption, DatabaseOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockforge_analytics.query.spec import QuerySpec

__all__ = ["OPTION_NAMES", "Form", "Question", "asks"]


class Form(Enum):
    """How an answer is given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


_TIME: Final = "Time range (default: everything the database holds)"
_FILTERS: Final = "Filters (repeat one to match any of several)"
_ANSWER: Final = "Answer"

# Name of the parameter of a report, and how the command line calls it.
OPTION_NAMES: Final = {
    "last": "--last",
    "start_time": "--start",
    "end_time": "--end",
    "duration": "--duration",
    "protocol": "--protocol",
    "endpoint": "--endpoint",
    "method": "--method",
    "status_code": "--status",
    "workspace_id": "--workspace",
    "environment": "--environment",
    "error_type": "--error-type",
    "error_category": "--error-category",
    "client_ip": "--client",
    "user_agent": "--user-agent",
    "user_agent_family": "--agent-family",
    "granularity": "--granularity",
    "order": "--order",
    "limit": "--limit",
    "zone": "--zone",
    "days": "--days",
    "search": "--search",
    "dimension": "DIMENSION",
    "before": "--before",
}


def _one(parameter: str, metavar: str, text: str, panel: str) -> Any:
    option = typer.Option(
        OPTION_NAMES[parameter], metavar=metavar, help=text, show_default=False, rich_help_panel=panel
    )
    return Annotated[str | None, option]


def _several(parameter: str, metavar: str, text: str) -> Any:
    option = typer.Option(
        OPTION_NAMES[parameter], metavar=metavar, help=text, show_default=False, rich_help_panel=_FILTERS
    )
    return Annotated[list[str] | None, option]


_TIMES: Final = {
    "last": _one("last", "SPAN", "The time up to now, such as 90s, 15m, 24h, 7d, 2w.", _TIME),
    "start_time": _one(
        "start_time",
        "TIME",
        "First instant: 2025-01-31, 2025-01-31T12:00, Unix seconds, 24h (ago), today or yesterday.",
        _TIME,
    ),
    "end_time": _one("end_time", "TIME", "First instant that is not covered any more, written like --start.", _TIME),
    "duration": _one("duration", "SPAN", "With --start or --end alone: how long.", _TIME),
}
_FILTER_OPTIONS: Final = {
    "protocol": _several("protocol", "NAME", "HTTP, gRPC, WebSocket, GraphQL, MQTT, Kafka, AMQP, SMTP, FTP, TCP …"),
    "endpoint": _several("endpoint", "PATH", "A path as `report endpoints` shows it, such as /users/:id."),
    "method": _several("method", "NAME", "GET, POST …"),
    "status_code": _several("status_code", "CODE", "A code (404), a class (5xx) or a range (400-418)."),
    "workspace_id": _several("workspace_id", "NAME", "A workspace."),
    "environment": _several("environment", "NAME", "An environment, such as prod."),
    "error_type": _several("error_type", "NAME", "An error type as `report errors` shows it (errors only)."),
    "error_category": _several("error_category", "NAME", "client_error, server_error … (errors only)."),
    "client_ip": _several("client_ip", "ADDRESS", "A client address (reports of clients and error events only)."),
    "user_agent": _several("user_agent", "TEXT", "A whole user agent (reports of clients and error events only)."),
    "user_agent_family": _several(
        "user_agent_family", "NAME", "A family of user agents, such as curl (reports of clients only)."
    ),
}
_EXTRAS: Final = {
    "granularity": _one(
        "granularity", "WIDTH", "Width of a row: 10s, 30s, minute, 5m, 15m, hour, 6h, day or auto.", _ANSWER
    ),
    "order": _one("order", "COLUMN", "Sort by this column, largest first; COLUMN:asc for smallest first.", _ANSWER),
    "limit": _one("limit", "ROWS", "At most so many rows, 1 to 10000.", _ANSWER),
}
_FORMS: Final = {
    "zone": Annotated[
        str,
        typer.Option(
            "--zone", metavar="ZONE", help="Time zone of all times, such as Europe/Berlin.", rich_help_panel=_ANSWER
        ),
    ],
    "json": Annotated[
        bool, typer.Option("--json", metavar="", help="Print everything known as JSON.", rich_help_panel=_ANSWER)
    ],
    "csv": Annotated[
        bool, typer.Option("--csv", metavar="", help="Print the main table as CSV.", rich_help_panel=_ANSWER)
    ],
}
_FORM_DEFAULTS: Final[dict[str, object]] = {"zone": "UTC", "json": False, "csv": False}


@dataclass(frozen=True, slots=True)
class Question:
    """The options of one call of a report.

    Attributes:
        parameters: values as typed, by the names that `query.parse.parse_spec` knows.
        zone: name of the time zone of what is typed and shown.
        form: how the answer is given.
        database: the database file, None for that of the settings.
        config: the configuration file, None for the usual one.
    """

    parameters: dict[str, object]
    zone: str
    form: Form
    database: Path | None
    config: Path | None

    @classmethod
    def of(cls, values: dict[str, Any]) -> Question:
        """Return the question that the options `values` ask.

        Raises:
            ConfigError: --json and --csv are both given.
        """
        from mockforge_analytics.errors import ConfigError

        as_json, as_csv = values.pop("json", False), values.pop("csv", False)
        if as_json and as_csv:
            message = "--json and --csv cannot be combined: choose one"
            raise ConfigError(message)
        form = Form.JSON if as_json else Form.CSV if as_csv else Form.TABLE
        zone, database, config = values.pop("zone"), values.pop("database"), values.pop("config")
        return cls(values, zone, form, database, config)

    def spec(self, now_us: int) -> QuerySpec:
        """Return what is asked at `now_us`.

        Raises:
            QueryError: a value is not understood.
        """
        from mockforge_analytics.query.parse import parse_spec

        return parse_spec(self.parameters, now_us, zone=self.tzinfo())

    def tzinfo(self) -> Any:
        """Return the time zone.

        Raises:
            QueryError: it is not known.
        """
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        from mockforge_analytics.errors import QueryError
        from mockforge_analytics.query.spec import clipped

        try:
            return ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            message = (
                f"zone {clipped(self.zone)} is not known; accepted are names of the IANA database such as Europe/Berlin"
            )
            raise QueryError(message, field="zone") from None


def asks(*extras: str, forms: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of every report and those of `extras`; its first argument is the `Question` they ask.

    Its own options stay. Without `forms` the answer has one form, so there is no choice of it.
    """
    shared: dict[str, tuple[Any, object]] = {name: (kind, None) for name, kind in (_TIMES | _FILTER_OPTIONS).items()}
    shared |= {name: (_EXTRAS[name], None) for name in extras}
    kept = _FORMS if forms else {"zone": _FORMS["zone"]}
    shared |= {name: (kind, _FORM_DEFAULTS[name]) for name, kind in kept.items()}
    shared |= {"database": (DatabaseOption, None), "config": (ConfigOption, None)}

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

        def command(**values: Any) -> None:
            mine = {parameter.name: values.pop(parameter.name) for parameter in own}
            function(Question.of(values), **mine)

        parameters = [*(_keyword(parameter) for parameter in own), *_keywords(shared)]
        command.__name__, command.__doc__ = function.__name__, function.__doc__
        command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        # typer reads the options of a command from its signature.
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # set on any function
        return command

    return decorate


def _keyword(parameter: inspect.Parameter) -> inspect.Parameter:
    return parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)


def _keywords(shared: dict[str, tuple[Any, object]]) -> Iterator[inspect.Parameter]:
    for name, (annotation, default) in shared.items():
        yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
