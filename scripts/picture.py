"""Make docs/report.svg, the picture of the README, from a real run on the bundled log."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import tempfile
import termios
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from mockforge_analytics.bundled import example_log
from mockforge_analytics.runtime.database import AnalyticsDatabase
from mockforge_analytics.runtime.imports import import_log

__all__ = ["PICTURE", "main"]

PICTURE: Final = Path(__file__).resolve().parent.parent / "docs" / "report.svg"
COLUMNS: Final = 118
ROWS: Final = 60


def _terminal_output(command: list[str]) -> str:
    """Return what `command` prints on a terminal."""
    child, handle = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"})
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    printed = b""
    while True:
        try:
            block = os.read(handle, 65_536)
        except OSError:  # how Linux says that the other end of a terminal is closed
            break
        if not block:
            break
        printed += block
    os.waitpid(child, 0)
    os.close(handle)
    return printed.decode().replace("\r\n", "\n")


def main() -> int:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder, example_log() as log:
        database = Path(folder) / "mockforge-analytics.db"
        with AnalyticsDatabase.open(database) as opened:
            import_log(opened, log)
        console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
        for report in ("overview", "traffic-patterns"):
            console.print(Text.from_ansi(f"$ mockforge-analytics report {report}"), style="bold")
            command = [sys.executable, "-m", "mockforge_analytics", "report", report, "--database", str(database)]
            console.print(Text.from_ansi(_terminal_output(command)))
        picture = console.export_svg(title="mockforge-analytics", unique_id="report")
        # Fonts from a server of somebody else would tell it who reads this page.
        PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
