"""What `blackbullctl status` costs as a whole process, beside /bin/true.

The two alternate, since a machine's mood changes; the budget is twice /bin/true and 3 ms.

    ./dev bench control [--runs N]
"""

import argparse
import statistics
import subprocess
import time

from bench import peers
from support import build
from support.daemon import Box


def timed(command, box):
    began = time.perf_counter()
    subprocess.run(command, cwd=box.project, env=box.env, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - began) * 1000


def measure(runs):
    """Milliseconds of each run, by the command's name."""
    commands = {"/bin/true": ["/bin/true"], "blackbullctl status": [build.CTL, "status"],
                "blackbullctl --json status": [build.CTL, "--json", "status"]}
    times = {name: [] for name in commands}
    box = Box()
    try:
        box.write("index.html", "<p>site</p>")
        box.daemon(box.project).wait_serving()
        for _ in range(runs):
            for name, command in commands.items():
                times[name].append(timed(command, box))
    finally:
        box.close()
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500)
    options = parser.parse_args()

    times = measure(options.runs)
    middle = {name: statistics.median(values) for name, values in times.items()}
    base, status = middle["/bin/true"], middle["blackbullctl status"]
    rows = [(f"{options.runs} runs each", "p50 ms", "p99 ms", "ratio", "more ms")]
    for name, values in times.items():
        p50, p99 = middle[name], peers.percentile(values, 99)
        rows.append((name, f"{p50:.2f}", f"{p99:.2f}", f"{p50 / base:.2f}x", f"{p50 - base:.2f}"))
    peers.table(rows)
    verdict = "kept" if status <= 2 * base + 3 else "exceeded"
    print(f"budget for status {2 * base + 3:.2f} ms: {verdict}")


if __name__ == "__main__":
    main()
