"""Which of the Python web interfaces an application speaks, and its form as ASGI 3."""

import functools
import inspect
import sys

from blackbulld.loader import TargetError

# By how many positional arguments the application is called with. ASGI 2 has two calls, the first with the scope.
ARGUMENTS = (("asgi", 3), ("wsgi", 2), ("asgi", 1))


def adapt(app, config):
    """An ASGI 3 application: async callable (scope, receive, send)."""
    app = unwrap(app)
    kind, target = config["interface"] or "auto", config["target"]
    if not callable(app):
        raise TargetError(f'"{target}" is not an application but a {type(app).__name__}')
    if kind == "auto":
        kind = detect(app, target)
    if kind == "wsgi":
        from blackbulld import wsgi

        return wsgi.Application(app, config["workers"] > 1)
    return single_callable(app) if is_double(app) else app


def unwrap(app):
    """What a script has wrapped into blackbulld.App for running itself is served without the wrapping."""
    door = sys.modules.get("blackbulld.door")
    while door and isinstance(app, door.App):
        app = app.application
    return app


def detect(app, target):
    if is_asynchronous(app):
        return "asgi"
    for kind, count in ARGUMENTS:
        if takes(app, count):
            return kind
    if takes(app, 0):
        raise TargetError(f'"{target}" takes no arguments; if it makes the application, write "{target}()"')
    raise TargetError(f'"{target}" is not an application: it cannot be called with (scope, receive, send)')


def is_asynchronous(app):
    """Whether calling it gives an awaitable, as far as one can tell without calling."""
    while isinstance(app, functools.partial):
        app = app.func
    if inspect.isclass(app):
        return hasattr(app, "__await__")
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))


def is_double(app):
    """ASGI 2: called with the scope, it gives what is called with receive and send."""
    return not is_asynchronous(app) and not takes(app, 3) and takes(app, 1)


def takes(app, count):
    try:
        signature = inspect.signature(app)
    except (TypeError, ValueError):
        return count == 3  # written in C, or odd: taken at its word
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def single_callable(app):
    async def application(scope, receive, send):
        await app(scope)(receive, send)

    return application
