"""The command `mockforge-analytics`; `python -m mockforge_analytics` is the same."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code."""
    # NumPy's linear algebra is not used, and its threads spin for 0.1 s of processor time when it is loaded.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    try:
        from mockforge_analytics.cli.main import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # while modules were still loading
        code = _INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
