"""A process of the demonstration: `python -m mockforge_analytics.demo.child server SETTINGS`, or `shop PORT URL`.

Its standard input is a pipe from the process that started it. When that one is gone, however it ended, the pipe ends,
and this process ends in good order.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final

from mockforge_analytics.errors import AnalyticsError

__all__ = ["main"]

_SECONDS_TO_END: Final = 15.0


def main() -> int:
    """Run the part that the first argument names with the rest of them."""
    part, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    try:
        (_shop if part == "shop" else _server)(*arguments)
    except AnalyticsError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _shop(port: str, report_to: str) -> None:
    from mockforge_analytics.demo.shop.serve import serve_shop

    serve_shop(int(port), report_to)


def _server(settings: str) -> None:
    from mockforge_analytics.config import AnalyticsConfig
    from mockforge_analytics.runtime.logs import LogFormat, log_to
    from mockforge_analytics.runtime.server import run_server

    log_to(LogFormat.TEXT, "warning")
    run_server(AnalyticsConfig.model_validate_json(settings), ready=lambda listening: _ready(listening.url))


def _ready(url: str) -> None:
    sys.stdout.write(f"ready at {url}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
