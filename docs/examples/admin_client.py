"""A client of blackbulld's admin sockets in the standard library alone, written from docs/admin-protocol.md.

    python3 admin_client.py FOLDER OP [JSON]     one request: python3 admin_client.py "$DIR" reload '{"wait": "drained"}'
    python3 admin_client.py FOLDER follow        every event, as lines of JSON
"""

import json
import os
import socket
import struct
import sys

REQ, REP, PUB, SUB = 0x30, 0x31, 0x20, 0x21


class Connection:
    def __init__(self, path, own, other):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = self.socket.makefile("rb")
        self.socket.sendall(hello(own))
        if self.stream.read(8) != hello(other):
            raise ConnectionError(f"{path} is no socket of blackbulld")

    def send(self, payload):
        self.socket.sendall(struct.pack(">BQ", 1, len(payload)) + payload)

    def receive(self):
        header = self.stream.read(9)
        if len(header) < 9:
            raise ConnectionError("blackbulld has closed the connection")
        return self.stream.read(struct.unpack(">BQ", header)[1])


def hello(protocol):
    return struct.pack(">4sHH", b"\0SP\0", protocol, 0)


def call(connection, op, args=None, number=0x80000001):
    body = json.dumps({"v": 1, "op": op, "args": args or {}}).encode()
    connection.send(struct.pack(">I", number) + body)
    answer = connection.receive()
    assert struct.unpack(">I", answer[:4])[0] == number, "one request, one answer"
    return json.loads(answer[4:])


def main(folder, op, args="{}"):
    if op == "follow":
        events = Connection(os.path.join(folder, "events.sock"), SUB, PUB)
        while True:
            print(events.receive().decode(), flush=True)
    answer = call(Connection(os.path.join(folder, "admin.sock"), REQ, REP), op, json.loads(args))
    print(json.dumps(answer, indent=2))
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
