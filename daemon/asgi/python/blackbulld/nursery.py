"""The nursery: a process that has imported what an application needs, and forks workers that go on from there.

It is started as a worker is, and told by its first message that it is none; so a worker that it bears is what a cold one
is at the same point. It has one thread, opens nothing and has no loop: between births it sleeps in recvmsg(2).
It is never needed: at any doubt a worker starts without it.
"""

import gc
import importlib
import io
import os
import signal
import sys
import threading
import time

from blackbulld import _blackbulld, claims, errors, freshness, imports, preload


def run():
    """Returns in each worker that is born, with its claims. The nursery itself ends with the master."""
    # Ctrl-C is for the master, and reaches everybody at the terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nursery = warm_up(_blackbulld.preload())
    while True:
        token, master, descriptors = _blackbulld.next()
        if nursery.bears(token, master, descriptors):
            begin()
            return nursery.claims()


def warm_up(steps):
    # What every worker needs, as early as in a cold start; and what invalidate_caches() needs.
    from blackbulld import boot, interface, lifespan, loader, loops, request, server  # noqa: F401

    importlib.invalidate_caches()
    nursery = Nursery(preload.Preloader(steps))
    nursery.preload()
    gc.collect()
    gc.freeze()
    _blackbulld.warm(len(sys.modules))
    return nursery


class Nursery:
    def __init__(self, preloader):
        self.preloader = preloader

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

    def bears(self, token, master, descriptors):
        """Returns True in the worker."""
        reason = self.stale()
        if reason:
            _blackbulld.refuse(token, reason)
            for descriptor in descriptors:
                os.close(descriptor)
            return False
        errors.flush()
        try:
            return _blackbulld.bear(master, descriptors)
        except OSError as error:
            _blackbulld.refuse(token, f"cannot fork: {error.strerror}")
            return False

    def stale(self):
        """Why no worker can be born any more, or None."""
        changed = self.files.changed()
        if changed:
            return f"{changed} has changed"
        hidden = self.preloader.hidden()
        return hidden[1] if hidden else None


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
    importlib.invalidate_caches()


def reopen_stdin():
    """The nursery's own is /dev/null; what Python found out about that need not hold for another."""
    if os.path.samestat(os.fstat(0), os.stat(os.devnull)):
        return
    old, buffer = sys.stdin, open(0, "rb", closefd=False)
    buffer.raw.name = "<stdin>"
    sys.stdin = io.TextIOWrapper(buffer, old.encoding, old.errors, line_buffering=os.isatty(0))
    sys.stdin.mode = "r"
    sys.__stdin__ = sys.stdin
