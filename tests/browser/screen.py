"""Figures as the screen shows them, written anew from what docs and style say, to compare with what is there."""

from __future__ import annotations

import re

__all__ = ["LATENCY_ERROR", "amount", "count", "milliseconds", "percent"]

LATENCY_ERROR = 0.0109  # what docs/definitions.md promises of a percentile
_UNITS = {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "ms": 1, "s": 1e3, "%": 1, "/s": 1, "": 1}
_FIGURE = re.compile(r"^([\d.,]+)\s*(B|kB|MB|GB|ms|s|%|/s|)$")


def count(value: int) -> str:
    """Return a count with its thousands apart."""
    return f"{value:,}"


def percent(value: float, digits: int = 2) -> str:
    """Return a percentage; a small one that is not nothing is not shown as nothing."""
    smallest = 10**-digits
    return f"<{smallest:.{digits}f}%" if 0 < value < smallest else f"{value:.{digits}f}%"


def amount(text: str) -> float:
    """Return what a shown figure says: bytes for sizes, milliseconds for latencies."""
    found = _FIGURE.match(text.strip())
    assert found, text
    return float(found[1].replace(",", "")) * _UNITS[found[2]]


def milliseconds(text: str) -> float:
    """Return what a shown latency says."""
    assert text.strip().endswith("s"), text
    return amount(text)
