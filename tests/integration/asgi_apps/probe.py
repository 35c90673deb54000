"""A raw ASGI application that shows what the server does: one function a path."""

import asyncio
import contextvars
import gc
import json
import os
import signal
import sys
import tempfile

from_lifespan = contextvars.ContextVar("from_lifespan", default="unset")
from_request = contextvars.ContextVar("from_request", default="unset")

notes = []  # what requests leave for GET /notes
released = {}  # events by name, set by GET /release?name
big = b"x" * 65536
document = tempfile.NamedTemporaryFile(suffix=".bin")
document.write(bytes(range(256)) * 1024)
document.flush()


def event(name):
    return released.setdefault(name, asyncio.Event())


async def answer(send, body, status=200, headers=()):
    if not isinstance(body, bytes):
        body = json.dumps(body, default=lambda value: value.decode("latin-1")).encode()
    await send({"type": "http.response.start", "status": status,
                "headers": [(b"content-length", b"%d" % len(body)), *headers]})
    await send({"type": "http.response.body", "body": body})


async def read_body(receive):
    parts = []
    while True:
        message = await receive()
        assert message["type"] == "http.request", message
        parts.append(message["body"])
        if not message["more_body"]:
            return parts


async def show_scope(scope, receive, send):
    types = {key: type(value).__name__ for key, value in scope.items()}
    pairs = {type(pair).__name__ for pair in scope["headers"]}
    await answer(send, {"scope": scope, "types": types, "pairs": sorted(pairs)})


async def show_process(scope, receive, send):
    await answer(send, {"argv": sys.argv, "path": sys.path, "main": sys.modules["__main__"].__file__,
                        "name": __name__, "pid": os.getpid(), "version": sys.version.split()[0]})


async def echo(scope, receive, send):
    await answer(send, b"".join(await read_body(receive)))


async def show_notes(scope, receive, send):
    await answer(send, notes)


async def release(scope, receive, send):
    event(scope["query_string"].decode()).set()
    await answer(send, b"")


async def held(scope, receive, send):
    """Answers when it is released."""
    notes.append("held")
    await event("held").wait()
    await answer(send, b"at last")


async def head_first(scope, receive, send):
    """The head of the response, and the body when it is released."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-early", b"yes")]})
    await event("body").wait()
    await send({"type": "http.response.body", "body": b"late"})


async def after_body(scope, receive, send):
    """What receive() says once the body was read: nothing, until the response is complete."""
    await read_body(receive)
    waiting = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait({waiting}, timeout=0.05)
    notes.append(f"before the response: {len(done)}")
    await answer(send, b"ok")
    notes.append((await waiting)["type"])
    notes.append((await receive())["type"])
    event("after_body").set()


async def until_disconnect(scope, receive, send):
    """Waits for the client to leave; then tries to answer, twice."""
    await read_body(receive)
    notes.append("waiting")
    notes.append((await receive())["type"])
    for _ in range(2):
        try:
            await answer(send, b"anybody?")
        except OSError as error:
            notes.append(type(error).__name__)
    await answer(send, b"this one is not caught")


async def lossless(scope, receive, send):
    """Gives up waiting for the body again and again; no byte of it may be lost."""
    parts, more, gave_up = [], True, 0
    while more:
        try:
            message = await asyncio.wait_for(receive(), 0.001)
        except asyncio.TimeoutError:
            gave_up += 1
            continue
        parts.append(message["body"])
        more = message["more_body"]
    await answer(send, {"body": b"".join(parts), "gave_up": gave_up})


async def as_tasks(scope, receive, send):
    """receive() and send() are good enough for create_task() and gather()."""
    first = asyncio.create_task(receive())
    body = (await first)["body"]
    second = asyncio.create_task(receive())
    await asyncio.wait({second}, timeout=0.01)
    second.cancel()
    try:
        await second
    except asyncio.CancelledError:
        notes.append("cancelled")
    await asyncio.gather(send({"type": "http.response.start", "status": 200}))
    await asyncio.create_task(send({"type": "http.response.body", "body": body}))


MISTAKES = [
    [],
    None,
    {},
    {"type": 1},
    {"type": "http.response.begin"},
    {"type": "http.response.body"},
    {"type": "http.response.pathsend", "path": "/etc/passwd"},
    {"type": "http.response.start"},
    {"type": "http.response.start", "status": "200"},
    {"type": "http.response.start", "status": 99},
    {"type": "http.response.start", "status": 100},
    {"type": "http.response.start", "status": 1 << 70},
    {"type": "http.response.start", "status": 200, "headers": 1},
    {"type": "http.response.start", "status": 200, "headers": [b"x"]},
    {"type": "http.response.start", "status": 200, "headers": [("x", b"y")]},
    {"type": "http.response.start", "status": 200, "headers": [(b"x", "y")]},
    {"type": "http.response.start", "status": 200, "headers": [(b"x", b"y", b"z")]},
    {"type": "http.response.start", "status": 200, "headers": [(b"x\r\ny", b"z")]},
    {"type": "http.response.start", "status": 200, "headers": [(b"x", b"z\r\ny: z")]},
    {"type": "http.response.start", "status": 200, "headers": [(b":status", b"200")]},
]
LATER_MISTAKES = [
    {"type": "http.response.start", "status": 200},
    {"type": "http.response.body", "body": "text"},
    {"type": "http.response.body", "body": 5},
    {"type": "http.response.body", "body": b"more than five bytes"},
    {"type": "http.response.pathsend"},
    {"type": "http.response.pathsend", "path": "/nowhere/at/all"},
    {"type": "http.response.pathsend", "path": "/"},
    {"type": "http.response.zerocopysend", "file": "x"},
    {"type": "http.response.early_hint", "links": [b"<a>\r\nx: y"]},
]


async def mistakes(scope, receive, send):
    """The exception for each wrong message. None of them hurts the response that follows."""
    raised = []

    async def wrong(message):
        try:
            await send(message)
            raised.append(None)
        except Exception as error:
            raised.append(type(error).__name__)

    for message in MISTAKES:
        await wrong(message)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    for message in LATER_MISTAKES:
        await wrong(message)
    notes.append(raised)
    await send({"type": "http.response.body", "body": bytearray(b"fi"), "more_body": True})
    await send({"type": "http.response.body", "body": memoryview(b"ne"), "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})
    await send({"type": "http.response.body", "body": b"ignored"})
    await send({"type": "no such type"})


async def iterators(scope, receive, send):
    """Headers need only be iterable; the chunking is the server's."""
    pairs = ([name, b"1"] for name in (b"x-one", b"transfer-encoding", b"x-two", b"x-two"))
    await send({"type": "http.response.start", "status": 201, "headers": pairs})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})


