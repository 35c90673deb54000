"""What an application imports, in which order, and what its process looked like meanwhile.

A nursery takes the same steps ahead of time (preload.py). Only what is installed is taken: the user's own code is the
reason for a reload. A step is a string whose first character says what it is (daemon/ipc/nursery_message.h).
"""

import os
import sys

from blackbulld import _blackbulld, fresh

IMPORT, EXCLUDE, SET, UNSET, PATH, USERS, SHADOW, NONE = "ixeuprs!"

# Finders that packages add at the end of sys.meta_path for names of their own: nobody else notices.
HARMLESS = ("_SixMetaPathImporter", "VendorImporter")

# They replace parts of the standard library, which must not have been imported before.
REPLACING = ("gevent", "eventlet")


class Ownership:
    """Tells the user's own files from everybody else's. `roots`: what is watched, and the application's folder."""

    def __init__(self, roots):
        self.roots = [os.path.realpath(root) for root in roots]
        self.known = {}  # folder -> bool

    def of_folder(self, folder):
        if folder not in self.known:
            self.known[folder] = fresh.is_watched(folder, self.roots)
        return self.known[folder]

    def of_file(self, file):
        if os.path.islink(file):
            file = os.path.realpath(file)
        return self.of_folder(os.path.dirname(file)) or file in self.roots

    def of_module(self, module):
        file = file_of(module)
        return file is not None and self.of_file(file)


def attribute(module, name):
    """What a module has itself: asking a lazy one could make it import more."""
    return getattr(module, "__dict__", {}).get(name)


def file_of(module):
    """The file that a module was loaded from, or None: namespace packages and what is built in have none."""
    spec = attribute(module, "__spec__")
    origin = getattr(spec, "origin", None) if getattr(spec, "has_location", False) else None
    file = origin or attribute(module, "__file__")
    return file if isinstance(file, str) else None


def machinery():
    """How modules are found, besides sys.path: what no nursery could put right."""
    finders = [finder for finder in sys.meta_path if type(finder).__name__ not in HARMLESS]
    try:
        return finders, sys.path_hooks[:], os.getcwd()
    except OSError:  # the folder is gone
        return finders, sys.path_hooks[:], None


def bodies(frame):
    """The names of the modules whose code is being executed, the innermost first."""
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            yield frame.f_globals.get("__name__")
        frame = frame.f_back


class Recorder:
    """A finder that finds nothing: it stands first in sys.meta_path, and writes down who is asked for."""

    def __init__(self):
        self.steps = []
        self.askers = {}  # module -> the one whose body was being executed when it was first asked for
        self.following = True

    def start(self):
        sys.meta_path.insert(0, self)
        self.machinery = machinery()
        self.environment = _blackbulld.environment()
        self.variables = dict(os.environ)
        self.path = sys.path[:]

    def stop(self):
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, name, path=None, target=None):
        self.askers.setdefault(name, next(bodies(sys._getframe(1)), None))
        if self.following and self.follow():
            self.steps.append(IMPORT + name)
        return None

    def follow(self):
        """Write down what has changed since the last import. Returns False if that cannot be done again."""
        if machinery() != self.machinery:
            self.following = False
        if _blackbulld.environment() != self.environment:
            self.follow_environment()
        if sys.path != self.path:
            self.path = sys.path[:]
            self.following &= all(isinstance(entry, str) for entry in self.path)
            if self.following:
                self.steps.append(PATH + "\0".join(self.path))
        return self.following

    def follow_environment(self):
        now = dict(os.environ)
        steps = [f"{SET}{name}={value}" for name, value in now.items() if self.variables.get(name) != value]
        steps += [UNSET + name for name in self.variables if name not in now]
        # Something that os.environ does not know of, put there by C.
        self.following &= bool(steps)
        self.steps += steps
        self.variables, self.environment = now, _blackbulld.environment()


def choose(steps, askers, own, modules):
    """The steps that are worth taking ahead. `modules` is what came of them: sys.modules."""

    def is_foreign(name):
        module = modules.get(name)
        spec = attribute(module, "__spec__")
        return getattr(spec, "name", None) == name and file_of(module) is not None and not own.of_module(module)

    tainted = {}
    for name, asker in askers.items():
        if name in modules and own.of_module(modules[name]):
            # Installed, but it imports the user's code: whoever imports it gets a part of that.
            while is_foreign(asker) and asker not in tainted:
                tainted[asker] = True
                asker = askers.get(asker)
    chosen = [step for step in steps if step[0] != IMPORT or is_foreign(step[1:]) and step[1:] not in tainted]
    while chosen and chosen[-1][0] != IMPORT:
        chosen.pop()
    return [EXCLUDE + name for name in tainted] + chosen


def forbidding(modules):
    """The step that says that there can be no nursery, in a list; empty if there can."""
    reasons = [f"{name} replaces parts of the standard library" for name in REPLACING if name in modules]
    if sys.gettrace() or sys.getprofile():
        reasons.append("a debugger or profiler follows the application")
    return [NONE + reason for reason in reasons[:1]]


class Journal:
    """The imports of one worker, from before its application is loaded until it ends.

    `claims`: what it was born with, None in a cold start. `tells`: the master wants to know; one worker is enough.
    """

    def __init__(self, own, claims, tells):
        self.own = own
        self.claims = claims
        self.tells = tells
        self.recorder = Recorder()
        self.recorder.start()
        if claims:
            claims.install()

    def ready(self):
        """The worker serves: what is imported from now on is no part of its start."""
        followed = self.recorder.following and self.recorder.follow()
        self.recorder.stop()
        if self.claims:
            self.claims.remove()
        self.before = set(sys.modules)
        # Where the recorder lost track, nobody knows what a later import depends on.
        self.settled = self.surroundings() if followed else None

    def surroundings(self):
        return _blackbulld.environment(), sys.path[:], machinery()

    def report(self):
        whole = self.claims is None
        recorder = self.recorder
        steps = forbidding(sys.modules) or choose(recorder.steps, recorder.askers, self.own, sys.modules)
        if self.tells and (steps or whole):
            tell(steps, whole)

    def report_late(self):
        """What requests imported when they first needed it is worth having from the start, next time."""
        late = [name for name in sys.modules if name not in self.before]
        if not self.tells or not late or forbidding(late) or self.surroundings() != self.settled:
            return
        steps = choose([IMPORT + name for name in late], {}, self.own, sys.modules)
        if steps:
            tell(steps, False)


def tell(steps, whole):
    try:
        _blackbulld.modules(steps, whole)
    except OSError:  # the master is gone, or deaf; that is noticed elsewhere
        pass
