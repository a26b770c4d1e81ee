"""The built-in mappings, one a kind of server, with the place where each documents its metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mockforge_analytics.sources.prometheus.mapping import Kind, Preset, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRESETS"]

_MILLISECONDS: Final = 1e-3
_HTTP: Final = {"protocol": "HTTP"}


def _requests(metric: str, labels: Mapping[str, str], **only: str) -> Rule:
    return Rule(metric, Kind.REQUESTS, labels, _HTTP, only=only)


def _latency(metric: str, labels: Mapping[str, str], unit: float = 1.0, **only: str) -> Rule:
    return Rule(metric, Kind.DURATION, labels, _HTTP, unit, only=only)


def _counted_latency(metric: str, labels: Mapping[str, str], unit: float = 1.0, **only: str) -> Rule:
    """Return the rule of a histogram whose observations are the requests."""
    return Rule(metric, Kind.DURATION, labels, _HTTP, unit, counts_requests=True, only=only)


def _sent(metric: str, labels: Mapping[str, str], **only: str) -> Rule:
    return Rule(metric, Kind.BYTES_SENT, labels, _HTTP, only=only)


def _received(metric: str, labels: Mapping[str, str], **only: str) -> Rule:
    return Rule(metric, Kind.BYTES_RECEIVED, labels, _HTTP, only=only)


def _connections(metric: str, protocol: str = "HTTP", **only: str) -> Rule:
    return Rule(metric, Kind.CONNECTIONS, constants={"protocol": protocol}, only=only)


def _messages(metric: str, protocol: str, method: str, **constants: str) -> Rule:
    return Rule(metric, Kind.REQUESTS, constants={"protocol": protocol, "method": method, **constants})


def _failures(metric: str, protocol: str) -> Rule:
    """Return the rule of a counter of errors that stand for no message; their types come from the label, if any."""
    constants = {"protocol": protocol, "method": "error", "error_type": f"{protocol.lower()}_error"}
    return Rule(metric, Kind.REQUESTS, {"error_type": "error_type"}, constants)


def _vital(metric: str, kind: Kind, protocol: str = "") -> Rule:
    return Rule(metric, kind, constants={"protocol": protocol} if protocol else {})


# MockForge's registry: every family that is traffic. The families by workspace count requests again that those by path
# count, and nothing tells which ones: a preset of its own reads them instead.
_MOCKFORGE_TOTALS: Final = (
    Rule(
        "mockforge_requests_total",
        Kind.REQUESTS,
        labels={"protocol": "protocol", "method": "method", "status": "status"},
    ),
    Rule("mockforge_request_duration_seconds", Kind.DURATION, labels={"protocol": "protocol", "method": "method"}),
    Rule("mockforge_requests_in_flight", Kind.CONNECTIONS, labels={"protocol": "protocol"}),
    _connections("mockforge_ws_connections_active", "WebSocket"),
    _connections("mockforge_smtp_connections_active", "SMTP"),
    _connections("mockforge_mqtt_connections_active", "MQTT"),
    _connections("mockforge_kafka_connections_active", "Kafka"),
    _connections("mockforge_amqp_connections_active", "AMQP"),
    _messages("mockforge_ws_messages_sent_total", "WebSocket", "send"),
    _messages("mockforge_ws_messages_received_total", "WebSocket", "receive"),
    _messages("mockforge_ws_errors_total", "WebSocket", "error", error_type="websocket_error"),
    _messages("mockforge_smtp_messages_received_total", "SMTP", "receive"),
    _failures("mockforge_smtp_errors_total", "SMTP"),
    _messages("mockforge_mqtt_messages_published_total", "MQTT", "publish"),
    _messages("mockforge_mqtt_messages_received_total", "MQTT", "receive"),
    _failures("mockforge_mqtt_errors_total", "MQTT"),
    _messages("mockforge_kafka_messages_produced_total", "Kafka", "produce"),
    _messages("mockforge_kafka_messages_consumed_total", "Kafka", "consume"),
    _failures("mockforge_kafka_errors_total", "Kafka"),
    _messages("mockforge_amqp_messages_published_total", "AMQP", "publish"),
    _messages("mockforge_amqp_messages_consumed_total", "AMQP", "consume"),
    _failures("mockforge_amqp_errors_total", "AMQP"),
    _vital("mockforge_memory_usage_bytes", Kind.MEMORY),
    _vital("mockforge_cpu_usage_percent", Kind.CPU),
    _vital("mockforge_thread_count", Kind.THREADS),
    _vital("mockforge_uptime_seconds", Kind.UPTIME),
    _vital("mockforge_ws_connections_total", Kind.SESSIONS, "WebSocket"),
    _vital("mockforge_ws_connection_duration_seconds_count", Kind.SESSIONS_ENDED, "WebSocket"),
    _vital("mockforge_ws_connection_duration_seconds_sum", Kind.SESSION_SECONDS, "WebSocket"),
    _vital("mockforge_smtp_connections_total", Kind.SESSIONS, "SMTP"),
)


def _detail(metric: str, kind: Kind, whole: str, labels: Mapping[str, str]) -> Rule:
    return Rule(metric, kind, labels, _HTTP, detail_of=whole)


_MOCKFORGE: Final = Preset(
    "mockforge",
    "MockForge",
    ("mockforge_requests_total", "mockforge_requests_by_path_total", "mockforge_uptime_seconds"),
    (
        *_MOCKFORGE_TOTALS,
        _detail(
            "mockforge_requests_by_path_total",
            Kind.REQUESTS,
            "mockforge_requests_total",
            {"method": "method", "endpoint": "path", "status": "status"},
        ),
        _detail(
            "mockforge_request_duration_by_path_seconds",
            Kind.DURATION,
            "mockforge_request_duration_seconds",
            {"method": "method", "endpoint": "path"},
        ),
    ),
)
_MOCKFORGE_WORKSPACES: Final = Preset(
    "mockforge-workspaces",
    "MockForge, by workspace instead of by path",
    (),
    (
        *_MOCKFORGE_TOTALS,
        _detail(
            "mockforge_workspace_requests_total",
            Kind.REQUESTS,
            "mockforge_requests_total",
            {"method": "method", "workspace_id": "workspace_id", "status": "status"},
        ),
        _detail(
            "mockforge_workspace_request_duration_seconds",
            Kind.DURATION,
            "mockforge_request_duration_seconds",
            {"method": "method", "workspace_id": "workspace_id"},
        ),
    ),
)

# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-server , and the names before they were stable
_OTEL_LABELS: Final = {
    "method": "http_request_method|http_method",
    "endpoint": "http_route",
    "status": "http_response_status_code|http_status_code",
    "error_type": "error_type",
    "environment": "deployment_environment_name|deployment_environment",
}
_OPENTELEMETRY: Final = Preset(
    "opentelemetry-http",
    "OpenTelemetry HTTP server metrics",
    (
        "http_server_request_duration_seconds_bucket",
        "http_server_request_duration_seconds",
        "http_server_duration_milliseconds_bucket",
        "http_server_request_count_total",
    ),
    (
        _counted_latency("http_server_request_duration_seconds", _OTEL_LABELS),
        _counted_latency("http_server_duration_milliseconds", _OTEL_LABELS, _MILLISECONDS),
        _requests("http_server_request_count_total", _OTEL_LABELS),
        _connections("http_server_active_requests"),
        _sent("http_server_response_body_size_bytes_sum", _OTEL_LABELS),
        _received("http_server_request_body_size_bytes_sum", _OTEL_LABELS),
    ),
)

# https://github.com/trallnag/prometheus-fastapi-instrumentator#features ; many other libraries use the same two names
_FASTAPI_LABELS: Final = {
    "method": "method",
    "endpoint": "handler|route|path|endpoint|uri",
    "status": "status|code|status_code",
}
_FASTAPI: Final = Preset(
    "fastapi-instrumentator",
    "prometheus-fastapi-instrumentator, and others that count http_requests_total",
    ("http_requests_total", "http_request_duration_seconds_bucket", "http_request_duration_seconds"),
    (
        _requests("http_requests_total", _FASTAPI_LABELS),
        _latency("http_request_duration_seconds", _FASTAPI_LABELS),
        _sent("http_response_size_bytes_sum", _FASTAPI_LABELS),
        _received("http_request_size_bytes_sum", _FASTAPI_LABELS),
    ),
)

# https://docs.spring.io/spring-boot/reference/actuator/metrics.html#actuator.metrics.supported.spring-mvc
_SPRING_LABELS: Final = {"method": "method", "endpoint": "uri", "status": "status"}
_SPRING: Final = Preset(
    "spring-boot",
    "Spring Boot (Micrometer)",
    ("http_server_requests_seconds_count",),
    (
        _requests("http_server_requests_seconds_count", _SPRING_LABELS),
        _latency("http_server_requests_seconds", _SPRING_LABELS),
        _connections("http_server_requests_active_seconds_active_count"),
    ),
)

# https://doc.traefik.io/traefik/observability/metrics/overview/
_TRAEFIK_LABELS: Final = {"method": "method", "status": "code", "endpoint": "service"}
_TRAEFIK: Final = Preset(
    "traefik",
    "Traefik",
    ("traefik_service_requests_total",),
    (
        _requests("traefik_service_requests_total", _TRAEFIK_LABELS),
        _latency("traefik_service_request_duration_seconds", _TRAEFIK_LABELS),
        _sent("traefik_service_responses_bytes_total", _TRAEFIK_LABELS),
        _received("traefik_service_requests_bytes_total", _TRAEFIK_LABELS),
        _connections("traefik_open_connections"),
    ),
)

# https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/#request-metrics
# A Prometheus server that scrapes the controller calls the namespace of the ingress `exported_namespace`.
_INGRESS_LABELS: Final = {
    "method": "method",
    "endpoint": "path|ingress",
    "status": "status",
    "environment": "exported_namespace|namespace",
}
_INGRESS: Final = Preset(
    "nginx-ingress",
    "ingress-nginx",
    ("nginx_ingress_controller_requests",),
    (
        _requests("nginx_ingress_controller_requests", _INGRESS_LABELS),
        _latency("nginx_ingress_controller_request_duration_seconds", _INGRESS_LABELS),
        _sent("nginx_ingress_controller_response_size_sum", _INGRESS_LABELS),
        _received("nginx_ingress_controller_request_size_sum", _INGRESS_LABELS),
        _connections("nginx_ingress_controller_nginx_process_connections", state="active"),
    ),
)

# https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
_ENVOY_LABELS: Final = {"status": "envoy_response_code", "endpoint": "envoy_cluster_name"}
_ENVOY: Final = Preset(
    "envoy",
    "Envoy",
    ("envoy_cluster_upstream_rq",),
    (
        _requests("envoy_cluster_upstream_rq", _ENVOY_LABELS),
        _latency("envoy_cluster_upstream_rq_time", _ENVOY_LABELS, _MILLISECONDS),
        _connections("envoy_cluster_upstream_cx_active"),
    ),
)

# https://istio.io/latest/docs/reference/config/metrics/ ; both ends of a request report it
_ISTIO_LABELS: Final = {
    "protocol": "request_protocol",
    "endpoint": "destination_service_name",
    "status": "response_code",
    "environment": "destination_workload_namespace",
}


def _istio(name: str, title: str, reporter: str, *signs: str) -> Preset:
    return Preset(
        name,
        title,
        signs,
        (
            _requests("istio_requests_total", _ISTIO_LABELS, reporter=reporter),
            _latency("istio_request_duration_milliseconds", _ISTIO_LABELS, _MILLISECONDS, reporter=reporter),
            _sent("istio_response_bytes_sum", _ISTIO_LABELS, reporter=reporter),
            _received("istio_request_bytes_sum", _ISTIO_LABELS, reporter=reporter),
        ),
    )


_ISTIO: Final = _istio("istio", "Istio, as reported by those who serve", "destination", "istio_requests_total")
_ISTIO_SOURCE: Final = _istio("istio-source", "Istio, as reported by those who call", "source")

# https://caddyserver.com/docs/metrics ; a request passes several handlers, and only the one that answers stands for it
_CADDY_LABELS: Final = {"method": "method", "status": "code", "endpoint": "host|server"}
_CADDY: Final = Preset(
    "caddy",
    "Caddy (reverse proxy)",
    ("caddy_http_request_duration_seconds_bucket",),
    (
        _counted_latency("caddy_http_request_duration_seconds", _CADDY_LABELS, handler="reverse_proxy"),
        _sent("caddy_http_response_size_bytes_sum", _CADDY_LABELS, handler="reverse_proxy"),
        _received("caddy_http_request_size_bytes_sum", _CADDY_LABELS, handler="reverse_proxy"),
        _connections("caddy_http_requests_in_flight", handler="reverse_proxy"),
    ),
)

# https://developer.konghq.com/plugins/prometheus/ : the names of versions 3 and 2
_KONG_LABELS: Final = {"endpoint": "route|service", "status": "code", "workspace_id": "workspace"}
_KONG: Final = Preset(
    "kong",
    "Kong",
    ("kong_http_requests_total", "kong_http_status"),
    (
        _requests("kong_http_requests_total", _KONG_LABELS),
        _latency("kong_request_latency_ms", _KONG_LABELS, _MILLISECONDS),
        _sent("kong_bandwidth_bytes", _KONG_LABELS, direction="egress"),
        _received("kong_bandwidth_bytes", _KONG_LABELS, direction="ingress"),
        _connections("kong_nginx_connections_total", subsystem="http", state="active"),
        _requests("kong_http_status", _KONG_LABELS),
        _latency("kong_latency", _KONG_LABELS, _MILLISECONDS, type="request"),
        _sent("kong_bandwidth", _KONG_LABELS, type="egress"),
        _received("kong_bandwidth", _KONG_LABELS, type="ingress"),
        _connections("kong_nginx_http_current_connections", state="active"),
    ),
)

# https://prometheus.io/docs/prometheus/latest/getting_started/ : a server watching itself
_PROMETHEUS_LABELS: Final = {"endpoint": "handler", "status": "code"}
_PROMETHEUS: Final = Preset(
    "prometheus",
    "Prometheus itself",
    ("prometheus_http_requests_total",),
    (
        _requests("prometheus_http_requests_total", _PROMETHEUS_LABELS),
        _latency("prometheus_http_request_duration_seconds", _PROMETHEUS_LABELS),
        _sent("prometheus_http_response_size_bytes_sum", _PROMETHEUS_LABELS),
    ),
)

PRESETS: Final = {
    preset.name: preset
    for preset in (
        _MOCKFORGE,
        _MOCKFORGE_WORKSPACES,
        _OPENTELEMETRY,
        _FASTAPI,
        _SPRING,
        _TRAEFIK,
        _INGRESS,
        _ENVOY,
        _ISTIO,
        _ISTIO_SOURCE,
        _CADDY,
        _KONG,
        _PROMETHEUS,
    )
}
