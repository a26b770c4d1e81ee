"""What the labels of a series say about its requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mockforge_analytics.sources.prometheus.mapping import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mockforge_analytics.sources.prometheus.mapping import Rule

__all__ = ["meaning", "status_of"]

_CODE: Final = re.compile(r"\d{1,3}", re.ASCII)
_CLASS: Final = re.compile(r"[1-5]xx", re.ASCII | re.IGNORECASE)
_FAILED_CLASSES: Final = ("4xx", "5xx")
_FINE: Final = frozenset({"", "ok", "success", "0", "unset"})  # gRPC's OK is code 0


def meaning(rule: Rule, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every dimension, empty where nothing tells it."""
    return {name: _value(rule, labels, name) for name in DIMENSIONS}


def _value(rule: Rule, labels: Mapping[str, str], dimension: str) -> str:
    for label in rule.labels.get(dimension, "").split("|"):
        if value := labels.get(label, ""):
            return value
    return rule.constants.get(dimension, "")


def status_of(status: str, error_type: str) -> tuple[int | None, str | None]:
    """Return the status code and the error type that a label value stands for.

    ``404`` is a code. A class such as ``5xx`` is no code: of it only remains that the requests failed, with the class
    as the type of error. So is any other text but ``ok`` and ``success`` (a gRPC status such as ``NotFound``).
    """
    cleaned = status.strip().lower()
    if _CODE.fullmatch(cleaned) and cleaned not in _FINE:
        return int(cleaned), error_type or None
    if _CLASS.fullmatch(cleaned):
        return None, error_type or (cleaned if cleaned in _FAILED_CLASSES else None)
    if cleaned in _FINE:
        return None, error_type or None
    return None, error_type or status.strip()
