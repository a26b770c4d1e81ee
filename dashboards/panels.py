"""What the panels of all boards have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.builders import bargauge, stat, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    ThresholdsConfig,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
    VariableSort,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Query", "bars", "board", "lines", "number", "variable"]

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
_COLOURS: Final = ("green", "yellow", "red")


@dataclass(frozen=True, slots=True)
class Query:
    """A query and how its series are called."""

    expression: str
    legend: str


def board(title: str, uid: str, tags: Sequence[str], description: str) -> Dashboard:
    """Return an empty board of the last hour that can choose its data source."""
    return (
        Dashboard(title)
        .uid(uid)
        .tags(list(tags))
        .description(description)
        .refresh("30s")
        .time("now-1h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .with_variable(DatasourceVariable("datasource").label("Data source").type("prometheus"))
    )


def variable(name: str, label: str, query: str) -> QueryVariable:
    """Return a variable of any of several values of a label, all of them at first."""
    return (
        QueryVariable(name)
        .label(label)
        .datasource(_SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".*")
    )


def lines(
    title: str,
    description: str,
    unit: str,
    place: tuple[int, int, int, int],
    queries: Sequence[Query],
    *,
    limits: tuple[float, float] | None = None,
) -> timeseries.Panel:
    """Return a chart over time at `place` (width, height, x, y); from each of `limits` on it is yellow, then red."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(_SOURCE)
        .unit(unit)
        .min(0)
        .grid_pos(_at(place))
        .fill_opacity(10)
        .legend(
            VizLegendOptions()
            .show_legend(True)
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .thresholds(_thresholds(limits))
    )
    if limits is not None:
        panel.thresholds_style(GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    for letter, query in zip("ABCDEF", queries, strict=False):
        panel.with_target(_target(letter, query).range())
    return panel


def bars(title: str, description: str, unit: str, place: tuple[int, int, int, int], query: Query) -> bargauge.Panel:
    """Return the values of now as bars."""
    return (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(_SOURCE)
        .unit(unit)
        .min(0)
        .grid_pos(_at(place))
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.GRADIENT)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(None))
        .with_target(_target("A", query).instant())
    )


def number(
    title: str,
    description: str,
    unit: str,
    place: tuple[int, int, int, int],
    query: Query,
    *,
    limits: tuple[float, float] | None = None,
) -> stat.Panel:
    """Return one value of now as a number."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(_SOURCE)
        .unit(unit)
        .grid_pos(_at(place))
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(limits))
        .with_target(_target("A", query).instant())
    )


def _at(place: tuple[int, int, int, int]) -> GridPos:
    width, height, x, y = place
    return GridPos(h=height, w=width, x=x, y=y)


def _target(letter: str, query: Query) -> Dataquery:
    return Dataquery().ref_id(letter).datasource(_SOURCE).expr(query.expression).legend_format(query.legend)


def _thresholds(limits: tuple[float, float] | None) -> ThresholdsConfig:
    steps = [
        Threshold(color=colour, value=value) for colour, value in zip(_COLOURS, (None, *(limits or ())), strict=False)
    ]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
