"""The shop as a process that reports what it answers."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING, Any, Final

import uvicorn

from mockforge_analytics.demo.shop.app import create_app
from mockforge_analytics.demo.shop.latency import Fault
from mockforge_analytics.sources.asgi.middleware import AnalyticsMiddleware
from mockforge_analytics.sources.asgi.settings import CaptureSettings, DeliverySettings

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ENVIRONMENT", "KEEP_ALIVE_SECONDS", "WORKSPACE", "serve_shop"]

WORKSPACE: Final = "shop"
ENVIRONMENT: Final = "demo"
KEEP_ALIVE_SECONDS: Final = 20  # that a connection without a request stays open
_FLUSH_SECONDS: Final = 10.0
_DRAIN_SECONDS: Final = 10
# Now and then the search is slow and the checkout fails, so that there is something to find.
_PERIOD_SECONDS: Final = 600.0
_PERIODS: Final = 1_000


def serve_shop(port: int, report_to: str) -> None:
    """Serve the shop on the loopback address until SIGTERM; print ``ready at URL`` when it answers."""
    app = AnalyticsMiddleware(
        create_app(faults=_planned()),
        url=report_to,
        capture=CaptureSettings(workspace_id=WORKSPACE, environment=ENVIRONMENT, graphql_paths=("/graphql",)),
        delivery=DeliverySettings(interval=0.5, flush_timeout=_FLUSH_SECONDS),
    )
    with socket.create_server(("127.0.0.1", port)) as listener:
        _Shop(app, listener).run([listener])


def _planned() -> Sequence[Fault]:
    return [
        fault
        for start in (period * _PERIOD_SECONDS for period in range(_PERIODS))
        for fault in (
            Fault("search", start + 120, start + 180, latency_factor=5.0),
            Fault("checkout", start + 300, start + 345, error_share=0.5, status=503),
        )
    ]


class _Shop(uvicorn.Server):
    """Says where it is when it is ready."""

    def __init__(self, app: AnalyticsMiddleware, listener: socket.socket) -> None:
        settings: dict[str, Any] = {
            "log_level": "error",
            "access_log": False,
            "server_header": False,
            "timeout_keep_alive": KEEP_ALIVE_SECONDS,
            "timeout_graceful_shutdown": _DRAIN_SECONDS,
        }
        super().__init__(uvicorn.Config(app, lifespan="on", **settings))
        self._port = listener.getsockname()[1]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(f"ready at http://127.0.0.1:{self._port}\n")
        sys.stdout.flush()
