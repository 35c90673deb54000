"""A daemon that says what a test tells it to: its folder, its lock, its sockets, and nothing behind them."""

import contextlib
import fcntl
import json
import os
import socket
import struct
import threading

from support.sp import HELLO_PUB, HELLO_REP, HELLO_REQ, HELLO_SUB
from support.wait import until

SILENCE = object()  # an answer that never comes
HANG_UP = object()  # the connection is closed instead


class Refusal:
    """{"ok":false}: a code, a message, perhaps a result."""

    def __init__(self, code, message, result=None):
        self.reply = {"v": 1, "ok": False, "error": {"code": code, "message": message}}
        if result is not None:
            self.reply["result"] = result


class Connection:
    def __init__(self, sock):
        self.socket = sock

    def exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionResetError
            data += part
        return data

    def receive(self):
        kind, length = struct.unpack(">BQ", self.exactly(9))
        assert kind == 1
        return self.exactly(length)

    def send(self, payload):
        self.socket.sendall(b"\x01" + struct.pack(">Q", len(payload)) + payload)


class FakeDaemon:
    """`answers` maps an operation to a result, a Refusal, raw bytes, SILENCE, HANG_UP, or a function of
    the request that returns one of these; a list of them is used up, its last one is kept."""

    def __init__(self, box, name="fake", directory=None, paths=(), answers=None, admin=None):
        self.folder = box.runtime / "blackbulld" / name
        self.folder.parent.mkdir(mode=0o700, exist_ok=True)
        self.folder.mkdir(mode=0o700)
        self.lock = open(self.folder / "lock", "w", encoding="ascii")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.admin = admin or self.folder / "admin.sock"
        self.events = self.folder / "events.sock" if not admin else f"{admin}.events"
        self.info = {"pid": os.getpid(), "version": "0.1.0", "boot_id": "b1", "target": f"{name}:app",
                     "directory": str(directory or box.project), "admin": str(self.admin),
                     "watch": {"paths": [str(path) for path in paths]}}
        (self.folder / "info.json").write_text(json.dumps(self.info))
        self.answers = {"hello": {**self.info, "proto": [1, 1]}, **(answers or {})}
        self.requests = []
        self.subscribers = []
        self.connections = []
        self.listeners = []
        self.listen()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.die()

    # -- life -----------------------------------------------------------------------------------

    def listen(self):
        for path, serve in ((self.admin, self._serve), (self.events, self._subscribe)):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(str(path))
            listener.listen(16)
            self.listeners.append(listener)
            threading.Thread(target=self._accept, args=(listener, serve), daemon=True).start()

    def disconnect(self):
        """Breaks every connection; new ones are taken."""
        for sock in self.connections:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self.connections, self.subscribers = [], []

    def close_sockets(self):
        """Nobody listens any more, while the lock still says "alive"."""
        for listener in self.listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.listeners = []
        for path in (self.admin, self.events):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        self.disconnect()

    def die(self):
        """As when it is killed: lock and connections are gone at once."""
        self.lock.close()
        self.close_sockets()

    # -- requests -------------------------------------------------------------------------------

    def _accept(self, listener, serve):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self.connections.append(sock)
            threading.Thread(target=self._guard, args=(serve, Connection(sock)), daemon=True).start()

    @staticmethod
    def _guard(serve, connection):
        with contextlib.suppress(OSError):
            serve(connection)
        connection.socket.close()

    def _answer(self, request):
        answer = self.answers.get(request["op"], Refusal("unknown_op", "no such operation"))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        return answer(request) if callable(answer) else answer

    def _serve(self, connection):
        connection.socket.sendall(HELLO_REP)
        assert connection.exactly(8) == HELLO_REQ
        while True:
            message = connection.receive()
            number, request = message[:4], json.loads(message[4:])
            self.requests.append(request)
            answer = self._answer(request)
            if answer is HANG_UP:
                return
            if answer is SILENCE:
                continue
            if isinstance(answer, bytes):
                connection.send(number + answer)
                continue
            reply = answer.reply if isinstance(answer, Refusal) else \
                {"v": 1, "ok": True, "result": answer}
            connection.send(number + json.dumps(reply).encode())

    def asked(self, op):
        """The requests with this operation, in order."""
        return [request for request in self.requests if request["op"] == op]

    def wait_asked(self, op, times=1):
        return until(lambda: len(self.asked(op)) >= times and self.asked(op), what=f"{times} x {op}")

    # -- events ---------------------------------------------------------------------------------

    def _subscribe(self, connection):
        connection.socket.sendall(HELLO_PUB)
        assert connection.exactly(8) == HELLO_SUB
        self.subscribers.append(connection)
        with contextlib.suppress(ConnectionResetError):
            connection.receive()

    def publish(self, event):
        for connection in self.subscribers:
            connection.send(json.dumps(event).encode())

    def wait_subscribed(self):
        until(lambda: self.subscribers, what="a subscriber")
