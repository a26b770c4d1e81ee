"""The built-in mappings, one a kind of server, with the place where each documents its metrics."""

from __future__ import annotations

from typing import Final

from mockforge_analytics.sources.prometheus.mapping import Kind, Preset, Rule

__all__ = ["PRESETS"]

_MILLISECONDS: Final = 1e-3
_HTTP: Final = {"protocol": "HTTP"}


def _connections(metric: str, protocol: str) -> Rule:
    return Rule(metric, Kind.CONNECTIONS, constants={"protocol": protocol})


def _counted(metric: str, protocol: str, method: str, **constants: str) -> Rule:
    return Rule(metric, Kind.REQUESTS, constants={"protocol": protocol, "method": method, **constants})


# contract section 8: all families that are traffic, with the prefix of the registry
_MOCKFORGE: Final = Preset(
    "mockforge",
    "MockForge",
    ("mockforge_requests_total", "mockforge_requests_by_path_total"),
    (
        Rule(
            "mockforge_requests_total",
            Kind.REQUESTS,
            labels={"protocol": "protocol", "method": "method", "status": "status"},
        ),
        Rule(
            "mockforge_requests_by_path_total",
            Kind.REQUESTS,
            labels={"method": "method", "endpoint": "path", "status": "status"},
            constants=_HTTP,
            detail_of="mockforge_requests_total",
        ),
        Rule(
            "mockforge_request_duration_seconds",
            Kind.DURATION,
            labels={"protocol": "protocol", "method": "method"},
        ),
        Rule(
            "mockforge_request_duration_by_path_seconds",
            Kind.DURATION,
            labels={"method": "method", "endpoint": "path"},
            constants=_HTTP,
            detail_of="mockforge_request_duration_seconds",
        ),
        Rule("mockforge_requests_in_flight", Kind.CONNECTIONS, labels={"protocol": "protocol"}),
        _connections("mockforge_ws_connections_active", "WebSocket"),
        _connections("mockforge_smtp_connections_active", "SMTP"),
        _connections("mockforge_mqtt_connections_active", "MQTT"),
        _connections("mockforge_kafka_connections_active", "Kafka"),
        _connections("mockforge_amqp_connections_active", "AMQP"),
        _counted("mockforge_ws_messages_sent_total", "WebSocket", "send"),
        _counted("mockforge_ws_messages_received_total", "WebSocket", "receive"),
        _counted("mockforge_ws_errors_total", "WebSocket", "", error_type="websocket_error"),
        _counted("mockforge_smtp_messages_received_total", "SMTP", "receive"),
        _counted("mockforge_mqtt_messages_published_total", "MQTT", "publish"),
        _counted("mockforge_mqtt_messages_received_total", "MQTT", "receive"),
        _counted("mockforge_kafka_messages_produced_total", "Kafka", "produce"),
        _counted("mockforge_kafka_messages_consumed_total", "Kafka", "consume"),
        _counted("mockforge_amqp_messages_published_total", "AMQP", "publish"),
        _counted("mockforge_amqp_messages_consumed_total", "AMQP", "consume"),
        Rule("mockforge_memory_usage_bytes", Kind.SYSTEM),
        Rule("mockforge_cpu_usage_percent", Kind.SYSTEM),
        Rule("mockforge_thread_count", Kind.SYSTEM),
        Rule("mockforge_uptime_seconds", Kind.SYSTEM),
    ),
)

# https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#http-server
_OPENTELEMETRY: Final = Preset(
    "opentelemetry-http",
    "OpenTelemetry HTTP server metrics",
    ("http_server_request_duration_seconds_bucket", "http_server_request_duration_seconds"),
    (
        Rule(
            "http_server_request_duration_seconds",
            Kind.DURATION,
            labels={
                "method": "http_request_method",
                "endpoint": "http_route",
                "status": "http_response_status_code",
                "error_type": "error_type",
                "environment": "deployment_environment_name",
            },
            constants=_HTTP,
            counts_requests=True,
        ),
        Rule("http_server_active_requests", Kind.CONNECTIONS, constants=_HTTP),
        Rule(
            "http_server_response_body_size_bytes_sum",
            Kind.BYTES_SENT,
            labels={"endpoint": "http_route"},
            constants=_HTTP,
        ),
        Rule(
            "http_server_request_body_size_bytes_sum",
            Kind.BYTES_RECEIVED,
            labels={"endpoint": "http_route"},
            constants=_HTTP,
        ),
    ),
)

