"""A real blackbulld with its log, and the folder in which a test keeps everything it makes."""

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from support import build, http, process
from support.wait import TimedOut, until

SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|runtime error: ")
SETTLED = r"generation (\d+) (serving|failed)"


class Log:
    """Lines that arrive on some pipes; whoever waits for one is woken when it comes."""

    def __init__(self):
        self.lines = []
        self._changed = threading.Condition()
        self._readers = []

    def follow(self, pipe):
        reader = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._readers.append(reader)
        reader.start()

    def join(self, timeout):
        """Until the pipes are at their end: what a process said last may be read after its exit."""
        for reader in self._readers:
            reader.join(timeout)

    def _read(self, pipe):
        with pipe:
            for raw in pipe:
                self._tell([raw.decode(errors="replace").rstrip("\n")])
        self._tell([])

    def _tell(self, lines):
        with self._changed:
            self.lines += lines
            self._changed.notify_all()

    def text(self):
        return "\n".join(self.lines)

    def find(self, pattern, start=0):
        """The first match at or after line `start`, else None."""
        return next(filter(None, (re.search(pattern, line) for line in self.lines[start:])), None)

    def wait(self, pattern, timeout, start=0, gone=lambda: False):
        """The match; fails early when `gone` says that nothing can come any more."""
        end = time.monotonic() + timeout
        with self._changed:
            while not self.find(pattern, start) and time.monotonic() < end:
                last = gone()
                if not self._changed.wait(0.1) and last:
                    break
        match = self.find(pattern, start)
        if not match:
            raise TimedOut(f'no line with "{pattern}" in:\n' + "\n".join(self.lines[start:]))
        return match


