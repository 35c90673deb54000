"""The nursery: a process that has imported what an application needs, and forks workers that go on from there.

It is started as a worker is, and told by its first message that it is none; so a worker that it bears is what a cold one
is at the same point. It has one thread, opens nothing and has no loop: between births it sleeps in recvmsg(2).
It is never needed: at any doubt a worker starts without it.
"""

import gc
import io
import os
import signal
import sys
import threading
import time

from blackbulld import _blackbulld, claims, errors, freshness, imports, preload

PATIENCE = 1000  # ms: then whoever prepared for a reload did it for nothing
VALID = 0.25  # s, from looking whether everything is as it was to a birth


def run():
    """Returns in each worker that is born, with its claims. The nursery itself ends with the master."""
    # Ctrl-C is for the master, and reaches everybody at the terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nursery = warm_up(_blackbulld.preload())
    try:
        while True:
            nursery.serve()
    except Born:
        begin()
        return nursery.claims()


class Born(Exception):
    """Raised in a worker that was born: it leaves everything that is the nursery's."""


def warm_up(steps):
    # What every worker needs, as early as in a cold start.
    from blackbulld import boot, fresh, interface, lifespan, loader, loops, request, server  # noqa: F401

    nursery = Nursery(preload.Preloader(steps))
    nursery.preload()
    gc.collect()
    gc.freeze()
    _blackbulld.warm(len(sys.modules))
    return nursery


class Nursery:
    def __init__(self, preloader):
        self.preloader = preloader
        self.master = os.getppid()
        self.eggs = []  # sockets of processes that wait to become workers
        self.wanted = 0  # of these
        self.checked = 0  # when we last looked whether everything is as it was
        self.reason = None  # what we found then

    def preload(self):
        since = time.time_ns()
        ear = freshness.Ear()
        sys.addaudithook(ear)
        self.preloader.take()
        ear.listening = False
        if self.preloader.spoilers:
            _blackbulld.spoilt(self.preloader.reason, sorted(self.preloader.spoilers))
            errors.leave()
        own = self.preloader.own
        path = {entry for path in self.preloader.paths for entry in path}
        self.files = freshness.Identities(
            [*ear.paths(own), *freshness.of_modules(sys.modules, own), *freshness.of_installation(path, own)], since)

    def claims(self):
        return claims.Claims(self.preloader.entries, imports.REPLACING)

    def serve(self):
        """Do what the master wants next. Comes back in the nursery only."""
        missing = len(self.eggs) < self.wanted
        request = _blackbulld.next(0 if missing else PATIENCE if self.eggs else -1)
        if request:
            getattr(self, request[0])(*request[1:])
        elif missing:
            self.eggs.append(self.lay())
        else:
            drop(self.eggs)
            self.wanted = 0

    def prepare(self, workers, asked):
        """Workers will be wanted when the master has made up its mind and executed itself: what is done by then is done."""
        self.wanted = workers
        if asked:
            self.checked = time.monotonic()
            self.reason = self.stale()

    def spawn(self, token, descriptors):
        if time.monotonic() - self.checked > VALID:
            self.reason = self.stale()
        try:
            if not self.reason:
                self.hatch(descriptors)
        except OSError as error:
            self.reason = f"it cannot fork: {error.strerror}"
        if self.reason:
            self.wanted = 0
            _blackbulld.refuse(token, self.reason)
        drop(descriptors)

    def hatch(self, descriptors):
        self.wanted = max(self.wanted - 1, 0)
        egg = self.eggs.pop(0) if self.eggs else self.lay()
        try:
            _blackbulld.hatch(egg, descriptors)
        finally:
            os.close(egg)

    def lay(self):
        """The socket of a new egg. What becomes of that goes its own way from here."""
        errors.flush()
        egg = _blackbulld.lay(self.master)
        if egg is None:
            raise Born
        return egg

    def stale(self):
        """Why no worker can be born any more, or None."""
        changed = self.files.changed()
        if changed:
            return f"{changed} has changed"
        hidden = self.preloader.hidden()
        return hidden[1] if hidden else None


def drop(descriptors):
    while descriptors:
        os.close(descriptors.pop())


def begin():
    """In a newborn worker: what a fork alone leaves as it was in the nursery."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    reopen_stdin()
    main_thread = threading.main_thread()
    if hasattr(main_thread, "_set_native_id"):
        main_thread._set_native_id()  # what gdb and py-spy call it; CPython forgets that
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()  # its own generator is not seeded anew by fork(), as random's is


def reopen_stdin():
    """The nursery's own is /dev/null; what Python found out about that need not hold for another."""
    if os.path.samestat(os.fstat(0), os.stat(os.devnull)):
        return
    old, buffer = sys.stdin, open(0, "rb", closefd=False)
    buffer.raw.name = "<stdin>"
    sys.stdin = io.TextIOWrapper(buffer, old.encoding, old.errors, line_buffering=os.isatty(0))
    sys.stdin.mode = "r"
    sys.__stdin__ = sys.stdin
