"""Every setting: name, type, default, unit and meaning, read once from file, environment and arguments."""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mockforge_analytics.collection import PrometheusSource, ScrapeTarget
from mockforge_analytics.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = [
    "ENVIRONMENT_PREFIX",
    "AnalyticsConfig",
    "CapConfig",
    "IngestConfig",
    "MetricNames",
    "MetricsConfig",
    "QueryConfig",
    "RetentionConfig",
    "ServerConfig",
    "StoreConfig",
    "StreamConfig",
    "Templating",
    "load_config",
    "setting_origins",
]

ENVIRONMENT_PREFIX: Final = "MOCKFORGE_ANALYTICS_"

_HOURS_PER_DAY: Final = 24
Days = Annotated[int, Field(ge=1, le=36_500)]


class Templating(StrEnum):
    """How raw paths become endpoints."""

    NONE = "none"
    IDENTIFIERS = "identifiers"
    ADAPTIVE = "adaptive"


class RetentionConfig(BaseModel):
    """How long each kind of history is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    live_hours: int = Field(default=2, ge=1, le=48, description="hours of 10-second history")
    minute_aggregates_days: Days = Field(default=7, description="days of minute history")
    hour_aggregates_days: Days = Field(default=30, description="days of hour history")
    day_aggregates_days: Days = Field(default=365, description="days of day history")
    error_events_days: Days = Field(default=7, description="days of single error events")
    client_analytics_days: Days = Field(default=30, description="days of hourly client rows")
    traffic_patterns_days: Days = Field(default=90, description="days of quarter-hour traffic patterns")
    snapshots_days: Days = Field(default=90, description="days of analytics snapshots")
    cleanup_interval_hours: int = Field(
        default=24, ge=1, le=8_760, description="hours between two retention runs of a server"
    )

    @model_validator(mode="after")
    def _coarser_is_kept_longer(self) -> RetentionConfig:
        """Refuse settings under which the finer edges of a window outlive its coarse inside."""
        order = ("minute_aggregates_days", "hour_aggregates_days", "day_aggregates_days")
        for finer, coarser in pairwise(order):
            if getattr(self, finer) > getattr(self, coarser):
                message = (
                    f"{finer} ({getattr(self, finer)}) must not be more than {coarser} ({getattr(self, coarser)}): "
                    "coarser history is kept at least as long as finer history"
                )
                raise ValueError(message)
        if self.live_hours >= self.minute_aggregates_days * _HOURS_PER_DAY:
            message = (
                f"live_hours ({self.live_hours}) must be less than minute_aggregates_days "
                f"({self.minute_aggregates_days}, {self.minute_aggregates_days * _HOURS_PER_DAY} hours)"
            )
            raise ValueError(message)
        return self


class CapConfig(BaseModel):
    """Bounds on distinct names; what is past a bound counts under ``__overflow__``, totals stay exact."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    series_per_hour: int = Field(
        default=10_000, ge=1, le=1_000_000, description="series a workspace and hour of event time"
    )
    clients_per_hour: int = Field(
        default=10_000, ge=1, le=1_000_000, description="client rows a workspace and hour of event time"
    )
    endpoints_per_client: int = Field(default=20, ge=1, le=1_000, description="endpoints a client row and hour")
    error_events_per_minute: int = Field(
        default=10, ge=1, le=10_000, description="stored events an endpoint, error type and minute; counts stay exact"
    )
    error_events_per_minute_total: int = Field(
        default=200, ge=1, le=100_000, description="stored events a workspace and minute"
    )


class StoreConfig(BaseModel):
    """How the database writes and reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    durable: bool = Field(
        default=False, description="sync the disk at every commit instead of at most one second later"
    )
    queue_batches: int = Field(default=1_000, ge=1, le=1_000_000, description="batches that may wait for the writer")
    queue_events: int = Field(
        default=500_000, ge=1, le=100_000_000, description="requests that may wait for the writer"
    )
    commit_events: int = Field(default=5_000, ge=1, le=10_000_000, description="requests that trigger a commit at once")
    commit_delay_ms: int = Field(default=200, ge=0, le=1_000, description="milliseconds a batch may wait for company")
    fold_events: int = Field(default=500_000, ge=1, le=10_000_000, description="pending requests that trigger a fold")
    fold_interval_seconds: float = Field(default=60.0, gt=0, le=3_600, description="seconds between two folds")
    cache_bytes: int = Field(default=256 * 1024 * 1024, ge=0, description="bytes of decoded history kept in memory")
    readers: int = Field(default=4, ge=1, le=64, description="reading connections")


class QueryConfig(BaseModel):
    """Bounds on what a report may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    deadline_seconds: float = Field(default=10.0, gt=0, le=3_600, description="seconds a report may take")
    max_points: int = Field(default=22_000, ge=100, le=1_000_000, description="points a time series may have")
    exports: int = Field(default=2, ge=1, le=16, description="exports a server runs at a time")
    export_seconds: float = Field(
        default=300.0, gt=0, le=86_400, description="seconds an export may take, after which a server cuts it off"
    )