async def crash(scope, receive, send):
    raise LookupError("crash before the start")


async def crash_after_start(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-lost", b"1")]})
    raise LookupError("crash after the start")


async def crash_in_body(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": big, "more_body": True})
    raise LookupError("crash in the body")


async def leave(scope, receive, send):
    sys.exit(3)


async def no_response(scope, receive, send):
    pass


async def no_end(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def flood(scope, receive, send):
    """More than any buffer holds, to a client that does not read: send() must wait."""
    await send({"type": "http.response.start", "status": 200})
    for count in range(1000):
        notes[:] = [count]
        await send({"type": "http.response.body", "body": big, "more_body": True})
    await send({"type": "http.response.body"})


async def pathsend(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"262144")]})
    await send({"type": "http.response.pathsend", "path": document.name})


async def zerocopysend(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": b"<", "more_body": True})
    with open(document.name, "rb") as file:
        await send({"type": "http.response.zerocopysend", "file": file, "offset": 65, "count": 3, "more_body": True})
        file.seek(262144 - 2)
        await send({"type": "http.response.zerocopysend", "file": file.fileno(), "more_body": True})
    await send({"type": "http.response.body", "body": b">"})


async def early_hint(scope, receive, send):
    if "http.response.early_hint" in scope["extensions"]:
        await send({"type": "http.response.early_hint", "links": [b"</a.css>; rel=preload", b"</b.js>; rel=preload"]})
    await answer(send, b"hinted")


async def variables(scope, receive, send):
    seen = [from_lifespan.get(), from_request.get()]
    from_request.set("leaked")
    from_lifespan.set("leaked")
    await answer(send, seen)


async def count_state(scope, receive, send):
    scope["state"]["own"] = scope["state"].get("own", 0) + 1
    scope["state"]["shared"].append(1)
    await answer(send, [scope["state"]["own"], len(scope["state"]["shared"])])


async def background(scope, receive, send):
    await answer(send, b"done")
    await event("background").wait()
    print("background work has ended", file=sys.stderr, flush=True)


async def stuck(scope, receive, send):
    notes.append("stuck")
    await asyncio.Event().wait()


async def own_task(scope, receive, send):
    task = asyncio.current_task()
    await answer(send, [type(task).__module__.lstrip("_"), type(task).__name__, task in asyncio.all_tasks()])


def release_all():
    """A draining worker takes no requests, but a signal."""
    for name in ("held", "background"):
        event(name).set()


async def blocks(scope, receive, send):
    """How much memory is allocated, once everything that can be freed is."""
    notes.clear()
    scope["state"]["shared"].clear()
    gc.collect()
    await answer(send, sys.getallocatedblocks())


async def task_count(scope, receive, send):
    await answer(send, len(asyncio.all_tasks()))


async def lifespan(scope, receive, send):
    assert await receive() == {"type": "lifespan.startup"}
    from_lifespan.set("set")
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, release_all)
    scope["state"]["shared"] = []
    await send({"type": "lifespan.startup.complete"})
    assert await receive() == {"type": "lifespan.shutdown"}
    print("lifespan has ended", file=sys.stderr, flush=True)
    await send({"type": "lifespan.shutdown.complete"})


ROUTES = {
    "/scope": show_scope,
    "/process": show_process,
    "/notes": show_notes,
}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
        return
    name = scope["path"].strip("/").partition("/")[0]
    handler = ROUTES.get("/" + name) or globals()[name]
    await handler(scope, receive, send)
