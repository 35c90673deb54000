"""From a save to the first response of the new code, for blackbulld and for `uvicorn --reload`.

Both run at the same time on copies of one small application, FastAPI or raw ASGI; saves alternate between
them, each at a random moment of a second. A client opens a new connection every 2 ms until the new version
answers. With FastAPI most of the time is its import, with raw ASGI it is the reload itself.

    ./dev bench reload [--saves N] [--app fastapi|raw]
"""

import argparse
import os
import random
import re
import sys
import time

from bench import peers
from support import build, http
from support.daemon import Box
from support.wait import pause

PROBE_EVERY = 0.002
GIVE_UP = 15.0
MARK = '"version": 1'

RAW = """\
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'{"version": 1}'})
"""


class Peer:
    """A server under test: its copy of the application, its address, and what was measured."""

    def __init__(self, name, source, folder, address):
        self.name, self.source, self.folder, self.address = name, source, folder, address
        self.times, self.lost, self.missed = [], 0, 0

    def version(self):
        answer = http.fetch(self.address, timeout=GIVE_UP)
        if answer.kind != http.OK:
            self.lost += 1
        found = re.search(rb'"version": ?(\d+)', answer.body)
        return int(found.group(1)) if found else None

    def save(self, version, by):
        path = self.folder / "main.py"
        text = self.source.replace(MARK, f'"version": {version}')
        if by == "in place":
            path.write_text(text)
            return
        other = path.with_name(".main.py.tmp")
        other.write_text(text)
        other.replace(path)

    def measure(self, version, by):
        self.save(version, by)
        saved = time.perf_counter()
        while time.perf_counter() - saved < GIVE_UP:
            if self.version() == version:
                self.times.append((time.perf_counter() - saved) * 1000)
                return
            pause(PROBE_EVERY)
        self.missed += 1


def report(ours, theirs, app, saves):
    rows = [("", "p50 ms", "p99 ms", "max ms", "requests lost", "saves missed")]
    for peer in (ours, theirs):
        figures = [*(peers.percentile(peer.times, share) for share in (50, 99)), max(peer.times)]
        rows.append((peer.name, *(f"{f:.1f}" for f in figures), str(peer.lost), str(peer.missed)))
    ratios = [float(b) / float(a) for a, b in zip(rows[1][1:4], rows[2][1:4])]
    rows.append(("ratio", *(f"{r:.1f}x" for r in ratios), "", ""))
    print(f"save to first new response, {app}, {saves} saves each, load {os.getloadavg()[0]:.1f}")
    peers.table(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--saves", type=int, default=120)
    parser.add_argument("--app", choices=("fastapi", "raw"), default="fastapi")
    options = parser.parse_args()

    random.seed(1)
    source = RAW if options.app == "raw" else (build.EXAMPLES / "fastapi/main.py").read_text()
    assert source.count(MARK) == 1
    box, uvicorn = Box(), None
    try:
        for name in ("ours", "theirs"):
            box.write(f"{name}/main.py", source)
        folder = box.project / "ours"
        box.daemon("main:app", "--reload", "--no-access-log", cwd=folder).wait_serving()
        address = box.ctl_json("status")["binds"][0]["address"]
        ours = Peer("blackbulld --reload", source, folder, address)
        folder = box.project / "theirs"
        uvicorn, address = peers.start_uvicorn(box, folder, "--reload", "--no-access-log")
        theirs = Peer(f"{peers.UVICORN} --reload", source, folder, address)
        for number in range(options.saves):
            for peer in (ours, theirs):
                pause(random.random())
                peer.measure(number + 2, "rename" if number % 2 else "in place")
        report(ours, theirs, options.app, options.saves)
    finally:
        peers.stop(uvicorn)
        for complaint in box.close():
            print(complaint, file=sys.stderr)


if __name__ == "__main__":
    main()
