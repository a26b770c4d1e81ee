"""The process that reads logs for an import: `python -m mockforge_analytics.runtime.log_worker DESCRIPTOR`.

The descriptor is a socket to the process that started it. A `LogRequest` comes in; a `LogHead`, the steps of the
reading and None go out, or an `AnalyticsError` in the place where it came up. None comes in where the reading is to
stop. When the other process is gone, however it ended, the socket ends, and so does this process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mockforge_analytics.runtime.child import serve_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.rollup.stage import Rollup
    from mockforge_analytics.runtime.log_reading import LogRequest

__all__ = ["LogWorker"]


class LogWorker:
    """Reads the logs it is asked for, one after the other."""

    def __init__(self) -> None:
        self._stop: Callable[[], None] = lambda: None

    def hear(self, message: object) -> bool:
        """Take the wish to stop, which goes to the reading in progress."""
        if message is None:
            self._stop()
        return message is None

    def answer(self, receive: Callable[[], Any], send: Callable[[object], None]) -> None:
        """Answer requests for ever."""
        # Late, so that the modules are loaded with the settings of `serve_parent`, while the parent opens the database.
        from mockforge_analytics.errors import AnalyticsError
        from mockforge_analytics.rollup.stage import Rollup
        from mockforge_analytics.runtime.log_reading import open_reading

        rollup: Rollup | None = None  # one for all logs: adaptive templates learn from each
        while True:
            request: LogRequest = receive()
            rollup = rollup or Rollup(request.templating, request.caps)
            try:
                with open_reading(request, rollup) as reading:
                    self._stop = reading.stop
                    send(reading.head)
                    for step in reading.steps:
                        send(step)
                send(None)
            except AnalyticsError as error:
                send(error)


if __name__ == "__main__":
    worker = LogWorker()
    serve_parent(worker.answer, worker.hear)
