"""Where an app worker begins: `python3 .../blackbulld/worker.py`, run by the master.

File descriptor 3 is the channel to the master, 4 and up are its listening sockets. This file says so even to a Python
that is too old for the rest, and imports little until the application has been tried: each module here
stands between a save and the first answer of the new code.
"""

import os
import sys


def main():
    if sys.version_info < (3, 9):
        sys.exit("blackbulld: Python 3.9 or later is needed, %s is %d.%d" % ((sys.executable,) + sys.version_info[:2]))
    try:
        find_package()
    except ImportError as error:
        sys.exit("blackbulld: this Python cannot load the server: %s%s" % (error, hint()))
    from blackbulld import boot

    sys.exit(boot.run())


def find_package():
    """Make `import blackbulld` mean the folder of this file, and put nothing in front of the user's modules."""
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.realpath(path or ".") != here]
    parent = os.path.dirname(here)
    sys.path.insert(0, parent)
    import blackbulld  # noqa: F401 (a module of the user's with this name must not win)

    sys.path.remove(parent)
    sys.path.append(parent)


def hint():
    import sysconfig

    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return " (it is a free-threaded build; one with the GIL is needed)"
    return ""


# Not when multiprocessing imports the main module anew in a child.
if __name__ == "__main__":
    main()
