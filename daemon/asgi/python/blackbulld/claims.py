"""In a worker that was born in a nursery: whether what was imported there may stand for what would be imported here.

A module that was imported ahead found the environment and sys.path as the application had left them when it imported
that module last time. Before the application gets it, they are compared: code that was changed may set another
variable before. A worker in doubt asks to be started anew, without the nursery.
"""

import builtins
import sys

from blackbulld import _blackbulld, errors


class View:
    """What a module could see of its process while it was imported."""

    def __init__(self, path):
        self.environment = _blackbulld.environment()
        self.path = path

    def difference(self):
        """What is different now, or None."""
        if sys.path != self.path:
            return "sys.path"
        if sorted(self.environment.split(b"\0")) != sorted(_blackbulld.environment().split(b"\0")):
            return "os.environ"
        return None


class Claims:
    """Stands in for builtins.__import__ while the application is loaded. `entries`: module -> (entry, View).

    An entry is a module that the application imports; the others came with it.
    """

    def __init__(self, entries, replacing):
        self.entries = entries
        self.replacing = replacing  # modules that would have had to come first
        self.claimed = set()
        self.watching = False

    def install(self):
        self.watching = True
        self.original = builtins.__import__
        builtins.__import__ = self.importing

    def remove(self):
        self.watching = False  # somebody may have kept it
        if builtins.__import__ == self.importing:
            builtins.__import__ = self.original

    def importing(self, name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and self.watching:
            for part in parents(name):
                self.claim(part)
            for part in fromlist or ():
                self.claim(f"{name}.{part}")
        return self.original(name, globals, locals, fromlist, level)

    def claim(self, name):
        if name in self.replacing:
            give_up(f"{name} replaces parts of the standard library")
        entry, view = self.entries.get(name, (None, None))
        if view is None or entry in self.claimed or name in self.claimed:
            return
        difference = view.difference()
        if difference:
            give_up(f"{name} was imported ahead with another {difference}")
        self.claimed.add(name)


def parents(name):
    """The packages that a module is in, the outermost first, and the module."""
    end = name.find(".")
    while end >= 0:
        yield name[:end]
        end = name.find(".", end + 1)
    yield name


def give_up(reason):
    """Ask to be started cold, and leave."""
    _blackbulld.retry(reason)
    errors.leave()
