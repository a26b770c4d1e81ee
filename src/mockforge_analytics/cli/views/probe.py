"""What an address gives, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mockforge_analytics.cli import figures
from mockforge_analytics.cli.grid import Column, Grid
from mockforge_analytics.cli.views.common import count_cell, text_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mockforge_analytics.cli.screen import Screen
    from mockforge_analytics.runtime.collectors.probe import Probe, ProbedRule

__all__ = ["show_probe"]


def show_probe(found: Probe, screen: Screen) -> None:
    """Print what would be read, and what would not."""
    screen.title(found.address, ["a Prometheus server" if found.is_server else "metrics of a target"])
    screen.pairs(
        [("presets", ", ".join(found.presets) or "none fits; see docs/prometheus.md for mappings of your own")]
    )
    screen.line()
    since = "since the target started" if found.seconds is None else f"in the last {figures.duration(found.seconds)}"
    screen.title("What would be read", [f"amounts {since}"])
    screen.grid(_rule_grid(found.rules))
    screen.line()
    screen.title("What its labels mean")
    screen.grid(_meaning_grid(found.rules))
    if refused := [(rule, reason, count) for rule in found.rules for reason, count in rule.refused.items()]:
        screen.line()
        for rule, reason, count in refused:
            screen.warning(f"{rule.metric}: {figures.count(count)} left out, {reason}")
    if found.absent:
        screen.note(f"not there: {', '.join(found.absent)}")
    if found.unread:
        screen.note(f"not read, though it sounds like traffic: {', '.join(found.unread)}")


def _rule_grid(rules: Iterable[ProbedRule]) -> Grid:
    grid = Grid(
        (Column("metric", left=True, least=24), Column("read as", left=True), Column("series"), Column("amount"))
    )
    for rule in rules:
        grid.add((text_cell(rule.metric), text_cell(rule.kind), count_cell(rule.series), count_cell(rule.amount)))
    return grid


def _meaning_grid(rules: Iterable[ProbedRule]) -> Grid:
    grid = Grid(
        (
            Column("metric", left=True, least=24),
            Column("dimension", left=True),
            Column("values"),
            Column("such as", left=True, least=20),
        )
    )
    for rule in rules:
        for name, (count, examples) in rule.meanings.items():
            cells = (text_cell(rule.metric), text_cell(name), count_cell(count), text_cell(", ".join(examples)))
            grid.add(cells)
    return grid
