"""Settings of what is collected: Prometheus servers, targets with metrics, and what their metrics mean."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from mockforge_analytics.errors import ConfigError

__all__ = ["Collected", "MappingConfig", "PrometheusSource", "ScrapeTarget"]

_LABEL: Final = "[a-zA-Z_][a-zA-Z0-9_]*"
_METRIC: Final = r"^[a-zA-Z_:][a-zA-Z0-9_:]*$"
_LABELS: Final = rf"^{_LABEL}(\|{_LABEL})*$"
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)

Dimension = Literal["protocol", "method", "endpoint", "path", "status", "workspace_id", "environment", "error_type"]
KindName = Literal[
    "requests",
    "duration",
    "bytes_sent",
    "bytes_received",
    "connections",
    "memory",
    "cpu",
    "threads",
    "uptime",
    "sessions",
    "sessions_ended",
    "session_seconds",
]
LabelName = Annotated[str, Field(pattern=f"^{_LABEL}$")]
LabelNames = Annotated[str, Field(pattern=_LABELS)]
MetricName = Annotated[str, Field(pattern=_METRIC)]


def _is_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        message = "an address such as http://localhost:9090 is expected, without a query"
        raise ValueError(message)
    if parts.username or parts.password:
        message = "credentials do not belong in the address: use username and password, or bearer_token"
        raise ValueError(message)
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_is_address)]


class MappingConfig(BaseModel):
    """What one family of metrics means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: MetricName = Field(description="name of its samples; of a histogram without _bucket")
    kind: KindName = Field(description="what it measures")
    labels: dict[Dimension, LabelNames] = Field(
        default={}, description="for each dimension the label that holds it, or several joined by |"
    )
    constants: dict[Dimension, str] = Field(default={}, description="values where no label holds one")
    unit: float = Field(default=1.0, gt=0, le=1e9, description="seconds (or bytes) in one of its units")
    counts_requests: bool = Field(default=False, description="whether a histogram stands for the requests, too")
    detail_of: MetricName | None = Field(
        default=None, description="a metric that counts the same requests in less detail"
    )
    only: dict[LabelName, str] = Field(default={}, description="values that labels must have")

    @model_validator(mode="after")
    def _is_possible(self) -> MappingConfig:
        if self.counts_requests and self.kind != "duration":
            message = "counts_requests is for histograms: kind = duration"
            raise ValueError(message)
        return self


class Collected(BaseModel):
    """Where metrics are, and how they are reached."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Address = Field(description="address")
    name: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9._:-]{1,100}$", description="its name in the ledger; default: host and port"
    )
    presets: tuple[str, ...] = Field(
        default=("auto",), description="presets whose metrics are read; auto takes those that fit what is there"
    )
    mappings: tuple[MappingConfig, ...] = Field(default=(), description="metrics of your own, beside the presets")
    workspace_id: str = Field(default="", max_length=200, description="workspace where no label tells it")
    environment: str = Field(default="", max_length=200, description="environment where no label tells it")
    timeout_seconds: float = Field(default=10.0, gt=0, le=600, description="seconds an answer may take")
    max_body_bytes: int = Field(
        default=256 * 1024 * 1024, ge=1_024, le=4_294_967_296, description="bytes of an answer, once inflated"
    )
    headers: dict[str, SecretStr] = Field(default={}, description="more request headers")
    username: str | None = Field(default=None, description="of basic authentication")
    password: SecretStr | None = Field(default=None, description="of basic authentication")
    bearer_token: SecretStr | None = Field(default=None, description="sent as Authorization: Bearer")
    ca_file: str | None = Field(default=None, description="certificates to trust instead of those of the system")
    insecure: bool = Field(default=False, description="accept any certificate: only for tests")

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the defaults for `url`.

        Raises:
            ConfigError: it is no address.
        """
        try:
            return cls(url=url)
        except ValidationError as error:
            message = f"{url!r} cannot be asked: {error.errors()[0]['msg'].removeprefix('Value error, ')}"
            raise ConfigError(message) from None

    @property
    def label(self) -> str:
        """Its name in the ledger."""
        return self.name or urlsplit(self.url).netloc

    @model_validator(mode="after")
    def _has_one_authorization(self) -> Collected:
        if self.bearer_token is not None and self.username is not None:
            message = "either username and password or bearer_token"
            raise ValueError(message)
        if (self.username is None) is not (self.password is None):
            message = "username and password belong together"
            raise ValueError(message)
        for name, value in self.headers.items():
            if not _HEADER.fullmatch(name) or not value.get_secret_value().isprintable():
                message = f"{name!r} is no request header"
                raise ValueError(message)
        return self


class PrometheusSource(Collected):
    """A Prometheus server whose history is kept."""

    interval_seconds: int = Field(default=60, ge=1, le=3_600, description="seconds between two readings")
    delay_seconds: int = Field(default=15, ge=0, le=3_600, description="seconds that slow scrapes may still arrive in")
    history_seconds: int = Field(
        default=86_400, ge=0, le=31_536_000, description="seconds of history that the first reading takes"
    )
    matchers: dict[LabelName, str] = Field(default={}, description="values that labels of every series must have")


class ScrapeTarget(Collected):
    """A target whose metrics are read without a Prometheus server."""

    interval_seconds: int = Field(default=15, ge=1, le=3_600, description="seconds between two readings")
    max_samples: int = Field(default=200_000, ge=1, le=10_000_000, description="samples a target may expose")
