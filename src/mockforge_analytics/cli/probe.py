"""`probe`: what a Prometheus server or a target would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mockforge_analytics.cli.options import ConfigOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mockforge_analytics.collection import Collected
    from mockforge_analytics.config import AnalyticsConfig

__all__ = ["EPILOG", "probe"]

EPILOG = (
    "Amounts are those of the last five minutes of a Prometheus server; a target only says what it has counted since "
    "its start.\n\n"
    "An address that the configuration file names is asked with the credentials, presets and mappings it has there.\n\n"
    "Examples:\n\n"
    "mockforge-analytics probe http://localhost:9090\n\n"
    "mockforge-analytics probe http://localhost:3000/metrics --preset opentelemetry-http"
)

AddressArgument = Annotated[
    str, typer.Argument(metavar="URL", help="A Prometheus server, or the metrics of a target.", show_default=False)
]
PresetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Read as this preset says; repeatable. Default: those that fit.",
        show_default=False,
    ),
]


def probe(
    address: AddressArgument, preset: PresetOption = None, as_json: JsonOption = False, config: ConfigOption = None
) -> None:
    """Show what would be read from an address, and sample numbers; nothing is stored."""
    from mockforge_analytics.cli.screen import Screen, write_json
    from mockforge_analytics.cli.session import settings
    from mockforge_analytics.cli.views.probe import show_probe
    from mockforge_analytics.clock import SystemClock
    from mockforge_analytics.runtime.collectors.probe import probe as look

    found = look(_chosen(settings(None, config), address, preset or ()), SystemClock())
    if as_json:
        write_json(found)
    else:
        show_probe(found, Screen())


def _chosen(known: AnalyticsConfig, address: str, presets: Sequence[str]) -> Collected:
    """Return what the settings say of `address`, or the defaults for it."""
    from mockforge_analytics.collection import Collected

    given = Collected.at(address)
    sections = {section.url: section for section in (*known.prometheus, *known.scrape)}
    section = sections.get(given.url, given)
    return section.model_copy(update={"presets": tuple(presets)}) if presets else section
