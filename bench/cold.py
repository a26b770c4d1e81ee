"""Times answers from a database that was just opened: ``python -m bench.cold DATABASE QUESTION…``.

A question is its number in `HEADLINES` followed by `OTHERS`. Prints one line of JSON, the seconds of each: opening and
answering together, without the start of Python and the import of modules. The database is opened anew for each, with
its caches empty; the caches of the operating system are as they are.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from bench.databases import SetClock, opened
from bench.questions import HEADLINES, OTHERS


def main() -> None:
    """Run everything."""
    path, *numbers = sys.argv[1:]
    seconds = []
    for number in map(int, numbers):
        begin = time.perf_counter()
        with opened(Path(path), SetClock(), writable=False) as database:
            (*HEADLINES, *OTHERS)[number].ask(database)
            seconds.append(time.perf_counter() - begin)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
