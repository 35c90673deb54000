"""Workers from the nursery when something is wrong: it is left, it is replaced, and it is never needed."""

import json
import os
import signal

import pytest

from support import build, process
from support.nursery import Shop, app, version, wakeups
from support.wait import pause, until

RELOADS = build.amount(normal=100, sanitized=20, soak=1000)


@pytest.fixture
def shop(box):
    return Shop(box)


# -- what spoils it -------------------------------------------------------------------------------

SPOILING = {
    "starts a thread": "import threading\nthread = threading.Thread(target=threading.Event().wait, daemon=True)\nthread.start()\n",
    "keeps something open": "import os\nends = os.pipe()\n",
    "changes os.environ": "import os\nos.environ['BB_TEST_WORD'] = 'set'\n",
    "cannot be imported ahead": "import os\nif os.environ.get('BB_TEST_WORD') != 'set':\n    raise RuntimeError('too early')\n",
}


@pytest.mark.parametrize("how", SPOILING)
def test_a_module_that_spoils_the_nursery_is_left_to_the_workers(shop, how):
    shop.install("spoiler.py", SPOILING[how])
    shop.install("between.py", "import json\nimport spoiler\n")
    shop.install("installed.py", "import time\nat = time.time_ns()\n")
    first = "import os; os.environ['BB_TEST_WORD'] = 'set'" if how.startswith("cannot") else ""
    if first:
        # Not for os.environ, which is known, but for what nobody can know.
        shop.install("spoiler.py", "import sys\nif not hasattr(sys, 'bb_test'):\n    raise RuntimeError('too early')\n")
        first = "import sys; sys.bb_test = 1"
    shop.start(app(f"{first}\nimport installed, between", "return installed.at"))
    now = shop.wait_nursery(reason="spoiler" if not first else "between")
    assert how in now["reason"]
    answers = []
    for _ in range(2):
        assert shop.is_born(shop.reload()), shop.daemon.log.text()
        answers.append(shop.text)
    assert len(set(answers)) == 1


def test_there_is_none_for_what_replaces_the_standard_library(shop):
    shop.install("gevent.py", "")
    shop.start(app("import gevent", "return 'served'"))
    shop.wait_nursery("off", "gevent replaces")
    assert not shop.is_born(shop.reload()) and shop.text == "served"
    assert not shop.is_born(shop.save(version(1)))
    shop.wait_nursery()
    assert shop.is_born(shop.save(version(2)))
    assert not shop.is_born(shop.save(app("import gevent", "return 'served'")))
    shop.wait_nursery("off", "gevent replaces")
    assert shop.text == "served"


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_nursery_that_is_killed_costs_one_cold_start_at_most_and_is_replaced(shop):
    shop.start(version(0))
    for number in range(1, 4):
        shop.wait_nursery()
        before = shop.nursery_pid()
        shop.kill_nursery()
        shop.save(version(number))
        assert shop.text == f"version {number}"
        shop.wait_nursery()
        assert shop.nursery_pid() != before
    assert shop.is_born(shop.save(version(9)))


def test_one_that_is_killed_while_it_warms_up_is_replaced(shop):
    shop.install("installed.py", "import time\ntime.sleep(1)\n")
    shop.start(app("import installed", "return 1"))
    shop.wait_nursery("warming")
    shop.kill_nursery()
    shop.wait_nursery()
    assert shop.is_born(shop.save(version(1)))


def test_one_that_hangs_is_not_waited_for(shop):
    shop.start(version(0)).wait_nursery()
    os.kill(shop.nursery_pid(), signal.SIGSTOP)
    generation = shop.save(version(1))
    assert not shop.is_born(generation) and shop.text == "version 1"
    shop.wait_nursery()
    assert shop.is_born(shop.save(version(2)))


# Knows the process that it was imported in, as some libraries do without meaning to.
FORKED = "import os\nhome = os.getpid()\n\n\ndef use():\n    if os.getpid() != home:\n        {consequence}\n"


