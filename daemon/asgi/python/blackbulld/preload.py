"""The steps of an application, taken ahead of time in the nursery, each of them checked.

A process that is forked has one thread, and shares its descriptors. So a module that starts a thread or opens something
when it is imported spoils the nursery, and so does one that changes what others see. Each module is looked at
before and after its code is executed. The rest of the steps is then taken to learn who else must be left out (whoever
imports such a module), and another nursery is made without them.
"""

import gc
import os
import sys

from blackbulld import _blackbulld, claims, errors, imports

SPOILS = ("starts a thread", "keeps something open", "changes os.environ", "changes sys.path",
          "changes how modules are found, or the current directory")


class Blocked(BaseException):
    """An import that is not to happen here. No ImportError: modules that can do without would be half made."""


class Execution:
    """The code of one module, while it is executed."""

    def __init__(self, name):
        self.name = name
        self.before = state()

    def excuse(self, before, after):
        """Somebody else has changed that."""
        self.before = [new if old != new else mine for mine, old, new in zip(self.before, before, after)]


class Preloader:
    def __init__(self, steps):
        values = {kind: [step[1:] for step in steps if step[0] == kind] for kind in "xrs"}
        self.steps = steps
        self.excluded = set(values[imports.EXCLUDE])
        self.own = imports.Ownership(values[imports.USERS])
        self.shadows = values[imports.SHADOW]
        self.asked = set()  # names without dots that were looked for, found or not
        self.entries = {}  # module -> (the step that brought it, View)
        self.path = self.shadows + sys.path  # as the application has it
        self.paths = [self.path]  # each that there was
        self.running = []  # executions, the innermost last
        self.reason = ""
        self.spoilers = set()  # what is not to be imported in the next nursery; this one is of no use then

    # -- steps ----------------------------------------------------------------------------------

    def take(self):
        """Take all of the steps. Afterwards the process is as it was, but for the modules."""
        environment, path = dict(os.environ), sys.path[:]
        sys.meta_path.insert(0, self)
        self.view = claims.View(self.path)
        for step in self.steps:
            self.step(step[0], step[1:])
        sys.meta_path.remove(self)
        restore_environment(environment)
        sys.path[:] = path
        hidden = self.hidden()
        if hidden:
            self.spoil(hidden[1], [hidden[0]])

    def step(self, kind, value):
        if kind == imports.IMPORT:
            if value not in sys.modules and not self.is_excluded(value):
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

    def load(self, name):
        before = set(sys.modules)
        self.blocked = set()
        whole = Execution(name)
        self.running = [whole]
        try:
            __import__(name)
        except Blocked:
            pass
        except BaseException as error:  # SystemExit too
            chain = [name, *bodies_of(error.__traceback__)]
            self.spoil(f"{name} cannot be imported ahead: {errors.summary(error)}", chain)
        self.check(whole)
        new = [module for module in sys.modules if module not in before]
        # What was blocked before anything was loaded has left nothing half done.
        if self.blocked and new:
            self.spoil("", self.blocked)
        for module in new:
            if self.own.of_module(sys.modules[module]):
                self.spoil(f"{name} imports {module}, which is the application's own", [name, module])
            self.entries[module] = (name, self.view)

    def is_excluded(self, name):
        """Whether it, or a package that it is in, is to be left out."""
        while name not in self.excluded and "." in name:
            name = name.rpartition(".")[0]
        return name in self.excluded

    # -- checks ---------------------------------------------------------------------------------

    def find_spec(self, name, path=None, target=None):
        if "." not in name:
            self.asked.add(name)
        if name in self.excluded:
            self.blocked.update(execution.name for execution in self.running)
            raise Blocked(name)
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                self.follow(spec)
                return spec
        return None

    def follow(self, spec):
        """Have the module's code executed by us, if it has a loader of its own."""
        loader = spec.loader
        if getattr(loader, "name", None) != spec.name or not hasattr(loader, "__dict__"):
            return

        def execute(module):
            del loader.exec_module
            execution = Execution(spec.name)
            self.running.append(execution)
            try:
                loader.exec_module(module)
            finally:
                self.check(execution)
                self.running.remove(execution)

        loader.exec_module = execute

    def check(self, execution):
        now = state()
        if now != execution.before:
            gc.collect()
            now = state()
        if now == execution.before:
            return
        what = next(text for text, old, new in zip(SPOILS, execution.before, now) if old != new)
        self.spoil(f"{execution.name} {what} when it is imported", [other.name for other in self.running])
        before = execution.before
        for other in self.running:
            other.excuse(before, now)

    def spoil(self, reason, names):
        self.reason = self.reason or reason
        self.spoilers.update(filter(None, names))

    def hidden(self):
        """A module for which another of the user's own would have been found: its name, and a sentence. Or None."""
        folders = {entry for path in self.paths for entry in path}.difference(self.shadows)
        for folder in [*self.shadows, *filter(self.own.of_folder, folders)]:
            for name in sorted(self.asked.intersection(modules_in(folder))):
                return name, f"{os.path.join(folder, name)} hides the module {name}"
        return None


def state():
    """What an import must leave as it is, in the order of SPOILS."""
    return [len(os.listdir("/proc/self/task")), os.listdir("/proc/self/fd"), _blackbulld.environment(),
            sys.path[:], imports.machinery()]


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
