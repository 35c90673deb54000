"""Whether the files that some modules were made of are still the same."""

import os
import site
import sys
import time

from blackbulld import _blackbulld, imports

# The time of a change is taken from a clock that ticks: what changed in the same tick looks unchanged.
TICK = 10_000_000  # ns
IDENTITY = 32  # bytes, of which the last 8 are the time of change
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
PSEUDO = ("/proc/", "/dev/", "/sys/")


class Identities:
    """Files and folders as they are now, to be compared with later. What changed since `since` counts as changed."""

    def __init__(self, paths, since):
        self.paths = sorted({os.fsencode(path) for path in paths})
        self.seen = _blackbulld.identify(self.paths)
        span = range(since - TICK, time.time_ns())
        self.racy = next((path for path, seen in self.each(self.seen) if changed_at(seen) in span), None)

    def changed(self):
        """The first path that is not what it was, or None."""
        if self.racy is not None:
            return os.fsdecode(self.racy)
        now = _blackbulld.identify(self.paths)
        if now == self.seen:
            return None
        pairs = zip(self.each(now), self.each(self.seen))
        return next(os.fsdecode(path) for (path, new), (_, old) in pairs if new != old)

    def each(self, identities):
        for number, path in enumerate(self.paths):
            yield path, identities[number * IDENTITY : (number + 1) * IDENTITY]


def changed_at(identity):
    return int.from_bytes(identity[-8:], "big")


class Ear:
    """An audit hook: which files and folders are read. It cannot be taken off again, only told to stop."""

    def __init__(self):
        self.listening = True
        self.heard = set()

    def __call__(self, event, arguments):
        if not self.listening or event not in ("open", "os.listdir", "os.scandir"):
            return
        path = arguments[0]
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str) and not (event == "open" and arguments[2] & WRITING):
            self.heard.add((event, path))

    def paths(self, own):
        """What may make a difference. Folders of the user's own change all the time."""
        for event, path in self.heard:
            path = os.path.abspath(path)
            mere_cache = path.endswith(".pyc") or os.path.basename(path) == "__pycache__"
            if not mere_cache and not path.startswith(PSEUDO) and (event == "open" or not own.of_folder(path)):
                yield path


def of_modules(modules, own):
    """The files of modules, and the folders in which packages look for theirs."""
    for module in list(modules.values()):
        file = imports.file_of(module)
        if file:
            yield file
        for folder in imports.attribute(module, "__path__") or ():
            if not own.of_folder(folder):
                yield folder


def of_installation(path, own):
    """What decides about sys.path, and who runs."""
    program = sys.executable
    folder = os.path.dirname(program)
    yield from (program, os.path.realpath(program))
    yield from (os.path.join(place, "pyvenv.cfg") for place in (folder, os.path.dirname(folder)))
    # Another one of the name may come to stand before it, or a folder of packages that was not there.
    yield from (os.path.join(place, os.path.basename(program)) for place in os.get_exec_path())
    yield from site.getsitepackages()
    if site.ENABLE_USER_SITE:
        yield site.getusersitepackages()
    for entry in path:
        if not own.of_folder(entry):
            yield entry or os.curdir
            yield from path_files(entry)


def path_files(folder):
    """Files that add to sys.path at the start (site.py)."""
    try:
        names = os.listdir(folder or os.curdir)
    except OSError:
        return
    yield from (os.path.join(folder, name) for name in names if name.endswith(".pth"))
