"""What the benchmarks share: servers to compare with, and figures for a table."""

import socket
import statistics
import subprocess
import sys

import uvicorn

from support import http
from support.wait import until

UVICORN = f"uvicorn {uvicorn.__version__}"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_uvicorn(box, folder, *options):
    """Serves main:app of a folder. Returns the process, for stop(), and host:port."""
    port = free_port()
    with open(box.folder / "uvicorn.log", "wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "main:app", "--port", str(port), *options],
            cwd=folder, env=box.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    address = f"127.0.0.1:{port}"
    until(lambda: http.fetch(address).kind == http.OK, 30, "uvicorn")
    return process, address


def stop(process):
    if process:
        process.terminate()
        process.wait(10)


def percentile(values, share):
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def table(rows):
    """Rows of text, the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]
        print("  ".join(cells).rstrip())