# https://github.com/trallnag/prometheus-fastapi-instrumentator#features
_FASTAPI: Final = Preset(
    "fastapi-instrumentator",
    "prometheus-fastapi-instrumentator",
    ("http_request_duration_seconds_bucket", "http_requests_total"),
    (
        Rule(
            "http_requests_total",
            Kind.REQUESTS,
            labels={"method": "method", "endpoint": "handler", "status": "status"},
            constants=_HTTP,
        ),
        Rule(
            "http_request_duration_seconds",
            Kind.DURATION,
            labels={"method": "method", "endpoint": "handler"},
            constants=_HTTP,
        ),
        Rule("http_response_size_bytes_sum", Kind.BYTES_SENT, labels={"endpoint": "handler"}, constants=_HTTP),
        Rule("http_request_size_bytes_sum", Kind.BYTES_RECEIVED, labels={"endpoint": "handler"}, constants=_HTTP),
    ),
)

# https://docs.spring.io/spring-boot/reference/actuator/metrics.html#actuator.metrics.supported.spring-mvc
_SPRING: Final = Preset(
    "spring-boot",
    "Spring Boot (Micrometer)",
    ("http_server_requests_seconds_count", "http_server_requests_seconds_bucket"),
    (
        Rule(
            "http_server_requests_seconds_count",
            Kind.REQUESTS,
            labels={"method": "method", "endpoint": "uri", "status": "status"},
            constants=_HTTP,
        ),
        Rule(
            "http_server_requests_seconds",
            Kind.DURATION,
            labels={"method": "method", "endpoint": "uri", "status": "status"},
            constants=_HTTP,
        ),
        Rule("http_server_requests_active_seconds_active_count", Kind.CONNECTIONS, constants=_HTTP),
    ),
)

# https://doc.traefik.io/traefik/observability/metrics/overview/
_TRAEFIK: Final = Preset(
    "traefik",
    "Traefik",
    ("traefik_service_requests_total", "traefik_entrypoint_requests_total"),
    (
        Rule(
            "traefik_service_requests_total",
            Kind.REQUESTS,
            labels={"method": "method", "status": "code", "endpoint": "service"},
            constants=_HTTP,
        ),
        Rule(
            "traefik_service_request_duration_seconds",
            Kind.DURATION,
            labels={"method": "method", "status": "code", "endpoint": "service"},
            constants=_HTTP,
        ),
        Rule("traefik_service_responses_bytes_total", Kind.BYTES_SENT, labels={"endpoint": "service"}, constants=_HTTP),
        Rule(
            "traefik_service_requests_bytes_total", Kind.BYTES_RECEIVED, labels={"endpoint": "service"}, constants=_HTTP
        ),
        Rule("traefik_open_connections", Kind.CONNECTIONS, constants=_HTTP),
    ),
)

# https://kubernetes.github.io/ingress-nginx/user-guide/monitoring/#request-metrics
_INGRESS: Final = Preset(
    "nginx-ingress",
    "ingress-nginx",
    ("nginx_ingress_controller_requests",),
    (
        Rule(
            "nginx_ingress_controller_requests",
            Kind.REQUESTS,
            labels={"method": "method", "endpoint": "path", "status": "status", "environment": "exported_namespace"},
            constants=_HTTP,
        ),
        Rule(
            "nginx_ingress_controller_request_duration_seconds",
            Kind.DURATION,
            labels={"method": "method", "endpoint": "path", "status": "status", "environment": "exported_namespace"},
            constants=_HTTP,
        ),
        Rule(
            "nginx_ingress_controller_response_size_sum", Kind.BYTES_SENT, labels={"endpoint": "path"}, constants=_HTTP
        ),
        Rule(
            "nginx_ingress_controller_request_size_sum",
            Kind.BYTES_RECEIVED,
            labels={"endpoint": "path"},
            constants=_HTTP,
        ),
        Rule(
            "nginx_ingress_controller_nginx_process_connections",
            Kind.CONNECTIONS,
            constants=_HTTP,
            only={"state": "active"},
        ),
    ),
)

# https://www.envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
_ENVOY: Final = Preset(
    "envoy",
    "Envoy",
    ("envoy_cluster_upstream_rq_total", "envoy_cluster_upstream_rq"),
    (
        Rule(
            "envoy_cluster_upstream_rq",
            Kind.REQUESTS,
            labels={"status": "envoy_response_code", "endpoint": "envoy_cluster_name"},
            constants=_HTTP,
        ),
        Rule(
            "envoy_cluster_upstream_rq_time",
            Kind.DURATION,
            labels={"endpoint": "envoy_cluster_name"},
            constants=_HTTP,
            unit=_MILLISECONDS,
        ),
        Rule("envoy_cluster_upstream_cx_active", Kind.CONNECTIONS, constants=_HTTP),
    ),
)

