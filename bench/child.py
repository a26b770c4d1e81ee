"""Runs a command and says what it used: ``python -I -S child.py OUTPUT_FILE COMMAND…``.

The peak that the kernel reports for a child begins with what its parent held, so the parent must be as small as this.
It is that of the largest process; where the command has processes of its own, their memory together is looked at every
tenth of a second, pages that they share counted once. Prints one line of JSON: exit code, wall seconds, CPU seconds,
peak bytes.
"""

import json
import os
import sys
import threading
import time

LOOK_SECONDS = 0.1


def children(pid: int) -> list[int]:
    """Return the processes that `pid` has started; none where it is gone."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def resident(pid: int) -> int:
    """Return the bytes in memory of a process, shared pages by their share."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return sum(int(line.split()[1]) * 1_024 for line in file if line.startswith("Pss:"))
    except OSError:
        return 0


def watch(pid: int, ended: threading.Event, peaks: list[int]) -> None:
    """Append what the processes of `pid` hold together until it has `ended`, where it has any."""
    while not ended.wait(LOOK_SECONDS):
        started = children(pid)
        if started:
            peaks.append(sum(map(resident, [pid, *started])))


if __name__ == "__main__":
    output, *command = sys.argv[1:]
    begin = time.perf_counter()
    pid = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    ended, peaks = threading.Event(), [0]
    watcher = threading.Thread(target=watch, args=(pid, ended, peaks))
    watcher.start()
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    ended.set()
    watcher.join()
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps([os.waitstatus_to_exitcode(status), seconds, cpu, max(usage.ru_maxrss * 1_024, *peaks)]))