class Daemon:
    """One run of blackbulld. Make it with Box.daemon(), which also ends it."""

    def __init__(self, box, command, cwd, env, output, pass_fds):
        self.box = box
        self.log = Log()
        with open(output, "wb") if output else contextlib.nullcontext(subprocess.PIPE) as pipe:
            self.process = subprocess.Popen(list(map(str, command)), cwd=cwd, env=env,
                                            stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe,
                                            pass_fds=pass_fds)
        for pipe in filter(None, (self.process.stdout, self.process.stderr)):
            self.log.follow(pipe)

    @property
    def pid(self):
        return self.process.pid

    def wait_log(self, pattern, timeout=15, start=0):
        def gone():
            return self.process.poll() is not None

        return self.log.wait(pattern, timeout * build.SLOWNESS, start, gone)

    def wait_serving(self):
        """Waits for the verdict on the first generation, which is to serve. Returns the daemon."""
        match = self.wait_log(SETTLED)
        assert match.group(2) == "serving", self.log.text()
        return self

    @property
    def address(self):
        """host:port or unix:/path of the first listening socket, as `status` gives it."""
        return self.status()["binds"][0]["address"]

    def status(self):
        return self.box.ctl_json("status")

    def get(self, path="/", **options):
        """One request on a connection of its own that is to be answered."""
        answer = http.fetch(self.address, path, **options)
        assert answer.kind == http.OK, f"{path}: {answer.kind}\n{self.log.text()}"
        return answer

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, timeout=15):
        status = self.process.wait(timeout * build.SLOWNESS)
        self.log.join(timeout=2)
        return status

    def stop(self):
        """Stops it as an init system would. Returns the exit status."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait_exit()

    def children(self):
        return process.children(self.pid)


class Box:
    """A test's own world: project folder, runtime folder, environment, and the daemons it started."""

    def __init__(self):
        # Short, since the path of a Unix socket holds 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="bb-", dir="/tmp"))
        self.project = self.folder / "project"
        self.runtime = self.folder / "run"
        self.project.mkdir()
        self.runtime.mkdir(mode=0o700)
        path = f"{build.python_folder(self.folder / 'bin')}:{os.environ['PATH']}"
        clean = {k: v for k, v in os.environ.items()
                 if not k.startswith(("BLACKBULL", "LISTEN_", "NOTIFY_", "PYTEST", "PYTHON"))}
        self.env = {**clean, "PATH": path, "XDG_RUNTIME_DIR": str(self.runtime),
                    "BLACKBULL_TEST_BOX": str(self.folder), "NO_COLOR": "1"}
        self.daemons = []
        self._temporary = itertools.count()

    # -- files ----------------------------------------------------------------------------------

    def write(self, name, text):
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def save(self, name, text, by="in place"):
        """Saves as editors do: into the file itself, or into another that takes its name."""
        if by == "in place":
            return self.write(name, text)
        assert by == "rename", by
        path = self.project / name
        other = path.with_name(f".{path.name}.{next(self._temporary)}.tmp")
        other.write_text(text)
        other.replace(path)
        return path

    def instances(self):
        """The instance folders, of living and of ended daemons."""
        return sorted((self.runtime / "blackbulld").glob("*/"))

    def admin_socket(self):
        sockets = list(self.runtime.glob("blackbulld/*/admin.sock"))
        assert len(sockets) == 1, sockets
        return sockets[0]

    # -- programs -------------------------------------------------------------------------------

    def daemon(self, *arguments, cwd=None, env=None, program=build.DAEMON, bind="127.0.0.1:0",
               output=None, pass_fds=()):
        """Starts a daemon. `bind` None leaves the address to the arguments or the configuration;
        `output` is a file for what it writes, which Daemon.log has otherwise."""
        command = [program, *(("--bind", bind) if bind else ()), *arguments]
        daemon = Daemon(self, command, cwd or self.project, {**self.env, **(env or {})}, output,
                        pass_fds)
        self.daemons.append(daemon)
        return daemon

    def run(self, *command, timeout=60, **options):
        """Runs a program to its end and returns what it wrote."""
        options = {"cwd": self.project, "env": self.env, **options}
        return subprocess.run(list(map(str, command)), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=timeout, **options)

    def get(self, address, path="/"):
        """One request to an address of `status`, which names Unix sockets as they were given."""
        if address.startswith("unix:"):
            address = f"unix:{self.project / address[len('unix:'):]}"
        answer = http.fetch(address, path)
        assert answer.kind == http.OK, f"{address}{path}: {answer.kind}"
        return answer

    def ctl(self, *arguments, **options):
        return self.run(build.CTL, *arguments, **options)

    def ctl_json(self, *arguments, status=0):
        """The object that `blackbullctl --json` prints; it is to exit with `status`."""
        result = self.ctl("--json", *arguments)
        assert result.returncode == status, f"{arguments}: exit {result.returncode}\n{result.stderr}"
        return json.loads(result.stdout)

    # -- the end --------------------------------------------------------------------------------

    def processes(self):
        """Everything alive that was started from here, adopted or not."""
        return process.marked(f"BLACKBULL_TEST_BOX={self.folder}\0".encode())

    def logs(self):
        return [(f"blackbulld, pid {d.pid}", d.log.text()) for d in self.daemons]

    def close(self):
        """Ends everything. Returns what should not have been found: one line each."""
        complaints = []
        for daemon in self.daemons:
            try:
                daemon.stop()
            except subprocess.TimeoutExpired:
                complaints.append(f"blackbulld {daemon.pid} did not stop on SIGTERM")
            if SANITIZER_REPORT.search(daemon.log.text()):
                complaints.append(f"a sanitizer complained:\n{daemon.log.text()}")
        try:
            until(lambda: not self.processes(), 2 * build.SLOWNESS)
        except TimedOut:
            left = {pid: process.status(pid).get("Name") for pid in self.processes()}
            complaints.append(f"processes left behind: {left}")
        process.kill_all(self.processes())
        for daemon in self.daemons:
            daemon.wait_exit()
        shutil.rmtree(self.folder)
        return complaints
