"""An HTTP client on a plain socket that tells each way to fail from the others."""

import socket
import time
from dataclasses import dataclass, field

OK, REFUSED, RESET, EMPTY, CUT, TIMED_OUT = "ok", "refused", "reset", "empty", "cut", "timed out"


@dataclass
class Answer:
    """What became of one request. `kind` is OK whenever a whole response arrived, of any status."""

    kind: str
    status: int = 0
    headers: dict = field(default_factory=dict)
    body: bytes = b""
    began: float = 0.0
    ended: float = 0.0

    @property
    def text(self):
        return self.body.decode(errors="replace")


class Cut(Exception):
    """The connection ended inside a response."""


class Connection:
    """A connection that may carry several requests. `address` is "host:port", a URL or "unix:/path"."""

    def __init__(self, address, timeout=10.0):
        self.address = address
        self.reader = None
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address[len("unix:"):])
        else:
            host, _, port = address.removeprefix("http://").rpartition(":")
            self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.reader.close()
        self.socket.close()

    def send(self, path="/", method="GET", headers=(), body=b""):
        lines = [f"{method} {path} HTTP/1.1", "Host: test"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self.socket.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def receive(self, method="GET"):
        """(status, headers, body); None when the server closed without a word."""
        first = self.reader.readline()
        if not first:
            return None
        if not first.endswith(b"\r\n"):
            raise Cut(f"status line {first!r}")
        status = int(first.split()[1])
        headers = {}
        while (line := self.reader.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                raise Cut("head")
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        if method == "HEAD" or status in (204, 304):
            return status, headers, b""
        return status, headers, self._body(headers)

    def _body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self._line().split(b";")[0], 16):
                parts.append(self._exactly(size))
                self._line()
            while self._line():
                pass
            return b"".join(parts)
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        return self.reader.read()

    def _line(self):
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise Cut("chunk")
        return line[:-2]

    def _exactly(self, size):
        data = self.reader.read(size)
        if len(data) != size:
            raise Cut(f"{len(data)} of {size} bytes of body")
        return data

    def request(self, path="/", method="GET", headers=(), body=b""):
        """One exchange as an Answer; never raises for what a server or a network can do."""
        return _observe(lambda: self._exchange(path, method, headers, body))

    def _exchange(self, path, method, headers, body):
        self.send(path, method, headers, body)
        return self.receive(method)


def _observe(exchange):
    began = time.monotonic()
    try:
        response = exchange()
        answer = Answer(EMPTY) if response is None else Answer(OK, *response)
    except ConnectionRefusedError:
        answer = Answer(REFUSED)
    except (ConnectionResetError, BrokenPipeError):
        answer = Answer(RESET)
    except (TimeoutError, socket.timeout):
        answer = Answer(TIMED_OUT)
    except Cut:
        answer = Answer(CUT)
    answer.began, answer.ended = began, time.monotonic()
    return answer


def fetch(address, path="/", method="GET", headers=(), body=b"", timeout=10.0):
    """One request on a connection of its own, as an Answer."""

    def exchange():
        with Connection(address, timeout) as connection:
            return connection._exchange(path, method, {"Connection": "close", **dict(headers)}, body)

    return _observe(exchange)
