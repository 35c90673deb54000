"""The steps of an application, taken ahead of time in the nursery, each of them checked.

A process that is forked has one thread, and shares its descriptors. So a module that starts a thread or opens something
when it is imported spoils the nursery, and so does one that changes what others see; it and everything that
imports it are left for the workers to import. Who spoilt it is noticed at the next import, by whose code was
running.
"""

import gc
import os
import sys

from blackbulld import _blackbulld, claims, errors, imports

SPOILS = ("starts a thread", "keeps something open", "changes os.environ", "changes sys.path",
          "changes how modules are found, or the current directory")


class Spoilt(Exception):
    """The nursery is of no use. `names` are not to be imported in the next one."""

    def __init__(self, reason, names):
        super().__init__(reason)
        self.names = sorted(filter(None, set(names)))


class Blocked(BaseException):
    """An import that is not to happen here. No ImportError: modules that can do without would be half made."""


class Preloader:
    def __init__(self, steps):
        values = {kind: [step[1:] for step in steps if step[0] == kind] for kind in "xrs"}
        self.steps = steps
        self.excluded = set(values[imports.EXCLUDE])
        self.own = imports.Ownership(values[imports.USERS])
        self.shadows = values[imports.SHADOW]
        self.asked = set()  # names without dots that were looked for, found or not
        self.entries = {}
        self.path = self.shadows + sys.path  # as the application has it
        self.paths = [self.path]  # each that there was
        self.last = None  # the module that was looked for last
        self.suspects = None  # whose code was running when something was first found changed

    # -- steps ----------------------------------------------------------------------------------

    def take(self):
        """Take all of the steps. Afterwards the process is as it was, but for the modules."""
        environment, path = dict(os.environ), sys.path[:]
        sys.meta_path.insert(0, self)
        self.view = claims.View(self.path)
        self.state = state()
        try:
            for step in self.steps:
                self.step(step[0], step[1:])
        finally:
            sys.meta_path.remove(self)
            restore_environment(environment)
            sys.path[:] = path

    def step(self, kind, value):
        if kind == imports.IMPORT:
            if value not in sys.modules and value not in self.excluded:
                self.load(value)
            return
        if kind == imports.SET:
            name, _, text = value.partition("=")
            os.environ[name] = text
        elif kind == imports.UNSET:
            os.environ.pop(value, None)
        elif kind == imports.PATH:
            self.path = value.split("\0")
            self.paths.append(self.path)
            sys.path[:] = [entry for entry in self.path if not self.own.of_folder(entry)]
        else:
            return
        self.view = claims.View(self.path)
        self.state = state()

    def load(self, name):
        before = set(sys.modules)
        self.blocked = None
        self.suspects = None
        try:
            __import__(name)
        except Blocked:
            pass
        except BaseException as error:  # SystemExit too
            running = [name, *bodies_of(error.__traceback__)]
            raise Spoilt(f"{name} cannot be imported ahead: {errors.summary(error)}", running) from error
        if self.blocked:
            raise Spoilt("", [name, *self.blocked])
        self.check(name)
        for new in [module for module in sys.modules if module not in before]:
            if self.own.of_module(sys.modules[new]):
                raise Spoilt(f"{name} imports {new}, which is the application's own", [name, new])
            self.entries[new] = (name, self.view)

    # -- checks ---------------------------------------------------------------------------------

    def find_spec(self, name, path=None, target=None):
        running = imports.bodies(sys._getframe(1))
        if "." not in name:
            self.asked.add(name)
        if name in self.excluded:
            self.blocked = list(running)
            raise Blocked(name)
        if self.suspects is None and state() != self.state:
            self.suspects = [self.last, *running]
        elif self.suspects and state() == self.state:
            self.suspects = None  # only for a moment
        self.last = name
        return None

    def check(self, name):
        now = state()
        if now != self.state:
            gc.collect()
            now = state()
        if now == self.state:
            return
        what = next(text for text, old, new in zip(SPOILS, self.state, now) if old != new)
        suspects = self.suspects or [self.last]
        raise Spoilt(f"{suspects[0]} {what} when it is imported", [name, *suspects])

    def hidden(self):
        """A module of the user's own that would have been found before one that was looked for here, or None."""
        folders = {entry for path in self.paths for entry in path}.difference(self.shadows)
        for folder in [*self.shadows, *filter(self.own.of_folder, folders)]:
            for name in sorted(self.asked.intersection(modules_in(folder))):
                return folder, name
        return None


def state():
    """What an import must leave as it is, in the order of SPOILS."""
    return (len(os.listdir("/proc/self/task")), os.listdir("/proc/self/fd"), _blackbulld.environment(),
            sys.path[:], imports.machinery())


def restore_environment(variables):
    for name in set(os.environ).difference(variables):
        del os.environ[name]
    for name, value in variables.items():
        if os.environ.get(name) != value:
            os.environ[name] = value


def bodies_of(trace):
    """The modules whose code an exception went through."""
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "<module>":
            yield trace.tb_frame.f_globals.get("__name__")
        trace = trace.tb_next


def modules_in(folder):
    """The names of modules and packages in a folder of sys.path."""
    try:
        with os.scandir(folder or os.curdir) as entries:
            for entry in entries:
                name, dot, _ = entry.name.partition(".")
                if dot and entry.name.endswith((".py", ".so", ".pyc")):
                    yield name
                elif not dot and os.path.exists(os.path.join(entry.path, "__init__.py")):
                    yield name
    except OSError:
        return
