"""WSGI applications (PEP 3333), each request in a thread of its own, as one ASGI application."""

import asyncio
import contextvars
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote_to_bytes

BODY_IN_MEMORY = 1024 * 1024  # bytes; more goes to a temporary file
BLOCK = 64 * 1024


class Application:
    """`multiprocess`: other processes serve the same application."""

    def __init__(self, app, multiprocess):
        self.app = app
        self.multiprocess = multiprocess
        self.pool = ThreadPoolExecutor(thread_name_prefix="wsgi")

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return  # no lifespan
        # The body first: a slow client must not occupy a thread.
        body = await read_body(receive)
        if body is None:
            return
        with body:
            environ = make_environ(scope, body)
            environ["wsgi.multiprocess"] = self.multiprocess
            loop = asyncio.get_running_loop()
            exchange = Exchange(self.app, environ, loop, send)
            context = contextvars.copy_context()
            for message in await loop.run_in_executor(self.pool, context.run, exchange.run):
                await send(message)


async def read_body(receive):
    """A file of the whole body, or None if the client left before its end."""
    body, more = io.BytesIO(), True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            body.close()
            return None
        body.write(message["body"])
        more = message["more_body"]
        if body.tell() > BODY_IN_MEMORY and isinstance(body, io.BytesIO):
            body = spill(body)
    return body


def spill(body):
    import tempfile

    file = tempfile.TemporaryFile()
    file.write(body.getvalue())
    return file


def make_environ(scope, body):
    """`body` stands at its end."""
    root = scope["root_path"].encode()
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.decode("latin-1"),
        "PATH_INFO": unquote_to_bytes(scope["raw_path"][len(root) :]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    put_addresses(environ, scope)
    put_headers(environ, scope["headers"])
    if body.tell():
        environ["CONTENT_LENGTH"] = str(body.tell())  # of a chunked body, too
    body.seek(0)
    return environ


def put_addresses(environ, scope):
    name, port = scope["server"]
    if port is None:  # a Unix socket
        name, port = "localhost", 443 if scope["scheme"] == "https" else 80
    environ.update(SERVER_NAME=name, SERVER_PORT=str(port))
    if scope["client"]:
        environ.update(REMOTE_ADDR=scope["client"][0], REMOTE_PORT=str(scope["client"][1]))


def put_headers(environ, headers):
    for name, value in headers:
        key = name.decode("latin-1").upper()
        if "_" in key:
            continue  # could pass for another header, with hyphens
        key = key.replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        value = value.decode("latin-1")
        if key in environ:
            value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        environ[key] = value


class FileWrapper:
    """wsgi.file_wrapper: a file as a response, sent by the kernel where it can be."""

    def __init__(self, file, block=BLOCK):
        self.file = file
        self.block = block
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self):
        return iter(lambda: self.file.read(self.block), b"")


class Exchange:
    """One call of the application. Everything here runs in its thread, but _send()."""

    def __init__(self, app, environ, loop, send):
        self.app = app
        self.environ = environ
        self.loop = loop
        self.send = send
        self.head = None  # http.response.start, until it is sent
        self.sent_head = False
        self.length = None  # what Content-Length says

    def run(self):
        """Returns the messages that are left to send: most often all of them."""
        result = self.app(self.environ, self.start_response)
        try:
            if isinstance(result, FileWrapper) and hasattr(result.file, "fileno"):
                return self.send_file(result.file)
            if isinstance(result, (list, tuple)):
                return self.messages(b"".join(result), False)
            return self.stream(result)
        finally:
            if hasattr(result, "close"):
                result.close()

    def stream(self, result):
        """Each block at once, as PEP 3333 wants it, except for one that is the whole response."""
        sent = 0
        for block in result:
            sent += len(block)
            if sent == self.length:
                return self.messages(block, False)
            if block:
                self.post(self.messages(block, True))
        return self.messages(b"", False)

    def send_file(self, file):
        try:
            file.fileno()
        except OSError:  # io.BytesIO and the like
            return self.stream(iter(lambda: file.read(BLOCK), b""))
        message = {"type": "http.response.zerocopysend", "file": file, "offset": file.tell()}
        if self.length is not None:
            message["count"] = self.length
        self.post([*self.take_head(), message])
        return []

    def start_response(self, status, headers, exc_info=None):
        if exc_info:
            try:
                if self.sent_head:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no cycle through this frame
        elif self.head or self.sent_head:
            raise RuntimeError("start_response() was called before")
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        lengths = [value for name, value in pairs if name.lower() == b"content-length"]
        self.length = int(lengths[0]) if lengths else None
        self.head = {"type": "http.response.start", "status": int(status.split(None, 1)[0]), "headers": pairs}
        return self.write

    def write(self, data):
        self.post(self.messages(data, True))

    def take_head(self):
        if self.sent_head:
            return []
        if not self.head:
            raise RuntimeError("the application did not call start_response()")
        self.sent_head = True
        return [self.head]

    def messages(self, body, more):
        return [*self.take_head(), {"type": "http.response.body", "body": body, "more_body": more}]

    def post(self, messages):
        """Sends, and waits until it is done: a slow client slows the application down, one that left raises."""
        asyncio.run_coroutine_threadsafe(self._send(messages), self.loop).result()

    async def _send(self, messages):
        for message in messages:
            await self.send(message)
