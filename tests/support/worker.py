"""A worker process alone, with the test in the place of its master: the other end of its channel.

The messages are spelled out here a second time on purpose: what the two ends of an upgrade agree on
must not change by accident in both at once.
"""

import contextlib
import fcntl
import os
import socket
import struct
import subprocess
from dataclasses import dataclass

from support import build
from support.daemon import SANITIZER_REPORT, Log
from support.process import kill_all

CONFIG, READY, FAILED, PAUSE, RESUME, DRAIN, STOP, STATS, CONN = range(1, 10)
VERSION = 1
MESSAGE_MAX = 128 * 1024
CHANNEL_FD = 3
ABSENT = 0xFFFFFFFF
TIMEOUT = 10 * build.SLOWNESS


@dataclass
class Message:
    type: int
    body: bytes
    fds: list

    def connection(self):
        """The fields of a CONN message and its descriptor, as a socket."""
        listener, requests, peer_len = struct.unpack_from("!III", self.body)
        peer = self.body[12:12 + peer_len].decode()
        pending_len, = struct.unpack_from("!I", self.body, 12 + peer_len)
        pending = self.body[16 + peer_len:16 + peer_len + pending_len]
        fd, = self.fds
        return Connection(listener, requests, peer, pending, socket.socket(fileno=fd))

    def strings(self):
        """The strings at the front of a FAILED message: stage, message, file, detail."""
        found, at = [], 0
        for _ in range(4):
            length, = struct.unpack_from("!I", self.body, at)
            at += 4
            found.append(None if length == ABSENT else self.body[at:at + length].decode())
            at += 0 if length == ABSENT else length
        return found


@dataclass
class Connection:
    listener: int
    requests: int
    peer: str
    pending: bytes
    socket: socket.socket

    def body(self):
        peer = self.peer.encode()
        return (struct.pack("!III", self.listener, self.requests, len(peer)) + peer
                + struct.pack("!I", len(self.pending)) + self.pending)


def pairs(config):
    return b"".join(f"{key}\0{value}\0".encode() for key, value in config.items())


class Worker:
    """A running worker. Use it with `with`; it fails the test for a sanitizer's report."""

    def __init__(self, kind, listeners=None, stdout=subprocess.PIPE, config=True, **options):
        self.listeners = listeners or [socket.create_server(("127.0.0.1", 0))]
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(TIMEOUT)
        self.log = Log()
        inherited = [theirs.fileno(), *(s.fileno() for s in self.listeners)]
        self.process = subprocess.Popen(
            [build.DAEMON, f"--role={kind}"], stdin=subprocess.DEVNULL, stdout=stdout,
            stderr=subprocess.PIPE, close_fds=False, preexec_fn=lambda: _place(inherited))
        theirs.close()
        for pipe in filter(None, (self.process.stdout, self.process.stderr)):
            self.log.follow(pipe)
        if config:
            self.configure(kind=kind, **options)

    def configure(self, **options):
        values = {"generation": 7, "listeners": len(self.listeners), "access-log": 1,
                  **{key.replace("_", "-"): value for key, value in options.items()}}
        self.send(CONFIG, pairs(values))

    @property
    def address(self):
        host, port = self.listeners[0].getsockname()[:2]
        return f"{host}:{port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            kill_all([self.process.pid])
        self.process.wait()
        with contextlib.suppress(OSError):
            self.channel.close()
        for listener in self.listeners:
            listener.close()
        assert not SANITIZER_REPORT.search(self.log.text()), self.log.text()

    def send(self, kind, body=b"", fds=(), version=VERSION):
        header = struct.pack("!BBH", version, kind, 0)
        socket.send_fds(self.channel, [header + body], list(fds))

    def receive(self):
        """The next message; None at EOF."""
        data, fds, _, _ = socket.recv_fds(self.channel, MESSAGE_MAX, 8)
        return Message(data[1], data[4:], fds) if data else None

    def expect(self, kind):
        message = self.receive()
        assert message and message.type == kind, message
        return message

    def ready(self):
        self.expect(READY)
        return self

    def stats(self):
        self.send(STATS)
        requests, accepted, connections, active = struct.unpack("!QQII", self.expect(STATS).body)
        return {"requests": requests, "accepted": accepted, "connections": connections,
                "active": active}

    def wait(self):
        """The exit status."""
        return self.process.wait(TIMEOUT)


def _place(descriptors):
    """In the child: the descriptors from CHANNEL_FD on, whatever was there."""
    copies = [fcntl.fcntl(fd, fcntl.F_DUPFD, CHANNEL_FD + 64) for fd in descriptors]
    for number, fd in enumerate(copies, CHANNEL_FD):
        os.dup2(fd, number)
    os.closerange(CHANNEL_FD + len(copies), 4096)