# https://istio.io/latest/docs/reference/config/metrics/
_ISTIO_LABELS: Final = {
    "protocol": "request_protocol",
    "endpoint": "destination_service_name",
    "status": "response_code",
    "environment": "destination_workload_namespace",
}
_ISTIO: Final = Preset(
    "istio",
    "Istio",
    ("istio_requests_total",),
    (
        Rule("istio_requests_total", Kind.REQUESTS, labels=_ISTIO_LABELS, only={"reporter": "destination"}),
        Rule(
            "istio_request_duration_milliseconds",
            Kind.DURATION,
            labels=_ISTIO_LABELS,
            unit=_MILLISECONDS,
            only={"reporter": "destination"},
        ),
        Rule("istio_response_bytes_sum", Kind.BYTES_SENT, labels=_ISTIO_LABELS, only={"reporter": "destination"}),
        Rule("istio_request_bytes_sum", Kind.BYTES_RECEIVED, labels=_ISTIO_LABELS, only={"reporter": "destination"}),
    ),
)

# https://caddyserver.com/docs/metrics
_CADDY: Final = Preset(
    "caddy",
    "Caddy",
    ("caddy_http_request_duration_seconds_bucket",),
    (
        Rule(
            "caddy_http_request_duration_seconds",
            Kind.DURATION,
            labels={"method": "method", "status": "code", "endpoint": "handler"},
            constants=_HTTP,
            counts_requests=True,
            # A request passes several handlers; only the one that answers stands for it.
            only={"handler": "reverse_proxy"},
        ),
        Rule("caddy_http_response_size_bytes_sum", Kind.BYTES_SENT, constants=_HTTP, only={"handler": "reverse_proxy"}),
        Rule(
            "caddy_http_request_size_bytes_sum", Kind.BYTES_RECEIVED, constants=_HTTP, only={"handler": "reverse_proxy"}
        ),
        Rule("caddy_http_requests_in_flight", Kind.CONNECTIONS, constants=_HTTP, only={"handler": "reverse_proxy"}),
    ),
)

# https://developer.konghq.com/plugins/prometheus/
_KONG: Final = Preset(
    "kong",
    "Kong",
    ("kong_http_requests_total", "kong_http_status"),
    (
        Rule(
            "kong_http_requests_total",
            Kind.REQUESTS,
            labels={"endpoint": "route", "status": "code", "workspace_id": "workspace"},
            constants=_HTTP,
        ),
        Rule("kong_http_status", Kind.REQUESTS, labels={"endpoint": "route", "status": "code"}, constants=_HTTP),
        Rule(
            "kong_request_latency_ms",
            Kind.DURATION,
            labels={"endpoint": "route", "workspace_id": "workspace"},
            constants=_HTTP,
            unit=_MILLISECONDS,
        ),
        Rule(
            "kong_bandwidth_bytes",
            Kind.BYTES_SENT,
            labels={"endpoint": "route"},
            constants=_HTTP,
            only={"direction": "egress"},
        ),
        Rule(
            "kong_bandwidth_bytes",
            Kind.BYTES_RECEIVED,
            labels={"endpoint": "route"},
            constants=_HTTP,
            only={"direction": "ingress"},
        ),
    ),
)

# https://prometheus.io/docs/prometheus/latest/getting_started/ : a server watching itself
_PROMETHEUS: Final = Preset(
    "prometheus",
    "Prometheus itself",
    ("prometheus_http_requests_total",),
    (
        Rule(
            "prometheus_http_requests_total",
            Kind.REQUESTS,
            labels={"endpoint": "handler", "status": "code"},
            constants=_HTTP,
        ),
        Rule(
            "prometheus_http_request_duration_seconds", Kind.DURATION, labels={"endpoint": "handler"}, constants=_HTTP
        ),
        Rule(
            "prometheus_http_response_size_bytes_sum", Kind.BYTES_SENT, labels={"endpoint": "handler"}, constants=_HTTP
        ),
    ),
)

PRESETS: Final = {
    preset.name: preset
    for preset in (
        _MOCKFORGE,
        _OPENTELEMETRY,
        _FASTAPI,
        _SPRING,
        _TRAEFIK,
        _INGRESS,
        _ENVOY,
        _ISTIO,
        _CADDY,
        _KONG,
        _PROMETHEUS,
    )
}
