"""From the master's configuration to a serving application, or to a report of what is wrong with it."""

import os
import sys

from blackbulld import _blackbulld


def run():
    """The life of the worker. Returns its exit status."""
    claims = None
    if _blackbulld.role() == "nursery":
        from blackbulld import nursery

        claims = nursery.run()
    config = _blackbulld.open()
    # While the application's folder is not searched: what we need of the standard library is nobody else's.
    from blackbulld import interface, loader, loops, server

    prepare(config)
    journal = start_journal(config, claims)
    serving = loops.Serving()
    loops.offer(serving)
    try:
        app = interface.adapt(loader.load(config["target"], config["app_dir"]), config)
    except BaseException as error:  # SystemExit too: the application's code may raise anything
        if claims:
            doubt(error, roots(config))
        fail("import", error, roots(config))
    return server.run(config, app, serving, journal)


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


def start_journal(config, claims):
    """What keeps track of imports, if there may be a nursery to come; else None."""
    if not config["reload"]:
        return None
    from blackbulld import imports

    return imports.Journal(imports.Ownership(roots(config)), claims, tells=config["slot"] == 0)


def doubt(error, user_roots):
    """What fails outside of the user's own code, in modules that were imported ahead, may do so for that reason."""
    from blackbulld import claims, errors

    if not errors.is_users_fault(error, user_roots):
        claims.give_up(errors.summary(error))


def fail(stage, error, user_roots):
    """Tell the master, and leave."""
    from blackbulld import errors

    _blackbulld.fail(stage, *errors.describe(error, user_roots))
    errors.leave()