def test_a_crash_that_is_the_nurserys_fault_ends_it_for_the_session(shop):
    shop.install("fragile.py", FORKED.format(consequence="os.abort()"))
    shop.start(app("import fragile\nfragile.use()", "return 'served'")).wait_nursery()
    assert not shop.is_born(shop.reload())
    assert shop.text == "served"
    shop.wait_nursery("off", "killed by signal")
    assert not shop.is_born(shop.reload()) and shop.text == "served"


def test_an_error_outside_of_the_applications_code_is_tried_without_it(shop):
    shop.install("fragile.py", FORKED.format(consequence="raise RuntimeError('forked')"))
    shop.start(app("import fragile\nfragile.use()", "return 'served'")).wait_nursery()
    generation = shop.reload()
    assert generation["state"] == "serving" and not shop.is_born(generation)
    assert shop.text == "served"


# A sanitizer makes an ordinary exit of a segmentation fault.
CRASH = "import os; os.abort()" if build.SANITIZED else "import ctypes; ctypes.string_at(0)"


@pytest.mark.parametrize("broken, message", [
    (CRASH, "killed by signal"),
    ("def broken(", "SyntaxError"),
    ("undefined_name", "NameError"),
    ("import no_such_module", "no_such_module"),
    ("import json; json.loads('{')", "JSONDecodeError"),
])
def test_the_applications_own_mistakes_are_told_and_the_fix_is_born_in_the_nursery(shop, broken, message):
    shop.start(version(0)).wait_nursery()
    generation = shop.save(version(1) + broken + "\n")
    assert message in json.dumps(generation), generation
    assert shop.daemon.get().status == 503
    shop.wait_nursery()
    fixed = shop.save(version(2))
    assert shop.text == "version 2"
    assert shop.is_born(fixed), shop.daemon.log.text()


def test_saves_that_overtake_each_other_leave_nobody_behind(shop):
    shop.start(version(0)).wait_nursery()
    for number in range(1, 40):
        shop.box.save("main.py", version(number))
        pause(0.004 * (number % 7))
    assert shop.box.ctl("sync").returncode == 0
    assert shop.text == "version 39"
    shop.wait_alone()


# -- no trace ---------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.smoke
def test_many_reloads_leave_no_process_and_no_descriptor_behind(shop):
    shop.start(version(0)).wait_nursery()
    shop.save(version(1))
    assert shop.text == "version 1"  # there is a log from now on
    shop.wait_alone()
    nursery = shop.nursery_pid()
    before = {pid: process.open_fds(pid) for pid in (shop.daemon.pid, nursery)}
    for number in range(2, 2 + RELOADS):
        assert shop.save(version(number))["state"] == "serving"
    shop.wait_alone()
    assert shop.text == f"version {RELOADS + 1}"
    assert shop.nursery_pid() == nursery
    assert {pid: process.open_fds(pid) for pid in before} == before
    assert len(shop.daemon.children()) == 2


@pytest.mark.smoke
def test_nobody_outlives_the_master(shop):
    shop.start(version(0), "--workers", "2").wait_nursery()
    shop.reload()
    os.kill(shop.daemon.pid, signal.SIGKILL)
    until(lambda: not shop.box.processes(), 1 * build.SLOWNESS, "the end of workers and nursery")


def test_a_nursery_sleeps_until_it_is_needed(shop):
    shop.start(version(0)).wait_nursery()
    pid = shop.nursery_pid()
    before = wakeups(pid)
    pause(1)
    assert wakeups(pid) == before


def test_without_reload_there_is_none(shop):
    shop.box.write("main.py", version(0))
    shop.daemon = shop.box.daemon("main:app").wait_serving()
    assert shop.nursery == {"state": "off", "modules": 0, "reason": "only with --reload"}
    assert shop.nursery_pid() is None
