"""Retention settings that contradict each other are refused, by name and value."""

from __future__ import annotations

import pytest

from mockforge_analytics.config import load_config
from mockforge_analytics.errors import ConfigError


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"minute_aggregates_days": 31},
            r"minute_aggregates_days \(31\) must not be more than hour_aggregates_days \(30\)",
        ),
        (
            {"hour_aggregates_days": 366},
            r"hour_aggregates_days \(366\) must not be more than day_aggregates_days \(365\)",
        ),
        (
            {"live_hours": 24, "minute_aggregates_days": 1},
            r"live_hours \(24\) must be less than minute_aggregates_days",
        ),
    ],
)
def test_finer_history_cannot_outlive_coarser(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(retention=changes)


def test_equal_lengths_are_accepted() -> None:
    days = dict.fromkeys(("minute_aggregates_days", "hour_aggregates_days", "day_aggregates_days"), 3)
    assert load_config(retention=days).retention.day_aggregates_days == days["day_aggregates_days"]
