"""Processes as /proc shows them."""

import os
import signal
from pathlib import Path

from support.wait import until


def alive(pid):
    """Whether the process runs; one that waits to be reaped does not."""
    return status(pid).get("State", "Z")[0] not in "ZX"


def status(pid):
    """/proc/PID/status as a dict, empty when there is no such process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def image(pid):
    """What the process runs: the path of its program, with " (deleted)" after an upgrade."""
    return os.readlink(f"/proc/{pid}/exe")


def open_fds(pid):
    """How many descriptors it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kb(pid):
    """What is resident. An image that has just been executed has next to nothing: then it is the next moment's."""
    def whole():
        resident = int(status(pid)["VmRSS"].split()[0])
        return resident > 1000 and resident

    return until(whole, what="a whole image")


def all_pids():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid):
    return [p for p in all_pids() if status(p).get("PPid") == str(pid) and alive(p)]


def marked(mark):
    """Living processes with the bytes `mark` in their environment: a test's own, orphans included."""
    found = []
    for pid in all_pids():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if mark in environment and alive(pid):
            found.append(pid)
    return found


def kill_all(pids, timeout=5.0):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    until(lambda: not any(map(alive, pids)), timeout, f"the end of {pids}")
