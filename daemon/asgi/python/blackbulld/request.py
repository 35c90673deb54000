"""One request as a coroutine: the application runs, and whatever it does the client gets an end."""

import asyncio

from blackbulld import _blackbulld, errors


def responder(show_errors):
    """The coroutine function that serve() makes tasks of. `show_errors`: clients may see tracebacks."""

    async def respond(app, cycle, scope):
        try:
            await app(scope, cycle.receive, cycle.send)
        except BaseException as error:  # SystemExit too: one request must not end the others
            failed(cycle, scope, error, show_errors)
        else:
            missing = cycle.close()
            if missing:
                errors.log("error", f"{name(scope)}: the application returned {missing}")

    return respond


def name(scope):
    return f'{scope.get("method")} "{scope.get("path")}"'


def failed(cycle, scope, error, show_errors):
    if isinstance(error, GeneratorExit) or is_disconnect(error):
        cycle.close()
        return
    if isinstance(error, asyncio.CancelledError):
        cycle.close()
        errors.log("warn", f"{name(scope)}: cancelled")
        return
    detail = errors.format_traceback(error)
    cycle.close(detail.encode("utf-8", "backslashreplace") if show_errors else None)
    errors.log("error", f"{name(scope)}: {errors.summary(error)}", detail)


def is_disconnect(error):
    """Whether it says no more than that the client has left, which is nobody's mistake (www.rst 2.4).

    Frameworks turn our exception into one of their own, and task groups wrap both.
    """
    members = getattr(error, "exceptions", None)
    if members:
        return all(is_disconnect(member) for member in members)
    if isinstance(error, _blackbulld.ClientDisconnected):
        return True
    cause = error.__cause__ or error.__context__
    return isinstance(cause, _blackbulld.ClientDisconnected) and not str(error)
