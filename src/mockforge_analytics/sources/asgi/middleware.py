"""`AnalyticsMiddleware`: every request of an ASGI application becomes traffic history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mockforge_analytics.errors import ConfigError
from mockforge_analytics.sources.asgi.exchange import Exchange
from mockforge_analytics.sources.asgi.exclusion import PathSet
from mockforge_analytics.sources.asgi.lifespan import Lifespan
from mockforge_analytics.sources.asgi.observer import Observer
from mockforge_analytics.sources.asgi.reporter import Recorder, Reporter
from mockforge_analytics.sources.asgi.session import Session
from mockforge_analytics.sources.asgi.settings import CaptureSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mockforge_analytics.sources.asgi.database_sink import RequestWriter
    from mockforge_analytics.sources.asgi.protocol import Application, Receive, Scope, Send
    from mockforge_analytics.sources.asgi.settings import DeliverySettings

__all__ = ["AnalyticsMiddleware"]


class AnalyticsMiddleware:
    """Reports the requests of `app` to the server at `url`, or into `database` in this process.

    It changes no response and no exception, does not wait for anything, and loses requests rather than hold up the
    application; `reporter.stats` counts what became of them. `reporter` may be given instead of the other arguments, to
    share one between applications or to read its counts where a framework builds the middleware.

    Attributes:
        app: the application.
        reporter: what the middleware reports to.

    Raises:
        ConfigError: there is nothing to report to, or too much, or a setting is wrong.
    """

    def __init__(
        self,
        app: Application,
        *,
        url: str | None = None,
        database: RequestWriter | None = None,
        token: str | None = None,
        workspace_id: str | Callable[[Scope], str | None] | None = None,
        environment: str | Callable[[Scope], str | None] | None = None,
        exclude: Iterable[str] | None = None,
        capture: CaptureSettings | None = None,
        delivery: DeliverySettings | None = None,
        reporter: Recorder | None = None,
    ) -> None:
        given: dict[str, Any] = {
            "workspace_id": workspace_id,
            "environment": environment,
            "exclude": exclude if exclude is None or isinstance(exclude, str) else tuple(exclude),
        }
        given = {name: value for name, value in given.items() if value is not None}
        if reporter is None:
            capture = replace(CaptureSettings() if capture is None else capture, **given)
            reporter = Reporter(url=url, database=database, token=token, capture=capture, delivery=delivery)
        elif given or any(other is not None for other in (url, database, token, capture, delivery)):
            message = "a reporter has its settings already: give either a reporter or the other arguments"
            raise ConfigError(message)
        self.app = app
        self.reporter: Recorder = reporter
        self._excluded = PathSet(reporter.capture.exclude)
        self._observer = Observer(reporter)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] == "lifespan":
            await Lifespan(self.reporter, receive, send).run(self.app, scope)
            return
        watched = self._watched(scope, receive, send)
        if watched is None:
            await self.app(scope, receive, send)
            return
        try:
            await self.app(scope, watched.receive, watched.send)
        except BaseException as error:
            watched.end(error)
            raise
        watched.end(None)

    def _watched(self, scope: Scope, receive: Receive, send: Send) -> Exchange | Session | None:
        """Return what stands between the server and the application, None where nothing is to be seen."""
        kind = scope["type"]
        if kind not in ("http", "websocket") or self._is_excluded(scope):
            return None
        arrival = self._observer.arrival(scope, "HTTP" if kind == "http" else "WebSocket")
        if arrival is None:
            return None
        return (Exchange if kind == "http" else Session)(self._observer, arrival, receive, send)

    def _is_excluded(self, scope: Scope) -> bool:
        try:
            return self._excluded.holds(scope)
        except Exception:  # noqa: BLE001 a strange scope is the application's to judge
            self._observer.fault()
            return True
