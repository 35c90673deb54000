"""Clients that stay for the whole of a long run, each in a thread of its own: they ask, listen or call blackbullctl."""

import contextlib
import random
import re
import threading
import time

from support.sp import HELLO_PUB, HELLO_SUB, Admin, Stream
from support.wait import pause, until

SEQ = re.compile(rb'"seq":(\d+)')


class Client:
    """Repeats step() until the `with` block ends; the first error ends it early and is kept."""

    pace = 0.0

    def __init__(self):
        self.error = None
        self.steps = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self.hang_up()
        self._thread.join(60)
        assert not self._thread.is_alive(), f"{self} hangs"

    def __str__(self):
        return f"{type(self).__name__} after {self.steps} steps"

    def _run(self):
        try:
            while not self._stop.is_set():
                self.step()
                self.steps += 1
                pause(self.pace)
        except (AssertionError, OSError) as error:
            if not self._stop.is_set():
                self.error = f"{self}: {error!r}"

    def hang_up(self):
        """Wakes a step that waits for the daemon."""


class Asker(Client):
    """One connection for everything; mostly questions, now and then a reload. Remembers how long each question took."""

    def __init__(self, path, seed, reload_every=20, pace=0.005):
        super().__init__()
        self.pace = pace
        self._admin = Admin(path)
        self._random = random.Random(seed)
        self._reload_every = reload_every
        self.times_ms = []
        self.reloads = 0

    def step(self):
        if self._reload_every and self._random.randrange(self._reload_every) == 0:
            generation = self._admin.call("reload")["generation"]
            assert generation["state"] in ("serving", "draining", "retired"), generation
            self.reloads += 1
            return
        began = time.perf_counter()
        self._admin.call(self._random.choice(["status", "status", "hello"]))
        self.times_ms.append((time.perf_counter() - began) * 1000)


class Listener(Client):
    """Subscribed to the events; each must have the number after the one before."""

    def __init__(self, path):
        super().__init__()
        self._stream = Stream(path, HELLO_SUB, HELLO_PUB)
        # There may be nothing to tell for long; hang_up() ends the waiting.
        self._stream.socket.settimeout(None)
        self.first = self.last = None

    def step(self):
        event = self._stream.receive()
        seq = int(SEQ.search(event).group(1))
        self.first = self.first or seq
        assert self.last is None or seq == self.last + 1, f"event {seq} after {self.last}"
        self.hear(event)
        self.last = seq

    def hear(self, event):
        """What it does with an event, as JSON."""

    def hang_up(self):
        with contextlib.suppress(OSError):
            self._stream.socket.shutdown(2)

    def wait(self, seq, timeout=30.0):
        """Until it has seen event `seq`."""
        until(lambda: self.error or (self.last or 0) >= seq, timeout, f"event {seq}; {self.last} was the last")


class Caller(Client):
    """Starts `blackbullctl status` again and again, each a process and a connection of its own."""

    def __init__(self, box, pace=0.05):
        super().__init__()
        self.pace = pace
        self._box = box
        self.times_ms = []

    def step(self):
        began = time.perf_counter()
        result = self._box.ctl("status")
        self.times_ms.append((time.perf_counter() - began) * 1000)
        assert result.returncode == 0, f"exit {result.returncode}: {result.stderr}"


def errors_of(clients):
    return [client.error for client in clients if client.error]


def percentile(values, percent):
    """The value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
