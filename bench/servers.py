"""`mockforge-analytics serve` as a process of its own, and what it uses."""

from __future__ import annotations

import os
import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bench.measure import COMMAND, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "serving"]

_READY: Final = re.compile(r"ready at (http://\S+)")
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_KIB: Final = 1_024


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    port: int

    def cpu_seconds(self) -> float:
        """Return the CPU time it has taken, with the processes beside it that still run."""
        children = (task / "children" for task in self._file("task").iterdir())
        numbers = [str(self.process.pid), *(child for file in children for child in file.read_text().split())]
        return sum(_ticks(Path(f"/proc/{number}/stat")) for number in numbers) / _TICKS

    def resident_bytes(self) -> int:
        """Return the memory it holds now."""
        return self._memory("VmRSS")

    def forget_peak(self) -> None:
        """Let `peak_bytes` be about what follows."""
        self._file("clear_refs").write_text("5")

    def peak_bytes(self) -> int:
        """Return the most memory it held at a time."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        return int(self._file("status").read_text().partition(f"{name}:")[2].split(maxsplit=1)[0]) * _KIB

    def _file(self, name: str) -> Path:
        return Path(f"/proc/{self.process.pid}/{name}")


def _ticks(file: Path) -> int:
    fields = file.read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@contextmanager
def serving(database: Path) -> Iterator[Server]:
    """Serve `database` until the end of the block; the log lies beside it."""
    command = [*COMMAND, "serve", "--port", "0", "--database", str(database)]
    log_file = database.with_suffix(".log")
    with log_file.open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    with process.stdout as output:
        found = next((place for line in output if (place := _READY.search(line))), None)
        if found is None:
            message = f"the server did not start: {log_file.read_text()}"
            raise RuntimeError(message)
        try:
            yield Server(process, urlsplit(found[1]).port or 0)
        finally:
            process.terminate()
            process.wait()
