"""Requests a second of a raw ASGI hello, one worker each, for blackbulld and for uvicorn with uvloop.

Rounds alternate between the two, each round a wrk of its own; both keep their defaults, access log included.

    ./dev bench http [--rounds N] [--seconds S] [--connections C]
"""

import argparse
import re
import statistics
import subprocess
import sys

from bench import peers
from support import build
from support.daemon import Box
from support.wait import until

APP = """\
HEADERS = [(b"content-type", b"text/plain"), (b"content-length", b"13")]


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"Hello, world!"})
"""


def start_blackbulld(box):
    """Its log goes to a file, as uvicorn's does: nobody else is to spend time on it."""
    log = box.folder / "blackbulld.log"
    box.daemon("main:app", output=log)
    until(lambda: " serving after " in log.read_text(), 15, "blackbulld")
    return box.ctl_json("status")["binds"][0]["address"]


def wrk(address, options):
    command = [build.program("wrk"), "-t1", f"-c{options.connections}", f"-d{options.seconds}s"]
    output = subprocess.run([*command, f"http://{address}/"], capture_output=True, text=True,
                            check=True).stdout
    for errors in re.findall(r"Socket errors.*|Non-2xx.*", output):
        print(f"{address}: {errors}", file=sys.stderr)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()

    box, uvicorn = Box(), None
    try:
        box.write("main.py", APP)
        ours = start_blackbulld(box)
        uvicorn, theirs = peers.start_uvicorn(box, box.project, "--loop", "uvloop", "--http", "httptools")
        names = {"blackbulld": ours, f"{peers.UVICORN}, uvloop": theirs}
        rates = {name: [] for name in names}
        for _ in range(options.rounds):
            for name, address in names.items():
                rates[name].append(wrk(address, options))
    finally:
        peers.stop(uvicorn)
        box.close()

    print(f"hello, one worker, {options.connections} connections, {options.rounds} rounds of "
          f"{options.seconds} s")
    middle = {name: statistics.median(values) for name, values in rates.items()}
    peers.table([("", "requests/s", "least", "most"),
                 *((name, f"{middle[name]:.0f}", f"{min(values):.0f}", f"{max(values):.0f}")
                   for name, values in rates.items())])
    ours, theirs = middle.values()
    print(f"ratio {ours / theirs:.2f}x")


if __name__ == "__main__":
    main()