class IngestConfig(BaseModel):
    """Bounds on what applications may send, and when they are asked to come back later."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_body_bytes: int = Field(
        default=20 * 1024 * 1024, ge=1_024, le=1_073_741_824, description="bytes of a request body as it is sent"
    )
    max_inflated_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1_024, le=4_294_967_296, description="bytes of a request body once inflated"
    )
    max_events: int = Field(default=100_000, ge=1, le=10_000_000, description="events a request")
    max_errors: int = Field(default=100, ge=1, le=10_000, description="refused events an answer names")
    body_timeout_seconds: float = Field(default=30.0, gt=0, le=3_600, description="seconds a body may take to arrive")
    in_flight_bytes: int = Field(
        default=256 * 1024 * 1024, ge=1_048_576, description="bytes of bodies being read or worked on at a time"
    )
    workers: int = Field(default=2, ge=1, le=64, description="bodies worked on at a time")
    processes: int = Field(
        default=1,
        ge=0,
        le=16,
        description="processes that read large bodies while they come in, a second one and more only when those before "
        "are busy; on two cores one is enough; 0: the server reads them itself",
    )
    min_free_bytes: int = Field(
        default=1024 * 1024 * 1024, ge=0, description="bytes of the disk that must stay free for events to be taken"
    )
    min_free_percent: float = Field(
        default=5.0, ge=0, le=90, description="percent of the disk that must stay free; the larger bound holds"
    )


class ServerConfig(BaseModel):
    """Where the server listens, and under which names it may be reached."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=9180, ge=0, le=65_535, description="TCP port; 0 takes a free one")
    root_path: str = Field(
        default="", pattern="^(/[^/?#]+)*$", description="path under which a reverse proxy publishes the server"
    )
    require_token: bool = Field(
        default=False,
        description="require a token also on the loopback address, and before there is one; set it behind a proxy",
    )
    allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="names under which the server may be called beside its own address, such as analytics.example; "
        "*.example for every name below it",
    )
    allowed_origins: tuple[str, ...] = Field(
        default=(), description="origins of other pages that may use the server, such as https://dash.example"
    )
    record_own_requests: bool = Field(
        default=True, description="record the server's own requests, in a database of their own, <database>-self"
    )


class StreamConfig(BaseModel):
    """Bounds on the live stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_clients: int = Field(default=100, ge=1, le=100_000, description="sockets at once; one more is closed with 1013")
    max_duration_days: int = Field(default=31, ge=1, le=366, description="days a live window may be long")
    frames_per_second: float = Field(
        default=10.0, gt=0, le=100, description="delta frames a second and subscription at most; commits share one"
    )
    queue_messages: int = Field(
        default=64, ge=1, le=10_000, description="messages that may wait for a slow reader before they become one"
    )
    queue_bytes: int = Field(default=2 * 1024 * 1024, ge=1, description="bytes that may wait likewise")
    slow_seconds: float = Field(
        default=10.0,
        gt=0,
        le=3_600,
        description="seconds a reader may take for one message before it is closed with 1013",
    )
    message_bytes: int = Field(
        default=64 * 1024,
        ge=128,
        le=1024 * 1024,
        description="bytes of a message from a client; longer ones close with 1009",
    )
    messages_per_minute: int = Field(
        default=120, ge=1, le=100_000, description="messages a client may send in a minute; more close with 1008"
    )


class MetricNames(StrEnum):
    """Under which names `/metrics` tells the traffic."""

    OWN = "own"
    MOCKFORGE = "mockforge"
    BOTH = "both"


class MetricsConfig(BaseModel):
    """What `/metrics` shows to Prometheus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: MetricNames = Field(
        default=MetricNames.OWN, description="names of the metrics: own, mockforge (those that MockForge has), or both"
    )
    endpoints: int = Field(
        default=50, ge=1, le=1_000, description="busiest endpoints with a label of their own; the others are one"
    )
    series: int = Field(
        default=2_000, ge=10, le=100_000, description="combinations of labels and status that are told apart"
    )


