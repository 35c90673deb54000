"""Workers from the nursery: as fast as promised, no different from others, and never stale."""

import json
import os
import signal

import pytest

from support import build, http
from support.nursery import Shop, app, version
from support.wait import until

# What a process can tell about itself that must not depend on how it came to be.
PORTRAIT = """\
import ctypes, gc, io, json, os, signal, stat, sys, threading

import installed

first_environment = dict(os.environ)


def number(path):
    status = os.fstat(int(path))
    kind = "null" if stat.S_ISCHR(status.st_mode) else stat.S_IFMT(status.st_mode)
    flags = ctypes.CDLL(None).fcntl(int(path), 1)
    return [kind, flags]


def prctl(option, size=16):
    buffer = ctypes.create_string_buffer(size)
    ctypes.CDLL(None).prctl(option, buffer, 0, 0, 0)
    return buffer.value.hex()


at_import = {
    "path": sys.path[:], "argv": sys.argv[:], "original": getattr(sys, "orig_argv", None),
    "finders": [getattr(f, "__name__", type(f).__name__) for f in sys.meta_path],
    "handlers": {n.name: str(signal.getsignal(n)) for n in signal.valid_signals() if isinstance(n, signal.Signals)},
}


def answer():
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\\n").split(":", 1) for line in file)
    main = sys.modules["__main__"]
    return json.dumps({
        "descriptors": {name: number(name) for name in map(str, range(5))},
        "open": sorted(map(int, os.listdir("/proc/self/fd")))[:5],
        "signals": {k: status[k].strip() for k in ("SigBlk", "SigIgn", "SigCgt", "ShdPnd")},
        "threads": status["Threads"].strip(), "umask": status["Umask"].strip(), "name": prctl(16),
        "death signal": prctl(2), "parent": os.getppid(), "group": os.getpgrp(), "session": os.getsid(0),
        "command": open("/proc/self/cmdline").read().split("\\0"),
        "environment": first_environment, "at import": at_import, "directory": os.getcwd(),
        "main": [main.__name__, main.__file__, str(main.__spec__)],
        "streams": [[s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.fileno()]
                    for s in (sys.stdin, sys.stdout, sys.stderr)],
        "thread": [threading.main_thread() is threading.current_thread(), threading.get_native_id() == os.getpid(),
                   threading.main_thread().native_id == os.getpid()],
        "collector": [gc.isenabled(), gc.get_threshold()], "flags": str(sys.flags),
        "finders": [getattr(f, "__name__", type(f).__name__) for f in sys.meta_path],
        "hooks": len(sys.path_hooks),
    })


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer().encode()})
"""


@pytest.fixture
def shop(box):
    return Shop(box)


# -- as promised --------------------------------------------------------------------------------


@pytest.mark.smoke
def test_every_generation_after_the_first_is_born_in_the_nursery(shop):
    shop.start(version(0)).wait_nursery()
    for number in range(1, 4):
        generation = shop.save(version(number))
        assert shop.text == f"version {number}"
        assert shop.is_born(generation), shop.daemon.log.text()
    assert shop.nursery["reason"] is None
    assert shop.nursery["modules"] > 50


def test_what_is_installed_is_not_imported_again(shop):
    shop.install("installed.py", "import time\nat = time.time_ns()\n")
    shop.start(app("import installed, time\nat = time.time_ns()", "return f'{installed.at} {at}'")).wait_nursery()
    ours, theirs = [], []
    for _ in range(3):
        shop.reload()
        first, second = shop.text.split()
        theirs.append(first)
        ours.append(second)
    assert len(set(theirs)) == 1 and len(set(ours)) == 3, (theirs, ours)


def test_the_workers_of_a_generation_are_all_born_there(shop):
    shop.start(version(0), "--workers", "3").wait_nursery()
    generation = shop.save(version(1))
    assert [shop.is_born(generation, slot) for slot in range(3)] == [True] * 3
    assert {worker["state"] for worker in shop.daemon.status()["workers"]} <= {"ready", "draining"}


