"""Speed and memory of reading and decoding access logs.

Run with ``python -m bench.accesslog_decode [lines]``: one million by default, without a repeated line; clean and dirty
text, JSON, and a log in which every line takes the slow way. Wall time is measured with a thread that reads ahead and
one or two that decode; processor time tells more on a busy machine.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from bench.logs import write_log
from mockforge_analytics.sources.accesslog.decode import decode
from mockforge_analytics.sources.accesslog.detect import detect
from mockforge_analytics.sources.accesslog.prefetch import prefetch
from mockforge_analytics.sources.accesslog.reader import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from mockforge_analytics.sources.accesslog.decode import Decoded

LINES = 1_000_000
START = 1_750_000_000.0
KIB_PER_MIB = 1024


def decode_file(path: Path, threads: int) -> tuple[int, int, int]:
    """Return the numbers of lines, requests and rejected lines of `path`."""
    lines = requests = rejected = 0
    with LogFile(path) as log, ThreadPoolExecutor(threads) as pool:
        log_format = detect(log.sample).log_format
        waiting: deque[Callable[[], Decoded]] = deque()
        chunks = prefetch(log.chunks())
        for chunk in chunks:
            waiting.append(pool.submit(decode, chunk.data, log_format).result)
            if len(waiting) > threads:
                lines, requests, rejected = add(waiting.popleft()(), lines, requests, rejected)
        while waiting:
            lines, requests, rejected = add(waiting.popleft()(), lines, requests, rejected)
    return lines, requests, rejected


def add(decoded: Decoded, lines: int, requests: int, rejected: int) -> tuple[int, int, int]:
    return lines + decoded.lines, requests + decoded.frame.height, rejected + decoded.rejected.total


def measure(name: str, path: Path, threads: int) -> None:
    """Decode `path` in a process of its own and print lines a second, processor time a line, and peak memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        lines, requests, rejected, wall, processor, peak = process.submit(measured, path, threads).result()
    print(
        f"{name:<24} {threads} threads {lines / wall:>12,.0f} lines/s {processor * 1e6 / lines:>6.2f} us cpu/line "
        f"{requests:>10,} requests {rejected:>7,} rejected {peak // KIB_PER_MIB:>6,} MiB peak"
    )


def measured(path: Path, threads: int) -> tuple[int, int, int, float, float, int]:
    """Return lines, requests, rejected lines, wall and processor seconds, and the peak of memory in KiB."""
    wall, processor = time.perf_counter(), time.process_time()
    lines, requests, rejected = decode_file(path, threads)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return lines, requests, rejected, wall, processor, peak_kib()


def peak_kib() -> int:
    """Return the most memory this process ever held; unlike ru_maxrss it does not start from the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


def as_json(text: Path, path: Path) -> None:
    """Write the lines of the combined log `text` to `path` as nginx JSON lines."""
    with text.open() as lines, path.open("w") as file:
        for line in lines:
            start, request, numbers, _, _, agent, took = line.split('"')
            client, when = start.split(" - - [")
            status, size = numbers.split()
            fields = {
                "remote_addr": client,
                "time_local": when.rstrip("] "),
                "request": request,
                "status": int(status),
                "body_bytes_sent": int(size),
                "http_user_agent": agent,
                "request_time": float(took),
            }
            file.write(json.dumps(fields) + "\n")


def main(lines: int) -> None:
    """Write the logs and measure."""
    with tempfile.TemporaryDirectory() as folder:
        clean, dirty, plain = (Path(folder) / name for name in ("clean.log", "dirty.log", "plain.log"))
        write_log(clean, lines, start=START)
        write_log(plain, lines, start=START, latency=False)
        write_log(dirty, lines, start=START, dirty=True)
        slow, lines_of_json = Path(folder) / "slow.log", Path(folder) / "log.json"
        slow.write_bytes(
            b"".join(dirty.read_bytes().replace(b" - - [", b" - john doe [").splitlines(True)[: lines // 10])
        )
        as_json(clean, lines_of_json)
        for threads in (1, 2):
            measure("combined", plain, threads)
            measure("combined with time", clean, threads)
            measure("the same, dirty", dirty, threads)
            measure("nginx JSON", lines_of_json, threads)
            measure("every line the slow way", slow, threads)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
