"""Sources of the applications that the tests serve. Each answers with its version, as plain text."""

FASTAPI = """\
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from src.greeting import VERSION

app = FastAPI()


@app.get("/", response_class=PlainTextResponse)
async def index():
    return f"version {VERSION}"
"""

ASGI = """\
VERSION = %d


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body = f"version {VERSION}".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
"""

# Tells about its own process: descriptors, signals, environment.
SELF_PORTRAIT_APP = """\
import json
import os

first_environment = dict(os.environ)


def describe():
    descriptors = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            descriptors[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            pass
    with open("/proc/self/status") as f:
        status = dict(line.rstrip("\\n").split(":", 1) for line in f)
    return {
        "pid": os.getpid(),
        "descriptors": descriptors,
        "signals": {k: status[k].strip() for k in ("SigBlk", "SigIgn", "SigCgt")},
        "environment": first_environment,
        "directory": os.getcwd(),
    }


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    body = json.dumps(describe()).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""


# Python takes a module for unchanged when its size and the second of its last change are, unless --reload
# watches it: an environment for tests that save twice within a second without that.
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}


def asgi(version):
    return ASGI % version


def greeting(version):
    return f"VERSION = {version}\n"


def version_of(answer):
    """The number that an answer of these applications carries."""
    return int(answer.text.rsplit(" ", 1)[-1])
