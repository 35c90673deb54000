"""Imports of watched modules from their source alone.

A .pyc file is trusted when the source's size and whole second of change are the recorded ones, so that two saves of
one size within a second would serve the first one's code. Under the watched roots .pyc files are neither
read nor written; installed packages, which nobody edits, keep theirs.
"""

import os
import sys
from importlib import machinery

INSTALLED = ("site-packages", "dist-packages")


class FreshLoader(machinery.SourceFileLoader):
    """Compiles the source each time."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


LOADERS = (
    (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
    (FreshLoader, machinery.SOURCE_SUFFIXES),
    (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
)


def install(roots):
    """Import what lies under `roots` afresh. Modules that were imported before are not touched."""
    roots = [os.path.realpath(root) for root in roots if root]
    finder = machinery.FileFinder.path_hook(*LOADERS)

    def hook(path):
        if not is_watched(path, roots):
            raise ImportError(f"not under a watched root: {path}")
        return finder(path)

    sys.path_hooks.insert(0, hook)
    # Finders that were made before the hook was there are looked for again.
    for path in sys.path:
        if is_watched(path, roots):
            sys.path_importer_cache.pop(path or os.getcwd(), None)


def is_watched(path, roots):
    """Whether modules in the folder `path` are the user's own: under a root, and not installed there."""
    path = os.path.realpath(path or os.getcwd())
    library = os.path.dirname(os.__file__)
    if path == library or path.startswith(library + os.sep):
        return False
    for root in roots:
        if path == root:
            return True
        if path.startswith(root.rstrip(os.sep) + os.sep):
            return not any(part in INSTALLED for part in path[len(root) :].split(os.sep))
    return False