def test_a_worker_that_is_killed_is_replaced_from_the_nursery(shop):
    shop.start(version(0)).wait_nursery()
    worker, = shop.daemon.status()["workers"]
    os.kill(worker["pid"], signal.SIGKILL)
    until(lambda: http.fetch(shop.daemon.address).kind == http.OK, 10 * build.SLOWNESS)
    assert shop.births()[worker["generation"], 0] == "in the nursery"


def test_what_a_later_version_imports_besides_is_learnt(shop):
    shop.install("installed.py", "import time\nat = time.time_ns()\n")
    shop.start(version(0)).wait_nursery()
    source = app("import installed", "return installed.at")
    modules = shop.nursery["modules"]
    assert shop.is_born(shop.save(source))
    until(lambda: shop.nursery["modules"] > modules, 15 * build.SLOWNESS, "another nursery")
    answers = []
    for _ in range(2):
        assert shop.is_born(shop.reload())
        answers.append(shop.text)
    assert len(set(answers)) == 1


def test_what_is_imported_by_requests_is_learnt_when_the_worker_leaves(shop):
    shop.install("installed.py", "import time\nat = time.time_ns()\n")
    shop.start(app(body="import installed; return installed.at")).wait_nursery()
    modules, _ = shop.nursery["modules"], shop.text
    shop.reload()
    until(lambda: shop.nursery["modules"] > modules, 15 * build.SLOWNESS, "another nursery")
    answers = []
    for _ in range(2):
        shop.reload()
        answers.append(shop.text)
    assert len(set(answers)) == 1


# -- no different from others --------------------------------------------------------------------


@pytest.mark.smoke
def test_a_worker_from_the_nursery_is_what_a_cold_one_is(shop):
    shop.install("installed.py", "")
    shop.start(PORTRAIT)
    cold = json.loads(shop.text)
    shop.wait_nursery()
    generation = shop.reload()
    assert shop.is_born(generation)
    warm = json.loads(shop.text)
    assert cold["parent"] == shop.daemon.pid
    for key in cold:
        assert warm[key] == cold[key], key


def test_every_newborn_has_random_numbers_of_its_own(shop):
    shop.install("numpy/__init__.py", "from numpy import random\n")
    shop.install("numpy/random.py", "state = 0\n\n\ndef seed():\n    global state\n    state = __import__('os').urandom(8)\n")
    source = app("import random, numpy", "return f'{random.getrandbits(64)} {numpy.random.state}'")
    shop.start(source).wait_nursery()
    answers = []
    for _ in range(3):
        shop.reload()
        answers += shop.text.split(" ", 1)
    assert len(set(answers)) == 6, answers


# -- never stale ----------------------------------------------------------------------------------

INSTALLED = "value = 'old'\n"
WITH_INSTALLED = app("import installed", "return installed.value")


@pytest.mark.parametrize("how", ["in place", "replaced", "same size and second"])
def test_a_changed_module_is_served_by_the_next_generation(shop, how):
    path = shop.install("installed.py", INSTALLED)
    shop.start(WITH_INSTALLED).wait_nursery()
    assert shop.is_born(shop.reload()) and shop.text == "old"
    before = path.stat()
    if how == "replaced":
        shop.install("installed.py", "value = 'fresh'\n")
    else:
        path.write_text("value = 'fresh'\n" if how == "in place" else "value = 'new'\n")
    if how == "same size and second":
        # The cache of bytecode cannot tell them apart, whoever serves.
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 2_000_000_000))
    assert not shop.is_born(shop.reload())
    assert shop.text in ("fresh", "new")
    shop.wait_nursery()
    assert shop.is_born(shop.reload())
    assert shop.text in ("fresh", "new")


def test_a_module_that_comes_to_hide_another_is_served(shop):
    shop.install("installed.py", INSTALLED)
    shop.start(WITH_INSTALLED).wait_nursery()
    hiding = shop.box.write("installed.py", "value = 'ours'\n")
    assert shop.box.ctl("sync").returncode == 0
    assert shop.text == "ours"
    hiding.unlink()
    assert shop.box.ctl("sync").returncode == 0
    assert shop.text == "old"


