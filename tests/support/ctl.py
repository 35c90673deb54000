"""What the tests of blackbullctl have in common: answers of a daemon, and checking what is printed."""

import contextlib
import subprocess

from support import build
from support.fake_daemon import Refusal

TIMES = {"created_at": "2025-11-23T00:48:15.123Z", "served_at": "2025-11-23T00:48:15.146Z"}
STAGES = {"detect": 0.1, "build": None, "handover": 4, "boot": 18.9, "total": 23.0}
SERVING = {"number": 7, "state": "serving", "reason": "request", "paths": [],
           "requested_by": {"uid": 0, "pid": 77}, **TIMES, "stages_ms": STAGES, "error": None}
TRACEBACK = 'Traceback (most recent call last):\n  File "app.py", line 12\n    x = (\nSyntaxError: nope'


def failed(box):
    return {**SERVING, "number": 8, "state": "failed", "reason": "change", "served_at": None,
            "paths": [f"{box.project}/src/app.py"],
            "stages_ms": {**STAGES, "total": None},
            "error": {"stage": "import", "message": "SyntaxError: nope",
                      "file": f"{box.project}/src/app.py", "line": 12, "detail": TRACEBACK}}


def failure(box, code="generation_failed"):
    return Refusal(code, "generation 8 failed: SyntaxError: nope", {"generation": failed(box)})


def status_of(box, **changes):
    worker = {"pid": 4711, "slot": 0, "generation": 7, "state": "ready", "requests": 1203,
              "connections": 3, "rss_bytes": 25 * 1024 * 1024, "cpu_ms": 1234, "restarts": 0,
              "started_at": TIMES["created_at"]}
    watch = {"enabled": True, "paths": [f"{box.project}/src", f"{box.project}/templates"],
             "include": ["*.py"], "exclude": [], "directories": 41, "backend": "inotify",
             "events": 12, "overflows": 0, "paused": False}
    return {"schema": 1, "version": "0.1.0", "pid": 4242, "boot_id": "b1",
            "started_at": TIMES["created_at"], "uptime_ms": 11520000, "directory": str(box.project),
            "target": "main:app", "kind": "app", "state": "serving", "handover": "fresh",
            "generation": SERVING, "last_failed": None,
            "binds": [{"address": "127.0.0.1:8000", "family": "inet", "inherited": False}],
            "workers": [worker], "watch": watch,
            "nursery": {"state": "off", "modules": 0, "reason": None}, **changes}


@contextlib.contextmanager
def ctl_in_background(box, *arguments):
    process = subprocess.Popen([build.CTL, *arguments], stdin=subprocess.DEVNULL, cwd=box.project,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=box.env, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def check(result, status, stdout=None, stderr=""):
    assert result.returncode == status, f"{result.returncode}\n{result.stdout}\n{result.stderr}"
    if stdout is not None:
        assert result.stdout == stdout
    if stderr is not None:
        assert result.stderr == stderr
