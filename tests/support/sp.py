"""A client of the admin socket in a few lines: SP over ipc, JSON inside. It shares no code with the daemon."""

import itertools
import json
import socket
import struct

HELLO_REQ = b"\x00SP\x00\x00\x30\x00\x00"
HELLO_REP = b"\x00SP\x00\x00\x31\x00\x00"
HELLO_SUB = b"\x00SP\x00\x00\x21\x00\x00"
HELLO_PUB = b"\x00SP\x00\x00\x20\x00\x00"


class Disconnected(AssertionError):
    pass


class Stream:
    """One connection: the hello, then whole messages."""

    def __init__(self, path, hello, expected, timeout=30.0):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.socket.sendall(hello)
        answer = self._exactly(8)
        assert answer == expected, f"hello {answer!r}, not {expected!r}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise Disconnected(f"the daemon closed after {len(data)} of {size} bytes")
            data += part
        return data

    def send(self, payload):
        self.socket.sendall(b"\x01" + struct.pack(">Q", len(payload)) + payload)

    def receive(self):
        kind, length = struct.unpack(">BQ", self._exactly(9))
        assert kind == 1, f"message type {kind}"
        return self._exactly(length)


class Admin(Stream):
    """Requests and replies; several requests may be under way."""

    def __init__(self, path, timeout=30.0):
        super().__init__(path, HELLO_REQ, HELLO_REP, timeout)
        self._numbers = itertools.count(0x80000001)

    def ask(self, op, **arguments):
        """Sends a request and returns its number; `id` becomes the request's own."""
        number = next(self._numbers)
        body = {"v": 1, "op": op}
        if "id" in arguments:
            body["id"] = arguments.pop("id")
        if arguments:
            body["args"] = arguments
        self.send(struct.pack(">I", number) + json.dumps(body).encode())
        return number

    def answer(self):
        """The next reply, as (number, object)."""
        payload = self.receive()
        return struct.unpack(">I", payload[:4])[0], json.loads(payload[4:])

    def call(self, op, **arguments):
        """The result of a request; raises when the daemon refuses it."""
        number = self.ask(op, **arguments)
        got, reply = self.answer()
        assert got == number, f"answer to {got:#x}, not to {number:#x}"
        assert reply.get("ok") is True, reply
        return reply["result"]