def test_an_optional_module_that_is_installed_later_is_found(shop):
    shop.install("installed.py", "try:\n    from optional import value\nexcept ImportError:\n    value = 'none'\n")
    shop.start(WITH_INSTALLED).wait_nursery()
    assert shop.is_born(shop.reload()) and shop.text == "none"
    shop.install("optional.py", "value = 'some'\n")
    shop.reload()
    assert shop.text == "some"


def test_a_path_file_that_is_new_or_changed_is_followed(shop):
    site = shop.lib / "site-packages"
    site.mkdir()
    for name in ("one", "two"):
        (shop.box.folder / name).mkdir()
        (shop.box.folder / name / "found.py").write_text(f"value = '{name}'\n")
    shop.install("sitecustomize.py", f"import site\nsite.addsitedir({str(site)!r})\n")
    source = app("try:\n    from found import value\nexcept ImportError:\n    value = 'none'", "return value")
    shop.start(source).wait_nursery()
    assert shop.is_born(shop.reload()) and shop.text == "none"
    for name in ("one", "two"):
        (site / "x.pth").write_text(f"{shop.box.folder / name}\n")
        shop.reload()
        assert shop.text == name
        shop.wait_nursery()
        assert shop.is_born(shop.reload()) and shop.text == name


def test_a_data_file_that_a_module_read_is_followed(shop):
    shop.install("settings.txt", "old")
    shop.install("installed.py", "with open(__file__.replace('installed.py', 'settings.txt')) as f:\n    value = f.read()\n")
    shop.start(WITH_INSTALLED).wait_nursery()
    assert shop.is_born(shop.reload()) and shop.text == "old"
    shop.install("settings.txt", "fresh")
    shop.reload()
    assert shop.text == "fresh"


READS_ENVIRONMENT = "import os\nvalue = os.environ.get('BB_TEST_WORD', 'none')\n"


def test_a_variable_that_the_application_sets_before_an_import_is_seen_there(shop):
    shop.install("installed.py", READS_ENVIRONMENT)
    shop.start(WITH_INSTALLED).wait_nursery()
    assert shop.text == "none"
    for word in ("one", "two"):
        shop.save(app(f"import os\nos.environ['BB_TEST_WORD'] = '{word}'\nimport installed", "return installed.value"))
        assert shop.text == word
        # From then on the nursery knows, and imports it with that.
        shop.wait_nursery()
        assert shop.is_born(shop.reload()) and shop.text == word
    shop.save(WITH_INSTALLED)
    assert shop.text == "none"


def test_a_path_that_the_application_puts_first_is_searched_first(shop):
    shop.install("installed.py", INSTALLED)
    for name in ("one", "two"):
        shop.install(f"{name}/installed.py", f"value = '{name}'\n")
    shop.start(WITH_INSTALLED).wait_nursery()
    for name in ("one", "two"):
        shop.save(app(f"import sys\nsys.path.insert(0, {str(shop.lib / name)!r})\nimport installed", "return installed.value"))
        assert shop.text == name
        shop.wait_nursery()
        assert shop.is_born(shop.reload()) and shop.text == name
    shop.save(WITH_INSTALLED)
    assert shop.text == "old"


def test_an_installed_module_that_imports_the_applications_own_gets_its_newest(shop):
    shop.install("framework.py", "import plugins\nvalue = plugins.value\n")
    shop.box.write("plugins.py", "value = 1\n")
    shop.start(app("import framework", "return framework.value")).wait_nursery()
    for number in (2, 3):
        shop.box.save("plugins.py", f"value = {number}\n")
        assert shop.is_born(shop.box.ctl_json("sync")["generation"])
        assert shop.text == str(number)


@pytest.mark.soak
def test_of_two_saves_of_one_size_within_a_second_the_second_is_served(shop):
    shop.box.write("part.py", "value = 100\n")
    shop.start(app("import part", "return part.value")).wait_nursery()
    for number in range(101, 101 + build.amount(normal=30, sanitized=10, soak=400)):
        shop.box.save("part.py", f"value = {number}\n", "rename" if number % 2 else "in place")
        shop.box.ctl_json("sync")
        assert shop.text == str(number)
    assert not (shop.box.project / "__pycache__" / "part.cpython-311.pyc").exists()
