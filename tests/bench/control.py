"""What the control plane costs: a command as a whole process, a hand-over, a question on an open connection.

`blackbullctl status` and /bin/true alternate, since a machine's mood changes. A hand-over, from the decision to the
first turn of the new image's loop, has 64 listening sockets, 64 admin connections and 256 watched directories to carry,
and the rings of events and lines fill up on the way.

    ./dev bench control [--runs N] [--reloads N]
"""

import argparse
import contextlib
import os
import statistics
import subprocess
import time

from bench import peers
from support import build
from support.crowd import Listener
from support.daemon import Box
from support.sp import Admin
from support.wait import until

LISTENERS = CONNECTIONS = 64
DIRECTORIES = 256
STATUS_MORE_MS = 3
HANDOVER_P99_MS = 8


@contextlib.contextmanager
def box_with_site():
    box = Box()
    try:
        box.write("index.html", "<p>site</p>")
        yield box
    finally:
        box.close()


def timed(command, box):
    began = time.perf_counter()
    subprocess.run(command, cwd=box.project, env=box.env, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def measure_processes(runs):
    """Milliseconds of each run, by the command's name."""
    commands = {"/bin/true": ["/bin/true"], "blackbullctl status": [build.CTL, "status"],
                "blackbullctl --json status": [build.CTL, "--json", "status"]}
    times = {name: [] for name in commands}
    with box_with_site() as box:
        box.daemon(box.project).wait_serving()
        for _ in range(runs):
            for name, command in commands.items():
                times[name].append(timed(command, box))
    return times


def report_processes(times):
    middle = {name: statistics.median(values) for name, values in times.items()}
    base = middle["/bin/true"]
    rows = [("a whole process, ms", "least", "p50", "p99", "ratio", "more")]
    for name, values in times.items():
        rows.append((name, f"{min(values):.2f}", f"{middle[name]:.2f}", f"{peers.percentile(values, 99):.2f}",
                     f"{middle[name] / base:.2f}x", f"{middle[name] - base:.2f}"))
    peers.table(rows)
    verdict(f"status at most {STATUS_MORE_MS} ms more than /bin/true",
            middle["blackbullctl status"] - base, STATUS_MORE_MS)


def start_full(box):
    """A daemon with 64 listeners that watches 256 directories."""
    for number in range(DIRECTORIES - 1):
        (box.project / f"d{number}").mkdir()
    binds = [word for n in range(2, LISTENERS + 1) for word in ("--bind", f"127.0.0.{n}:0")]
    log = box.folder / "log"
    box.daemon(*binds, "--reload", "--handover", "overlap", box.project, output=log)
    until(lambda: " serving after " in log.read_text(), 15, "blackbulld")
    return box.admin_socket()


def measure_reloads(reloads):
    """Milliseconds of each hand-over and of each question, by name, with 64 of everything."""
    times = {"hand-over": [], "request to serving": [], "hello": [], "status": []}
    with box_with_site() as box, contextlib.ExitStack() as stack:
        path = start_full(box)
        for _ in range(CONNECTIONS // 2):
            stack.enter_context(Listener(path.with_name("events.sock")))
        admin, *_ = [stack.enter_context(Admin(path)) for _ in range(CONNECTIONS // 2)]
        status = admin.call("status")
        assert len(status["binds"]) == LISTENERS and status["watch"]["directories"] >= DIRECTORIES
        for _ in range(reloads):
            stages = admin.call("reload")["generation"]["stages_ms"]
            times["hand-over"].append(stages["handover"])
            times["request to serving"].append(stages["total"])
            for op in ("hello", "status"):
                began = time.perf_counter()
                admin.call(op)
                times[op].append((time.perf_counter() - began) * 1000)
    return times


def report_reloads(times):
    rows = [(f"{LISTENERS} listeners and connections, {DIRECTORIES} watches, ms", "least", "p50", "p99", "longest")]
    for name, values in times.items():
        figures = min(values), statistics.median(values), peers.percentile(values, 99), max(values)
        rows.append((name, *(f"{f:.2f}" for f in figures)))
    peers.table(rows)
    verdict(f"hand-over p99 at most {HANDOVER_P99_MS} ms", peers.percentile(times["hand-over"], 99), HANDOVER_P99_MS)


def verdict(budget, measured, limit):
    print(f"budget: {budget}: {measured:.2f} ms, {'kept' if measured <= limit else 'exceeded'}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=400, help="of each command")
    parser.add_argument("--reloads", type=int, default=500)
    options = parser.parse_args()

    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors; {options.runs} runs, {options.reloads} reloads\n")
    report_processes(measure_processes(options.runs))
    report_reloads(measure_reloads(options.reloads))


if __name__ == "__main__":
    main()
