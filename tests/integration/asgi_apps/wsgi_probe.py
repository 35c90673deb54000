"""A WSGI application that shows what the server does: one function a path, under the standard library's checks."""

import io
import json
import os
import sys
import tempfile
import threading
from wsgiref.validate import validator

document = tempfile.NamedTemporaryFile(suffix=".bin")
document.write(bytes(range(256)) * 1024)
document.flush()
closed = []
meeting = threading.Barrier(3)


def answer(start_response, body, status="200 OK"):
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def environ(environ, start_response):
    shown = {key: value for key, value in environ.items() if isinstance(value, (str, bool, tuple))}
    return answer(start_response, json.dumps(shown).encode())


def echo(environ, start_response):
    return answer(start_response, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))


def lines(environ, start_response):
    return answer(start_response, b"|".join(environ["wsgi.input"]))


class Blocks:
    def __init__(self, blocks):
        self.blocks = blocks

    def __iter__(self):
        return iter(self.blocks)

    def close(self):
        closed.append("closed")


def blocks(environ, start_response):
    start_response("201 Made", [("Content-Type", "text/plain"), ("X-Two", "1"), ("X-Two", "2")])
    return Blocks([b"a", b"", b"b"])


def flask_like(environ, start_response):
    """One block with a length, as an iterator: goes out in one piece."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return Blocks([b"whole"])


def written(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    return [b"returned"]


def nothing(environ, start_response):
    start_response("204 No Content", [])
    return []


def crash(environ, start_response):
    raise LookupError("crash before the start")


def crash_in_body(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"x" * 65536
    raise LookupError("crash in the body")


def second_thoughts(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    try:
        raise LookupError("handled")
    except LookupError:
        start_response("503 Later", [("Content-Type", "text/plain")], sys.exc_info())
    return [b"sorry"]


def no_start(environ, start_response):
    return [b"x"]


def file(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "1000")])
    opened = open(document.name, "rb")
    opened.read(5)
    return environ["wsgi.file_wrapper"](opened)


def memory_file(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return environ["wsgi.file_wrapper"](io.BytesIO(b"m" * 100_000))


def meet(environ, start_response):
    """Answers when three requests are in it at once."""
    meeting.wait(10)
    return answer(start_response, threading.current_thread().name.encode())


def endless(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])

    def parts():
        try:
            while True:
                yield b"x" * 65536
        finally:
            closed.append("endless")

    return parts()


def show_closed(environ, start_response):
    return answer(start_response, json.dumps(closed).encode())


def show_pid(environ, start_response):
    return answer(start_response, str(os.getpid()).encode())


# Those that the checks forbid, or whose iterables the checks would close themselves.
UNCHECKED = (crash_in_body, file, memory_file, endless, no_start)


def app(environ, start_response):
    handler = globals()[environ["PATH_INFO"].strip("/").partition("/")[0]]
    checked = handler if handler in UNCHECKED else validator(handler)
    return checked(environ, start_response)
