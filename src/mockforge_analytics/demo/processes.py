"""The processes of the demonstration, which end with the one that started them, however that ends."""

from __future__ import annotations

import re
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mockforge_analytics.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["running"]

_READY: Final = re.compile(r"^ready at (http://\S+)")
_SECONDS_TO_END: Final = 30.0


@contextmanager
def running(part: str, *arguments: str) -> Iterator[str]:
    """Run `server` or `shop` with `arguments` for the block; give its address, without a slash at the end.

    Raises:
        SourceError: it did not start; what it said stands on standard error.
    """
    command = [sys.executable, "-m", "mockforge_analytics.demo.child", part, *arguments]
    # In a session of its own, so that Ctrl-C reaches the parent only, which ends everything in order.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        yield _address(process, part)
    finally:
        _end(process)


def _address(process: subprocess.Popen[str], part: str) -> str:
    for line in process.stdout or ():
        if found := _READY.match(line):
            return found[1].rstrip("/")
    message = f"the {part} of the demo did not start: what it says stands above"
    raise SourceError(message)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()  # not before: the end of its input would be a second signal to the process
