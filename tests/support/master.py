"""Plays the master to one real app worker: spawns it with its descriptors, configures it, hears what it says."""

import fcntl
import os
import select
import shlex
import signal
import socket
import struct
import sys
import tempfile
from dataclasses import dataclass

from support import http
from support.build import BUILD, SANITIZED, _asan_runtime

CONFIG, READY, FAILED, PAUSE, RESUME, DRAIN, STOP, STATS, CONN = range(1, 10)
VERSION = 1
PROGRAM = BUILD / "python" / "blackbulld" / "worker.py"
MESSAGE_MAX = 128 * 1024

DEFAULTS = {
    "kind": "app",
    "generation": "1",
    "workers": "1",
    "drain-timeout-ms": "5000",
    "interface": "auto",
    "lifespan": "auto",
    "log-level": "debug",
}


@dataclass
class Failure:
    """A FAILED message (struct worker_error)."""

    stage: str
    message: str
    file: str
    detail: str
    line: int


def decode_failure(body):
    values, at = [], 0
    for _ in range(4):
        (length,) = struct.unpack_from(">I", body, at)
        at += 4
        if length == 0xFFFFFFFF:
            values.append(None)
            continue
        values.append(body[at:at + length].decode())
        at += length
    return Failure(*values, *struct.unpack_from(">I", body, at))


def spawn(command, descriptors, environment, log):
    """A process with exactly 0, 1, 2 and `descriptors` from 3 on."""
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 200) for fd in descriptors]
    actions = [(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, log, 1),
               (os.POSIX_SPAWN_DUP2, log, 2)]
    actions += [(os.POSIX_SPAWN_DUP2, fd, 3 + i) for i, fd in enumerate(high)]
    pid = os.posix_spawn(command[0], command, environment, file_actions=actions,
                         setsigmask=[], setsigdef=range(1, signal.NSIG - 34))
    for fd in high:
        os.close(fd)
    return pid


class Worker:
    """One worker process on the app in `folder`. Use as a context manager."""

    def __init__(self, folder, target="main:app", python=sys.executable, environment=(), listener=None, **config):
        self.listener = listener or socket.create_server(("127.0.0.1", 0))
        self.log = tempfile.TemporaryFile()
        self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(20)
        self.status = None
        variables = {**os.environ, **dict(environment)}
        if SANITIZED:
            variables.update(LD_PRELOAD=_asan_runtime(), ASAN_OPTIONS="detect_leaks=0")
        shell = f"cd {shlex.quote(str(folder))} && exec {shlex.quote(str(python))} {shlex.quote(str(PROGRAM))}"
        self.pid = spawn(["/bin/sh", "-c", shell], [theirs.fileno(), self.listener.fileno()], variables,
                         self.log.fileno())
        theirs.close()
        values = {**DEFAULTS, "listeners": "1", "target": target, "app-dir": str(folder)}
        values.update({key.replace("_", "-"): str(value) for key, value in config.items()})
        pairs = b"".join(f"{key}\0{value}\0".encode() for key, value in values.items())
        self.send(CONFIG, pairs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def address(self):
        name = self.listener.getsockname()
        return f"unix:{name}" if isinstance(name, str) else f"{name[0]}:{name[1]}"

    @property
    def output(self):
        """What the worker has written so far."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def send(self, kind, body=b""):
        self.channel.send(struct.pack(">BBH", VERSION, kind, 0) + body)

    def receive(self):
        """The next message as (type, body); (None, b"") at the end of file."""
        data = self.channel.recv(MESSAGE_MAX)
        return (data[1], data[4:]) if data else (None, b"")

    def ready(self):
        """Returns self once the worker serves."""
        kind, body = self.receive()
        if kind == FAILED:
            failure = decode_failure(body)
            raise AssertionError(f"{failure.stage}: {failure.message}\n{failure.detail}\n{self.output}")
        assert kind == READY, f"message {kind} instead of READY; output:\n{self.output}"
        return self

    def failure(self):
        kind, body = self.receive()
        assert kind == FAILED, f"message {kind} instead of FAILED; output:\n{self.output}"
        return decode_failure(body)

    def fetch(self, path="/", **request):
        return http.fetch(self.address, path, **request)

    def connect(self):
        return http.Connection(self.address)

    def wait(self, timeout=20):
        """The exit status, negative for a signal."""
        if self.status is None:
            pidfd = os.pidfd_open(self.pid)
            try:
                ready, _, _ = select.select([pidfd], [], [], timeout)
                assert ready, f"worker {self.pid} did not exit; output:\n{self.output}"
            finally:
                os.close(pidfd)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def stop(self):
        """An orderly end; returns the exit status."""
        self.send(DRAIN)
        return self.wait()

    def close(self):
        if self.status is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.wait()
        self.channel.close()
        self.listener.close()
        self.log.close()
