"""The process of an app worker: tasks and contexts, asyncio beside HTTP, draining, and its end."""

import json
import os
import signal
from pathlib import Path

import pytest

from support.asgi import APPS, PYTHONS, probe, until_noted  # noqa: F401
from support.build import SLOWNESS
from support.master import DRAIN, FAILED, Worker
from support.wait import until

pytestmark = pytest.mark.parametrize("python", PYTHONS)


@pytest.fixture
def toolbox(python):
    with Worker(APPS, "toolbox:app", python) as worker:
        yield worker.ready()


# Contexts, state, tasks


def test_requests_see_the_lifespans_variables_and_not_each_others(probe):
    with probe.connect() as connection:
        for _ in range(3):
            assert json.loads(connection.request("/variables").body) == ["set", "unset"]


def test_state_is_copied_once_a_request_and_shallowly(probe):
    assert json.loads(probe.fetch("/count_state").body) == [1, 1]
    assert json.loads(probe.fetch("/count_state").body) == [1, 2]


def test_each_request_is_a_task_of_asyncio(probe):
    assert json.loads(probe.fetch("/own_task").body) == ["asyncio", "Task", True]


def test_thousands_of_pipelined_requests_are_answered_in_order(probe):
    count = 5000
    with probe.connect() as connection:
        connection.socket.sendall(b"".join(b"GET /scope?%d HTTP/1.1\r\nHost: x\r\n\r\n" % i for i in range(10)))
        for i in range(10):
            assert json.loads(connection.receive()[2])["scope"]["query_string"] == str(i)
        child = os.fork()
        if child == 0:
            connection.socket.sendall(b"GET /notes HTTP/1.1\r\nHost: x\r\n\r\n" * count)
            os._exit(0)
        assert all(connection.receive()[2] == b"[]" for _ in range(count))
        os.waitpid(child, 0)


TOOLS = ["streams", "executor", "busy_thread", "subprocess", "timeout", "timers", "signals", "plain_signals", "readers",
         "datagrams", "processes", "forked", "stray", "spawned", "factory", "nested"]


@pytest.mark.parametrize("tool", TOOLS)
def test_asyncio_works_as_ever(toolbox, tool):
    assert toolbox.fetch("/" + tool).text == "ok"
    assert toolbox.fetch("/timers").text == "ok"


def test_requests_leave_nothing_behind(probe):
    """Blocks of memory that Python has allocated, before and after many requests of every kind."""
    body = b"x" * 1000

    def round_of_requests():
        for _ in range(50):
            with probe.connect() as connection:
                for path in ("echo", "notes", "own_task", "variables", "count_state"):
                    assert connection.request("/" + path, "POST", body=body).status == 200
                assert connection.request("/crash").status == 500
                connection.request("/no_end")
            with probe.connect() as connection:
                connection.send("/until_disconnect")
        # The lifespan's and its own are left once the clients that are gone were noticed.
        until(lambda: int(probe.fetch("/task_count").body) == 2, what="the end of every task")
        return int(probe.fetch("/blocks").body)

    round_of_requests()
    before = round_of_requests()
    assert round_of_requests() - before < 50, "a block or more for each request"


@pytest.mark.parametrize("eager", ["0", "1"])
def test_tasks_may_take_their_first_step_at_once_or_not(python, eager):
    with Worker(APPS, "probe:app", python, {"BLACKBULLD_EAGER_TASKS": eager}) as worker:
        worker.ready()
        assert json.loads(worker.fetch("/own_task").body)[:2] == ["asyncio", "Task"]
        assert worker.fetch("/echo", method="POST", body=b"abc").body == b"abc"
        assert json.loads(worker.fetch("/variables").body) == ["set", "unset"]


# The process


def test_the_process_looks_like_the_users_own(probe):
    shown = json.loads(probe.fetch("/process").body)
    assert shown["path"][0] == str(APPS)
    assert shown["argv"] == ["blackbulld"]
    package = str(Path(shown["main"]).parent)
    assert package not in shown["path"] and shown["path"][-1] == str(Path(package).parent)


def test_ctrl_c_is_the_masters(probe):
    os.kill(probe.pid, signal.SIGINT)
    assert probe.fetch("/notes").status == 200


@pytest.mark.smoke
def test_a_drained_worker_finishes_and_ends_its_application(probe):
    with probe.connect() as connection:
        connection.send("/held")
        until_noted(probe, "held")
        probe.fetch("/background")
        probe.send(DRAIN)
        os.kill(probe.pid, signal.SIGUSR1)
        assert connection.receive()[2] == b"at last"
        assert probe.wait() == 0
    assert "background work has ended\nlifespan has ended" in probe.output


def test_sigterm_drains_too(probe):
    assert probe.fetch("/notes").status == 200
    os.kill(probe.pid, signal.SIGTERM)
    assert probe.wait() == 0
    assert "lifespan has ended" in probe.output


def test_requests_that_outlast_the_drain_time_are_cut_off_and_the_application_still_ends(python):
    with Worker(APPS, "probe:app", python, drain_timeout_ms=200) as worker:
        worker.ready()
        with worker.connect() as connection:
            connection.send("/stuck")
            until_noted(worker, "stuck")
            worker.send(DRAIN)
            assert worker.wait(2 * SLOWNESS) == 0
            assert connection.reader.read() == b""
        assert "lifespan has ended" in worker.output
        assert "Traceback" not in worker.output


def test_a_worker_without_its_master_is_gone_at_once(probe):
    assert probe.fetch("/notes").status == 200
    probe.channel.close()
    assert probe.wait(2 * SLOWNESS) == 1


def test_a_worker_that_fails_leaves_at_once(python, tmp_path):
    (tmp_path / "main.py").write_text("import threading\nthreading.Thread(target=threading.Event().wait).start()\n1 / 0\n")
    with Worker(tmp_path, "main:app", python) as worker:
        assert worker.failure().message == "ZeroDivisionError: division by zero"
        assert worker.wait(2 * SLOWNESS) == 1
        assert worker.receive()[0] != FAILED
