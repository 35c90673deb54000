"""Seventy at a time who mean harm to the admin sockets, or do not know better. Runs as a process of its own:

    python -m support.hostile ADMIN_SOCKET EVENTS_SOCKET CONNECTIONS
"""

import contextlib
import itertools
import os
import socket
import struct
import sys

from support.sp import HELLO_REP, HELLO_REQ, HELLO_SUB

WAVE = 70


def header(length):
    return b"\x01" + struct.pack(">Q", length)


# How many of a wave say what, and whether it is to be thrown out for it. The rest stays until the wave ends.
SAYINGS = [
    (8, HELLO_REQ[:4], False),
    (8, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", True),
    (4, os.urandom(64), True),
    (6, HELLO_REP, True),
    (6, HELLO_REQ + header(2**63), True),
    (4, HELLO_REQ + header(2**20 + 4097) + b"x" * 65536, True),
    (4, HELLO_REQ + header(2**20) + b"\x80\0\0\1" + b"x" * 100_000, False),
    (2, HELLO_SUB + b"more", True),
    (2, HELLO_REQ + header(20) + b"\x80\0\0\1" + b"this is not JSON", False),
]
HASTY, SLOW, SILENT = 20, 4, 2
assert HASTY + sum(count for count, _, _ in SAYINGS) + SLOW + SILENT == WAVE


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(30)
    client.connect(path)
    return client


def is_closed(client):
    """Reads what has come. A client that is not closed has nothing to read after that."""
    try:
        return not client.recv(4096)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


class Dawdler:
    """A connection that lasts over the waves: its request comes byte by byte, or never. Thrown out, it comes again."""

    REQUEST = HELLO_REQ + header(30) + b"\x80\0\0\1" + b'{"v":1,"op":"hello"}'

    def __init__(self, path, talks):
        self.path, self.talks, self.client = path, talks, None

    def turn(self):
        """Returns how many connections it made."""
        made = self.client is None
        if made:
            self.client, self.rest = connect(self.path), self.REQUEST if self.talks else b""
            self.client.setblocking(False)
        with contextlib.suppress(ConnectionError):
            self.client.send(self.rest[:1])
            self.rest = self.rest[1:]
        if is_closed(self.client):
            self.client.close()
            self.client = None
        return made


def see_through(client, words, thrown_out):
    """Until the daemon has taken the connection, and has closed it if it is to."""
    with contextlib.suppress(ConnectionError):
        client.sendall(words)
        client.recv(8)
    while thrown_out and not is_closed(client):
        pass


def wave(paths):
    """Everybody connects, everybody speaks, and then it is seen what comes of it. Returns how many connected."""
    words = [(text, thrown_out) for count, text, thrown_out in SAYINGS for _ in range(count)]
    for _ in range(HASTY):
        connect(next(paths)).close()
    clients = [connect(next(paths)) for _ in words]
    for client, (text, thrown_out) in zip(clients, words):
        see_through(client, text, thrown_out)
    for client in clients:
        client.close()
    return HASTY + len(clients)


def main():
    admin, events, total = sys.argv[1], sys.argv[2], int(sys.argv[3])
    paths = itertools.cycle([admin, admin, events])
    dawdlers = [Dawdler(next(paths), number < SLOW) for number in range(SLOW + SILENT)]
    made = 0
    while made < total:
        made += wave(paths) + sum(dawdler.turn() for dawdler in dawdlers)
    print(made)


if __name__ == "__main__":
    main()
