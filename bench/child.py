"""Runs a command and says what it used: ``python -I -S child.py OUTPUT_FILE COMMAND…``.

The peak that the kernel reports for a child begins with what its parent held, so the parent must be as small as this.
Prints one line of JSON: exit code, wall seconds, CPU seconds, peak bytes.
"""

import json
import os
import sys
import time

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
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps([os.waitstatus_to_exitcode(status), seconds, cpu, usage.ru_maxrss * 1_024]))
