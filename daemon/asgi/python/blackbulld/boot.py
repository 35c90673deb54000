"""From the master's configuration to a serving application, or to a report of what is wrong with it."""

import os
import sys

from blackbulld import _blackbulld


def run():
    """The life of the worker. Returns its exit status."""
    config = _blackbulld.open()
    prepare(config)
    from blackbulld import loops, server

    serving = loops.Serving()
    loops.offer(serving)
    try:
        app = load(config)
    except BaseException as error:  # SystemExit too: the application's code may raise anything
        fail("import", error, roots(config))
    return server.run(config, app, serving)


def roots(config):
    """The folders that hold the user's own code."""
    watched = [root for root in (config["watch_roots"] or "").split(":") if root]
    return [config["app_dir"], *watched] if config["app_dir"] else watched


def prepare(config):
    if config["app_dir"]:
        sys.path.insert(0, config["app_dir"])
    # An application that reads its arguments finds none: they were the daemon's.
    sys.argv[:] = ["blackbulld"]
    # Pipes make Python keep lines back: a printed one is to be seen when it is printed.
    sys.stdout.reconfigure(line_buffering=True)
    if config["watch_roots"]:
        from blackbulld import fresh

        fresh.install(config["watch_roots"].split(":"))
    os.register_at_fork(after_in_child=_blackbulld.abandon)


def load(config):
    from blackbulld import interface, loader

    return interface.adapt(loader.load(config["target"], config["app_dir"]), config)


def fail(stage, error, user_roots):
    """Tell the master, and leave at once: threads that a half-imported application started must not delay it."""
    from blackbulld import errors

    _blackbulld.fail(stage, *errors.describe(error, user_roots))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # replaced by the application, closed, or a full disk
            pass
    os._exit(1)
