"""Run one command and say what it cost, from a process that is small whoever asks.

    python -S launch.py COMMAND [ARGUMENT ...]

Linux counts the memory of the process that starts a command as the command's own until it is running, so a large
process would never see a small peak.
"""

import json
import os
import sys
import time


def main() -> None:
    """Print seconds on the clock, seconds of processor and peak memory in MiB; end as the command did."""
    started = time.perf_counter()
    process = os.fork()
    if not process:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(sys.argv[1], sys.argv[1:])
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - started
    print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024]))
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
