"""What scripts use: run() and App, which turn the process into blackbulld (execvp(3)).

Inside a worker, which imports the same script, App is an ASGI application and running it does nothing.
"""

import os
import sys

PROGRAM = "blackbulld"
# Words in the plural for options that may be repeated.
PLURALS = {"binds": "bind", "reload_paths": "reload_path", "reload_includes": "reload_include",
           "reload_excludes": "reload_exclude"}
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 8000


class Error(Exception):
    """What was asked for cannot be run; one line says why."""


Error.__module__ = "blackbulld"


class App:
    """An ASGI application that can run itself; `application` is the one it forwards to."""

    def __init__(self, application):
        if not callable(application):
            raise TypeError(f"an application is wanted, not {type(application).__name__}")
        self.application = application
        self._home = sys._getframe(1).f_globals

    async def __call__(self, scope, receive, send):
        await self.application(scope, receive, send)

    def run(self, **options):
        """As blackbulld.run(), with this application as the target."""
        start(self, self._home, options)


App.__module__ = "blackbulld"


def run(target=None, **options):
    """Replace this process by blackbulld. Returns only in a worker, where it does nothing.

    `target` is "module:attribute", a directory, or an application that is a global of the calling module; without
    one blackbulld looks for it. `host` and `port` say where to listen; every long option of blackbulld(8) is known
    by its name with underscores: workers=4, reload=True, access_log=False, reload_paths=["src", "templates"].
    """
    start(target, sys._getframe(1).f_globals, options)


def start(target, home, options):
    if is_in_worker():
        return
    if target is not None and not isinstance(target, (str, os.PathLike)):
        target, folder = locate(target, home)
        options.setdefault("app_dir", folder)
    elif target is not None:
        options.setdefault("app_dir", script_folder(home))
    program = find_program()
    arguments = list(command_line(target, options))
    check(program, arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(program, [program, *arguments])


def is_in_worker():
    """Whether blackbulld, or a child of one of its workers, has imported the script."""
    processes = sys.modules.get("multiprocessing.process")
    return "blackbulld.boot" in sys.modules or (processes is not None and processes.parent_process() is not None)


# -- where things are -------------------------------------------------------------------------------------------


def find_program():
    """The program that this package belongs to: in the build tree, or in the prefix; else the one in PATH."""
    package = os.path.dirname(os.path.realpath(__file__))
    for path in ("../..", "../../../../bin"):
        program = os.path.normpath(os.path.join(package, path, PROGRAM))
        if os.path.isfile(program) and os.access(program, os.X_OK):
            return program
    import shutil

    program = shutil.which(PROGRAM)
    if not program:
        raise Error(f'the program "{PROGRAM}" is neither where {package} belongs nor in PATH')
    return program


def script_folder(home):
    """Where a script's own imports come from; None for anything else than a script."""
    file = home.get("__file__")
    if home.get("__name__") != "__main__" or home.get("__spec__") or not file:
        return None
    return os.path.dirname(os.path.abspath(file))


def locate(application, home):
    """The target that means `application`, and the folder that its module is imported from."""
    names = [name for name, value in home.items() if value is application]
    if not names:
        raise Error("the application has no name in its module; at the top level, write app = blackbulld.App(...)")
    name = next((name for name in names if not name.startswith("_")), names[0])
    file, spec = home.get("__file__"), home.get("__spec__")
    if not file:
        raise Error("the application is in no file, so that workers cannot import it; put it into a script")
    module = spec.name if spec else os.path.splitext(os.path.basename(file))[0]
    if not all(part.isidentifier() for part in module.split(".")):
        raise Error(f'workers cannot import "{os.path.basename(file)}"; give the script a name such as "app.py"')
    depth = module.count(".") + (os.path.basename(file) == "__init__.py")
    folder = os.path.dirname(os.path.abspath(file))
    for _ in range(depth):
        folder = os.path.dirname(folder)
    return f"{module}:{name}", folder


# -- the command line -------------------------------------------------------------------------------------------


def command_line(target, options):
    options = {"python": sys.executable or None, **options}
    host, port = options.pop("host", None), options.pop("port", None)
    if host is not None or port is not None:
        if options.get("bind") or options.get("binds"):
            raise Error('"host" and "port" say where to listen, and so does "bind"; leave out one of them')
        options["bind"] = address(host, port)
    for name, value in options.items():
        yield from words(PLURALS.get(name, name).replace("_", "-"), value)
    if target is not None:
        yield os.fspath(target)


def address(host, port):
    host = DEFAULT_HOST if host is None else str(host)
    port = DEFAULT_PORT if port is None else port
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


def words(name, value):
    """One option as words of the command line; none for None, one for each element of a list."""
    if value is None:
        return
    if isinstance(value, (list, tuple)):
        for element in value:
            yield from words(name, element)
    elif isinstance(value, bool):
        yield f"--{name}" if value else f"--no-{name}"
    else:
        yield f"--{name}={value}"


def check(program, arguments):
    """Let blackbulld itself say what is wrong, before this process is given up for it."""
    import subprocess

    result = subprocess.run([program, "--check", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        lines = result.stderr.strip().splitlines()
        said = lines[-1] if lines else f"{program} --check: exit status {result.returncode}"
        raise Error(said[len(PROGRAM) + 2 :] if said.startswith(f"{PROGRAM}: ") else said)
