"""What a client of the stream may ask for: its configuration message, checked once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import msgspec

from mockforge_analytics.errors import QueryError
from mockforge_analytics.model.dimensions import OWN_WORKSPACE, Dimension
from mockforge_analytics.model.tiers import Fact
from mockforge_analytics.model.window import Granularity
from mockforge_analytics.query.parse import AUTO, parse_granularity, parse_spec
from mockforge_analytics.query.planner import check_filters
from mockforge_analytics.query.reports.series import REQUEST_GROUPS
from mockforge_analytics.query.spec import QuerySpec, clipped

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "DEFAULT_DURATION_SECONDS",
    "DEFAULT_INTERVAL_SECONDS",
    "MAX_INTERVAL_SECONDS",
    "Frames",
    "Question",
    "Wish",
    "default_wish",
    "parse_wish",
    "wants_deltas",
]

DEFAULT_INTERVAL_SECONDS: Final = 5  # contract section 5
DEFAULT_DURATION_SECONDS: Final = 3_600  # contract section 5
MAX_INTERVAL_SECONDS: Final = 3_600
_SECONDS_PER_DAY: Final = 86_400
_MAX_POINTS: Final = 1_500  # buckets of a live chart; finer ones are widened
_SHOWN: Final = 80  # characters of a wrong value that a message repeats
_FILTERS: Final = (
    Dimension.PROTOCOL,
    Dimension.ENDPOINT,
    Dimension.METHOD,
    Dimension.STATUS,
    Dimension.WORKSPACE,
    Dimension.ENVIRONMENT,
    Dimension.ERROR_TYPE,
    Dimension.ERROR_CATEGORY,
    Dimension.CLIENT,
    Dimension.AGENT,
    Dimension.AGENT_FAMILY,
)


class Frames(StrEnum):
    """The two kinds of frames."""

    CONTRACT = "contract"
    DELTA = "delta"


@dataclass(frozen=True, slots=True)
class Question:
    """What is worked out once for everybody who asks it. `spec` has a duration and no bounds."""

    spec: QuerySpec
    group_by: str = "protocol"
    frames: Frames = Frames.CONTRACT


@dataclass(frozen=True, slots=True)
class Wish:
    """A question, and every how many seconds to hear of it."""

    question: Question
    interval_seconds: int = DEFAULT_INTERVAL_SECONDS


def default_wish(workspace: str | None) -> Wish:
    """Return what a client gets that has sent no message; `workspace` is the only one it may see."""
    spec = QuerySpec(duration=DEFAULT_DURATION_SECONDS, max_points=_MAX_POINTS)
    return Wish(Question(_bound(spec, workspace)))


def wants_deltas(message: str | bytes) -> bool:
    """Return whether `message` asks for delta frames, whatever else is wrong with it."""
    try:
        return _object(message).get("frames") == Frames.DELTA
    except QueryError:
        return False


def parse_wish(message: str | bytes, now_us: int, max_duration_days: int, workspace: str | None = None) -> Wish:
    """Return what the configuration `message` (a JSON object) asks for; keys that are no settings are ignored.

    A client bound to `workspace` sees that one only, whether it names it or not.

    Raises:
        QueryError: the message is no JSON object or a value is wrong; `field` names the key.
        PermissionError: the client asks for another workspace than its own.
    """
    given = _object(message)
    longest = max_duration_days * _SECONDS_PER_DAY
    interval = _number(given, "interval_seconds", DEFAULT_INTERVAL_SECONDS, MAX_INTERVAL_SECONDS)
    duration = _number(given, "duration_seconds", DEFAULT_DURATION_SECONDS, longest)
    parameters: dict[str, object] = {name: given[name] for name in _FILTERS if name in given}
    spec = _spec({**parameters, "duration": str(duration)}, now_us)
    check_filters(spec.filters, (Fact.SERIES,))
    if OWN_WORKSPACE in spec.workspace_id:
        message = f"the requests of the server itself ({OWN_WORKSPACE}) are in reports, not in the stream"
        raise QueryError(message, field="workspace_id")
    frames = Frames(_choice(given, "frames", Frames.CONTRACT, [str(kind) for kind in Frames]))
    if frames is Frames.CONTRACT:  # which has neither, so that all of one filter share their work
        return Wish(Question(_bound(replace(spec, max_points=_MAX_POINTS), workspace)), interval)
    widths = [*(width.label for width in Granularity), AUTO]
    granularity = parse_granularity(_choice(given, "granularity", AUTO, widths))
    spec = _bound(replace(spec, granularity=granularity, max_points=_MAX_POINTS), workspace)
    return Wish(Question(spec, _choice(given, "group_by", "protocol", list(REQUEST_GROUPS)), frames), interval)


def _spec(parameters: Mapping[str, object], now_us: int) -> QuerySpec:
    try:
        return parse_spec(parameters, now_us)
    except ValueError as error:  # of a number with thousands of digits
        message = "a value of the configuration message is a number with too many digits"
        raise QueryError(message) from error


def _bound(spec: QuerySpec, workspace: str | None) -> QuerySpec:
    if workspace is None:
        return spec
    if any(name != workspace for name in spec.workspace_id):
        message = f"this connection may only see the workspace {workspace!r}"
        raise PermissionError(message)
    return replace(spec, workspace_id=(workspace,))


def _object(message: str | bytes) -> Mapping[str, Any]:
    fault = 'a configuration message is a JSON object, such as {"interval_seconds": 5}'
    try:
        decoded = msgspec.json.decode(message)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise QueryError(fault) from error
    if not isinstance(decoded, dict):
        raise QueryError(fault)
    return decoded


def _number(given: Mapping[str, Any], name: str, default: int, most: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        message = f"{name} is {_shown(value)}; accepted is a whole number from 1 to {most}"
        raise QueryError(message, field=name)
    return value


def _choice(given: Mapping[str, Any], name: str, default: str, accepted: list[str]) -> str:
    value = given.get(name)
    if value is None:
        return default
    if value not in accepted:
        message = f"{name} is {_shown(value)}; accepted are {', '.join(accepted)}"
        raise QueryError(message, field=name)
    return str(value)


def _shown(value: object) -> str:
    """Return the beginning of a wrong value, without taking a long one apart."""
    if isinstance(value, dict | list):
        return f"a JSON {'object' if isinstance(value, dict) else 'list'}"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > _SHOWN:
        return "a very large number"
    return clipped(value) if isinstance(value, str) else repr(value)[:_SHOWN]
