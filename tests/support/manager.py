"""A service manager as systemd is one: it starts a daemon with sockets, and hears what it notifies."""

import fcntl
import os
import shlex
import socket

from support import build

VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class Manager:
    """Use as a context manager."""

    def __init__(self, box):
        self.box = box
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = str(box.folder / "notify")
        self.socket.bind(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def start(self, *arguments, sockets=(), names=(), env=None, bind=None):
        """A daemon with `sockets` as its descriptors from 3 on, by LISTEN_FDS."""
        variables = {"NOTIFY_SOCKET": self.path, **(env or {})}
        if sockets:
            variables.update(LISTEN_FDS=str(len(sockets)), LISTEN_FDNAMES=":".join(names))
        script = ["export LISTEN_PID=$$;" if sockets else "", "exec"]
        script += [shlex.quote(str(word)) for word in (build.DAEMON, *arguments)]
        # First out of the way, then to their places, as descriptor 3 may be one of them.
        high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 200) for s in sockets]
        script += [f"{3 + i}<&{fd} {fd}<&-" for i, fd in enumerate(high)]
        if bind:
            script += ["--bind", bind]
        try:
            # bash alone knows descriptors of three digits.
            return self.box.daemon("-c", " ".join(script), program=build.program("bash"), bind=None,
                                   env=variables, pass_fds=high)
        finally:
            for fd in high:
                os.close(fd)

    def hear(self, timeout=15):
        """The next message as a dict."""
        self.socket.settimeout(timeout * build.SLOWNESS)
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().split("\n"))

    def hear_until(self, key, value="1"):
        """The messages up to the first with `key`=`value`, watchdog's signs of life left out."""
        heard = [{}]
        while heard[-1].get(key) != value:
            message = self.hear()
            if "WATCHDOG" not in message:
                heard.append(message)
        return heard[1:]
