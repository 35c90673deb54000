"""An application whose installed modules a test writes itself, and its nursery as one sees it from outside."""

import json
import os
import signal

from support import apps, build, process
from support.wait import until

HELLO = """\
{imports}


def answer():
    {body}


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    text = str(answer()).encode()
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(text)).encode())]}})
    await send({{"type": "http.response.body", "body": text}})
"""


def app(imports="", body="return None"):
    """The source of an application that answers with what `body` returns."""
    return HELLO.format(imports=imports, body=body)


class Shop:
    """A project, a folder of installed modules beside it, and a daemon that serves the one with the other."""

    def __init__(self, box):
        self.box = box
        self.lib = box.folder / "lib"
        self.lib.mkdir()
        self.daemon = None

    def install(self, name, text):
        """Writes an installed module, in one step, as package managers do."""
        path = self.lib / name
        path.parent.mkdir(parents=True, exist_ok=True)
        other = path.with_name(f".{path.name}.new")
        other.write_text(text)
        other.replace(path)
        return path

    def start(self, source, *options, **environment):
        """Serves the application, and waits until its nursery is warm."""
        self.box.write("main.py", source)
        environment = {"PYTHONPATH": str(self.lib), **environment}
        self.daemon = self.box.daemon("main:app", "--reload", *options, env=environment).wait_serving()
        return self

    def save(self, source):
        """Saves the application and waits for the verdict. Returns the generation."""
        self.box.save("main.py", source)
        result = self.box.ctl("--json", "sync")
        answer = json.loads(result.stdout)
        return answer["generation"] if result.returncode == 0 else answer["error"]

    def reload(self):
        return self.box.ctl_json("reload")["generation"]

    @property
    def text(self):
        return self.daemon.get().text

    @property
    def nursery(self):
        return self.daemon.status()["nursery"]

    def wait_nursery(self, state="warm", reason=""):
        def reached():
            now = self.nursery
            return now if now["state"] == state and reason in (now["reason"] or "") else None

        return until(reached, 15 * build.SLOWNESS, f'a nursery that is {state}, "{reason}"')

    def nursery_pid(self):
        """The process, or None."""
        workers = {worker["pid"] for worker in self.daemon.status()["workers"]}
        others = [pid for pid in self.daemon.children() if pid not in workers]
        return others[0] if others else None

    def kill_nursery(self):
        os.kill(self.nursery_pid(), signal.SIGKILL)

    def births(self):
        """How each worker so far was started: {(generation, slot): "in the nursery" or None, the last one counts}."""
        lines = self.box.ctl("--json", "events", "--no-follow").stdout.splitlines()
        events = [event for event in map(json.loads, lines) if event["type"] == "worker"]
        return {(e["generation"], e["slot"]): e["detail"] for e in events if e["event"] == "started"}

    def is_born(self, generation, slot=0):
        return self.births()[generation["number"], slot] == "in the nursery"

    def wait_alone(self):
        """Until there is nobody but the workers that serve and the nursery."""
        until(lambda: len(self.daemon.children()) <= len(self.daemon.status()["workers"]) + 1,
              10 * build.SLOWNESS, "the end of former workers")


def version(number):
    return apps.asgi(number)


def wakeups(pid):
    """How often the process has slept and woken, and its processor time in ticks."""
    counts = process.status(pid)
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(counts["voluntary_ctxt_switches"]), int(fields[11]) + int(fields[12])