class AnalyticsConfig(BaseSettings):
    """Everything that can be set. Defaults < `mockforge-analytics.toml` < environment < arguments.

    Environment names are `MOCKFORGE_ANALYTICS_` + the name, nested names joined by two underscores, such as
    `MOCKFORGE_ANALYTICS_RETENTION__MINUTE_AGGREGATES_DAYS=14`.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    database_path: Path = Field(default=Path("mockforge-analytics.db"), description="the database file")
    batch_size: int = Field(default=1_000, ge=1, le=1_000_000, description="requests a batch of live sources")
    max_query_results: int = Field(default=10_000, ge=1, le=1_000_000, description="rows of any list in an answer")
    templating: Templating = Field(default=Templating.IDENTIFIERS, description="how paths become endpoints")
    retention: RetentionConfig = RetentionConfig()
    caps: CapConfig = CapConfig()
    store: StoreConfig = StoreConfig()
    query: QueryConfig = QueryConfig()
    ingest: IngestConfig = IngestConfig()
    server: ServerConfig = ServerConfig()
    stream: StreamConfig = StreamConfig()
    metrics: MetricsConfig = MetricsConfig()
    prometheus: tuple[PrometheusSource, ...] = Field(default=(), description="Prometheus servers to read")
    scrape: tuple[ScrapeTarget, ...] = Field(default=(), description="targets to read without a Prometheus server")

    @model_validator(mode="after")
    def _names_are_distinct(self) -> AnalyticsConfig:
        """Refuse two collectors that would share one position."""
        for section in (self.prometheus, self.scrape):
            labels = [entry.label for entry in section]
            if repeated := sorted({label for label in labels if labels.count(label) > 1}):
                message = f"two sources have the name {repeated[0]!r}: give each a name of its own"
                raise ValueError(message)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave out dotenv and secret files; `load_config` adds the TOML file."""
        return init_settings, env_settings


def load_config(path: Path | None = None, **overrides: Any) -> AnalyticsConfig:
    """Return the settings from `path` (TOML; skipped where None), the environment and `overrides`.

    Raises:
        ConfigError: names every setting that is wrong, its value and what is accepted.
    """

    class _WithFile(AnalyticsConfig):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    if path is not None and not path.is_file():
        message = f"the configuration file {path} does not exist"
        raise ConfigError(message)
    try:
        return (AnalyticsConfig if path is None else _WithFile)(**overrides)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}{_given(e)}" for e in error.errors())
        message = f"wrong settings: {faults}"
        raise ConfigError(message) from None
    except ValueError as error:
        message = f"the configuration file {path} is not valid TOML: {error}"
        raise ConfigError(message) from error


def _given(error: ErrorDetails) -> str:
    """Return what was given, for the message; never where it may hold a password or a token."""
    if not error["loc"] or error["loc"][0] in ("prometheus", "scrape"):
        return ""
    return f" (got {error['input']!r})"


def setting_origins(path: Path | None = None, **overrides: Any) -> dict[str, str]:
    """Return where each setting that is not at its default comes from: ``file``, ``environment`` or ``option``.

    Names of nested settings are joined by dots. The arguments are those of a call of `load_config` that succeeded.
    """
    origins: dict[str, str] = {}
    if path is not None:
        origins |= dict.fromkeys(_leaf_names(TomlConfigSettingsSource(AnalyticsConfig, toml_file=path)()), "file")
    origins |= dict.fromkeys(_leaf_names(EnvSettingsSource(AnalyticsConfig)()), "environment")
    return origins | dict.fromkeys(_leaf_names(overrides), "option")


def _leaf_names(values: dict[str, Any], prefix: str = "") -> list[str]:
    names = []
    for name, value in values.items():
        names += _leaf_names(value, f"{prefix}{name}.") if isinstance(value, dict) else [prefix + name]
    return names
