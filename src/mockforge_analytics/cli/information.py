"""What the program knows and how it is set: `config`, `formats`, `version`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mockforge_analytics.cli.options import ConfigOption, DatabaseOption, JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

__all__ = ["FORMATS", "formats", "show_config", "version", "version_of"]

# What each format known by name is; `--format` takes the names.
FORMATS: Final = {
    "common": "Common Log Format: address, user, time, request, status, bytes",
    "combined": "Common with referer and user agent, the default of nginx and of Apache's combined",
    "vhost_common": "Common with the virtual host in front",
    "vhost_combined": "Combined with the virtual host in front",
    "common_time_s": "Common followed by the request time in seconds (nginx $request_time, Apache %T)",
    "common_time_ms": "Common followed by the request time in milliseconds (Apache %{ms}T)",
    "common_time_us": "Common followed by the request time in microseconds (Apache %D)",
    "combined_time_s": "Combined followed by the request time in seconds",
    "combined_time_ms": "Combined followed by the request time in milliseconds",
    "combined_time_us": "Combined followed by the request time in microseconds",
    "nginx_main": "Combined followed by the quoted X-Forwarded-For, nginx's example log_format main",
    "traefik_clf": "Traefik's common format, with the duration in milliseconds",
    "nginx_json": "JSON lines with the names of nginx's variables, or common ones such as status and path",
    "caddy_json": "JSON lines of Caddy 2",
    "traefik_json": "JSON lines of Traefik, with the duration in nanoseconds",
}
_PACKAGES: Final = ("apsw", "datasketches", "numpy", "polars", "pydantic", "typer", "ua-parser", "zstandard")


def formats() -> None:
    """List the log formats known by name."""
    from mockforge_analytics.cli.grid import Cell, Column, Grid
    from mockforge_analytics.cli.screen import Screen

    screen = Screen()
    grid = Grid((Column("name", left=True), Column("what its lines are", left=True, least=40)))
    for name, text in FORMATS.items():
        grid.add((Cell(name), Cell(text)))
    screen.grid(grid)
    screen.note("anything else: --format with the log_format string of nginx or the LogFormat string of Apache")


def version() -> None:
    """Print the versions of the program and of what it stands on."""
    import platform

    from mockforge_analytics.cli.screen import Screen

    named = [(name, version_of(name)) for name in _PACKAGES]
    Screen().pairs(
        [("mockforge-analytics", version_of("mockforge-analytics")), ("Python", platform.python_version()), *named]
    )


def version_of(distribution: str) -> str:
    """Return the version of an installed distribution; a checkout that was never installed has none."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def show_config(as_json: JsonOption = False, database: DatabaseOption = None, config: ConfigOption = None) -> None:
    """Show every setting as it is in effect, where it comes from and what it means."""
    from mockforge_analytics.cli.screen import Screen, write_text
    from mockforge_analytics.cli.session import config_file, settings
    from mockforge_analytics.config import setting_origins

    effective = settings(database, config)
    if as_json:
        write_text([effective.model_dump_json(indent=2) + "\n"])
        return
    overrides = {} if database is None else {"database_path": database}
    origins = setting_origins(config_file(config), **overrides)
    _show_settings(Screen(), list(_leaves(effective)), origins)


def _leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    from pydantic import BaseModel

    for name, info in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value, info.description or ""


def _show_settings(screen: Any, leaves: list[tuple[str, Any, str]], origins: dict[str, str]) -> None:
    from mockforge_analytics.cli.grid import Cell, Column, Grid

    grid = Grid(
        (
            Column("setting", left=True),
            Column("value"),
            Column("from", left=True, rank=1),
            Column("meaning", left=True, rank=2, least=20),
        )
    )
    for name, value, meaning in leaves:
        origin = origins.get(name, "default")
        style = "" if origin == "default" else "bold"
        grid.add((Cell(name, style=style), Cell(str(value), style=style), Cell(origin), Cell(meaning)))
    screen.grid(grid)
    screen.note(
        "change one in mockforge-analytics.toml ([retention] minute_aggregates_days = 14) or in the environment "
        "(MOCKFORGE_ANALYTICS_RETENTION__MINUTE_AGGREGATES_DAYS=14)"
    )
