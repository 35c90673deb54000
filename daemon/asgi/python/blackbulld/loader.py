"""From "module:attribute" to the object it names, with errors that say what was meant."""

import importlib
import os
import sys

from blackbulld.errors import Refusal

ATTRIBUTES = ("app", "application", "api")  # for a target without one


class TargetError(Refusal):
    """The target names nothing that can be served."""


def load(target, app_dir):
    """The application that `target` names: "module:attribute.path", "module:factory()" or "module"."""
    name, colon, path = (target or "").partition(":")
    check_name(target, name)
    module = import_target(name, app_dir)
    if not colon:
        return find_application(module, name)
    factory = path.endswith("()")
    found = resolve(module, name, path[:-2] if factory else path)
    return call_factory(found, target) if factory else found


def check_name(target, name):
    if name.endswith(".py") or "/" in name:
        module = name[:-3] if name.endswith(".py") else name
        meant = module.strip("./").replace("/", ".")
        raise TargetError(f'"{target}" names a file; a module is wanted, as in "{meant}:app"')
    if not all(name.split(".")):
        raise TargetError(f'"{target}" is not of the form "module:attribute"')


def import_target(name, app_dir):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if not (name == missing or name.startswith(missing + ".")):
            raise  # the module is there, and lacks one of its own
        hint = nearest(missing.rpartition(".")[2], module_names(missing, app_dir))
        raise TargetError(f'no module named "{missing}" in {app_dir}{hint}') from None


def resolve(module, name, path):
    found, walked = module, f'module "{name}"'
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            public = [word for word in dir(found) if not word.startswith("_")]
            raise TargetError(f'{walked} has no attribute "{part}"{nearest(part, public)}') from None
        walked = f'"{part}"'
    return found


def find_application(module, name):
    for attribute in ATTRIBUTES:
        if callable(getattr(module, attribute, None)):
            return getattr(module, attribute)
    tried = ", ".join(f'"{attribute}"' for attribute in ATTRIBUTES)
    raise TargetError(f'module "{name}" has none of {tried}; name its application, as in "{name}:attribute"')


def call_factory(factory, target):
    if not callable(factory):
        raise TargetError(f'"{target[:-2]}" is a {type(factory).__name__}, which cannot be called')
    return factory()


def nearest(word, candidates):
    """What was meant, as the end of a message; nothing if nothing is near."""
    import difflib

    close = difflib.get_close_matches(word, candidates, n=1)
    return f'; did you mean "{close[0]}"?' if close else ""


def module_names(missing, app_dir):
    """The modules beside the one that is missing: in its package, or else in the application's folder."""
    package = sys.modules.get(missing.rpartition(".")[0])
    folders = getattr(package, "__path__", [app_dir])
    names = set()
    for folder in folders:
        try:
            entries = os.listdir(folder)
        except OSError:
            continue
        names.update(entry[:-3] for entry in entries if entry.endswith(".py"))
        names.update(entry for entry in entries if os.path.isdir(os.path.join(folder, entry)))
    return sorted(names)
