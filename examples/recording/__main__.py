"""Record the log: `python -m examples.recording --help`."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import zstandard

from examples.recording.load import play
from examples.recording.rhythm import DAYS
from examples.recording.servers import RecordingError, serve
from examples.recording.stretch import stretch
from examples.recording.week import faults, plan_week
from mockforge_analytics.clock import SystemClock

_ZSTD_LEVEL = 19
_MICROSECONDS = 1_000_000


async def _record(directory: Path, seed: int, seconds_per_day: float, share: float) -> tuple[Path, float, float]:
    """Return (raw log, its origin in Unix seconds, the worst delay of an arrival in seconds)."""
    sessions = plan_week(seed, share)
    async with serve(directory, seed=seed, faults=faults(seconds_per_day)) as servers:
        origin = SystemClock().now_us() / _MICROSECONDS
        late = await play(sessions, servers.port, seconds_per_day=seconds_per_day)
    return servers.raw_log, origin, late


def _write(raw: Path, output: Path, *, origin: float, seconds_per_day: float) -> int:
    """Write the stretched log, compressed; return its number of lines."""
    lines = 0
    with raw.open("rb") as source, zstandard.open(output, "wb", cctx=zstandard.ZstdCompressor(_ZSTD_LEVEL)) as target:
        for line in stretch(source, origin=origin, seconds_per_day=seconds_per_day):
            target.write(line)
            lines += 1
    return lines


def main() -> int:
    """Record, stretch and compress; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m examples.recording", description="Record the example access log.")
    parser.add_argument("output", type=Path, help="where the log goes, for example example-access.log.zst")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--seconds-per-day", type=float, default=80.0, help="real seconds a day of the log takes")
    parser.add_argument("--share", type=float, default=1.0, help="how much of the load to play (1: 300,000 requests)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="recording-") as name:
        try:
            recorded = _record(Path(name), options.seed, options.seconds_per_day, options.share)
            raw, origin, late = asyncio.run(recorded)
        except RecordingError as error:
            sys.stderr.write(f"error: {error}\n")
            return 1
        lines = _write(raw, options.output, origin=origin, seconds_per_day=options.seconds_per_day)
    sys.stdout.write(
        f"{options.output}: {lines} lines, {options.output.stat().st_size} bytes, {DAYS} days;"
        f" arrivals at most {late * 1_000:.0f} ms behind the plan\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
