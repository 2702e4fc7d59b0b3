#!/usr/bin/env python3
"""measured.py FIGURES.json COMMAND…: runs the command and writes what it cost:
seconds of wall time, seconds of CPU (user and system), and the peak of resident
memory in MiB, as wait4 reports them. Exits with the command's exit code."""

import json
import os
import sys
import time


def main():
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.execvp(sys.argv[2], sys.argv[2:])
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    with open(sys.argv[1], "w", encoding="utf-8") as f:
        json.dump({
            "wall": round(time.monotonic() - started, 2),
            "cpu": round(usage.ru_utime + usage.ru_stime, 2),
            "memory": round(usage.ru_maxrss / 1024, 1),  # Linux counts in KiB
            "exit": code,
        }, f)
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
