"""The process that reads large bodies of events: `python -m mockforge_analytics.runtime.event_worker DESCRIPTOR`.

It gets the `RollupSettings` first and answers True when it is ready; then for every `ReadRequest` an `EventsRead`, or
None where that failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mockforge_analytics.runtime.child import serve_parent

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.config import CapConfig, Templating

__all__ = ["RollupSettings", "answer"]


class RollupSettings(NamedTuple):
    """What makes the rollup stage of this process do what that of the database would do."""

    templating: Templating
    caps: CapConfig


def answer(receive: Callable[[], Any], send: Callable[[object], None]) -> None:
    """Answer requests for ever."""
    from mockforge_analytics.rollup.stage import Rollup
    from mockforge_analytics.runtime.event_reading import encoded_events

    settings: RollupSettings = receive()
    rollup = Rollup(settings.templating, settings.caps)
    send(True)
    while True:
        request = receive()
        try:
            read: object = encoded_events(request, rollup)
        except Exception:  # noqa: BLE001 - the server tries it itself, and has the error in its log
            read = None
        send(read)


if __name__ == "__main__":
    serve_parent(answer)
