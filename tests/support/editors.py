"""How programs save a.py, as strace saw them do it: call by call, with the pauses that were measured."""

import contextlib
import os
from pathlib import Path

from support.wait import pause


class Folder:
    """The calls, in a folder of their own. Content is what a finished file holds."""

    def __init__(self, path):
        self.path = Path(path)
        self.content = b""

    def write(self, name, flags=os.O_CREAT | os.O_TRUNC):
        """Opens, writes all at once, closes."""
        with self.opened(name, flags) as fd:
            os.write(fd, self.content)

    @contextlib.contextmanager
    def opened(self, name, flags=os.O_CREAT | os.O_TRUNC):
        fd = os.open(self.path / name, os.O_WRONLY | os.O_CLOEXEC | flags, 0o644)
        try:
            yield fd
        finally:
            os.close(fd)

    def rewrite(self, name, empty_for=0.0, sync=False):
        """Truncates first, and writes a moment later."""
        with self.opened(name) as fd:
            pause(empty_for)
            os.write(fd, self.content)
            if sync:
                os.fdatasync(fd)

    def touch_closed(self, name):
        """Opens for writing and closes, nothing else."""
        with self.opened(name, 0):
            pass

    def move(self, name, to):
        os.replace(self.path / name, self.path / to)

    def remove(self, name):
        os.unlink(self.path / name)

    def link(self, text, name):
        os.symlink(text, self.path / name)


def vim(f):
    f.write("4913")
    f.remove("4913")
    f.move("a.py", "a.py~")
    pause(0.0004)
    f.rewrite("a.py", 0.0002)
    f.remove("a.py~")


def vim_backupcopy_yes(f):
    f.write("a.py~")
    f.rewrite("a.py")
    f.remove("a.py~")


def vim_backupcopy_no(f):
    f.move("a.py", "a.py~")
    pause(0.004)
    f.rewrite("a.py", 0.0005)
    f.remove("a.py~")


def emacs_first_save(f):
    f.link("user@host.1:2", ".#a.py")
    f.move("a.py", "a.py~")
    f.rewrite("a.py")
    f.touch_closed("a.py")
    f.remove(".#a.py")


def emacs_later_save(f):
    f.rewrite("a.py")
    f.touch_closed("a.py")


def vs_code(f):
    f.rewrite("a.py", 0.0004, sync=True)


def vs_code_on_a_slow_disk(f):
    f.rewrite("a.py", 0.08, sync=True)


def jetbrains_until_2018(f):
    f.write("a.py___jb_tmp___")
    f.move("a.py", "a.py___jb_old___")
    f.move("a.py___jb_tmp___", "a.py")
    f.remove("a.py___jb_old___")


def jetbrains_since_2019(f):
    f.write("a.py~")
    f.rewrite("a.py", 0.006)
    f.remove("a.py~")


def gedit_and_gio(f):
    f.write(".goutputstream-K4X2Y3")
    f.touch_closed("a.py")
    pause(0.0005)
    f.move(".goutputstream-K4X2Y3", "a.py")


def nano(f):
    f.rewrite("a.py", 0.0008)


def joe(f):
    f.link("user@host.1", ".#a.py")
    f.write("a.py~")
    f.write("a.py")
    f.remove(".#a.py")


def cp_and_formatters(f):
    f.write("a.py")


def sed_i(f):
    f.write("sedK4X2Y3")
    f.move("sedK4X2Y3", "a.py")


def rsync(f):
    f.write(".a.py.K4X2Y3")
    f.move(".a.py.K4X2Y3", "a.py")


def git_checkout_of_one_file(f):
    f.remove("a.py")
    pause(0.0003)
    f.write("a.py")


def os_replace(f):
    f.write("tmp7f3a.py")
    f.move("tmp7f3a.py", "a.py")


SAVES = [vim, vim_backupcopy_yes, vim_backupcopy_no, emacs_first_save, emacs_later_save, vs_code,
         vs_code_on_a_slow_disk, jetbrains_until_2018, jetbrains_since_2019, gedit_and_gio, nano, joe,
         cp_and_formatters, sed_i, rsync, git_checkout_of_one_file, os_replace]


def open_and_close(f):
    f.touch_closed("a.py")


def read(f):
    (f.path / "a.py").read_bytes()


def python_import(f):
    (f.path / "__pycache__").mkdir(exist_ok=True)
    f.write("__pycache__/a.cpython-311.pyc.140")
    f.move("__pycache__/a.cpython-311.pyc.140", "__pycache__/a.cpython-311.pyc")


def vim_swap_file(f):
    f.write(".a.py.swp")
    f.write(".a.py.swx")
    f.remove(".a.py.swx")
    f.remove(".a.py.swp")


def emacs_lock_and_autosave(f):
    f.link("user@host.1:2", ".#a.py")
    f.write("#a.py#")
    f.remove("#a.py#")
    f.remove(".#a.py")


def log_and_database(f):
    f.write("app.log")
    f.write("db.sqlite3-journal")
    f.remove("db.sqlite3-journal")


NO_SAVES = [open_and_close, read, python_import, vim_swap_file, emacs_lock_and_autosave, log_and_database]
