"""A process of the demonstration: `python -m mockforge_analytics.demo.child server|shop …`.

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

__all__ = ["main"]

_SECONDS_TO_END: Final = 15.0


def main() -> int:
    """Run the part that the first argument names with the rest of them."""
    part, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()
    if part == "shop":
        from mockforge_analytics.demo.shop.serve import serve_shop

        port, report_to = arguments
        serve_shop(int(port), report_to)
        return 0
    from mockforge_analytics.cli.main import run

    return run(["serve", *arguments])


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_SECONDS_TO_END)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
