"""What dies is replaced; when the master dies, everything goes and the next start works."""

import os
import signal
import socket

import pytest

from support import apps, build, http, process
from support.wait import until


@pytest.fixture
def daemon(box):
    box.write("main.py", apps.asgi(1))
    return box.daemon("--workers", "2").wait_serving()


def workers(daemon):
    return {w["slot"]: w["pid"] for w in daemon.status()["workers"] if w["state"] == "ready"}


@pytest.mark.smoke
def test_a_killed_worker_is_replaced_and_the_other_goes_on_serving(daemon):
    before = workers(daemon)
    os.kill(before[0], signal.SIGKILL)

    def replaced():
        now = workers(daemon)
        return len(now) == 2 and now[0] != before[0] and now

    now = until(replaced, 10 * build.SLOWNESS, "a new worker in slot 0")
    assert now[1] == before[1]
    assert apps.version_of(daemon.get()) == 1
    assert daemon.status()["workers"][0]["restarts"] >= 1


@pytest.mark.smoke
def test_when_the_master_is_killed_its_workers_go_within_a_second_and_the_next_start_works(box, daemon):
    address = daemon.address
    pids = list(workers(daemon).values())
    assert all(map(process.alive, pids)) and len(pids) == 2
    os.kill(daemon.pid, signal.SIGKILL)
    daemon.wait_exit()
    until(lambda: not any(map(process.alive, pids)), 1.0 * build.SLOWNESS, "the end of the workers")
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(("127.0.0.1", int(address.rpartition(":")[2])))
    assert box.ctl("status").returncode == 3
    second = box.daemon("--workers", "2", bind=address).wait_serving()
    assert apps.version_of(second.get()) == 1
    assert second.address == address


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_stops_it_in_order_with_exit_status_0(box, daemon, name):
    pids = list(workers(daemon).values())
    folder = box.admin_socket().parent
    daemon.signal(getattr(signal, name))
    assert daemon.wait_exit() == 0
    assert not any(map(process.alive, pids))
    assert not list(folder.glob("*.sock")) and not (folder / "info.json").exists()


def test_a_request_under_way_is_finished_before_the_stop(box):
    box.write("main.py", apps.asgi(1).replace("    body = f", """\
    await __import__("asyncio").to_thread(lambda: open("gate").read())
    body = f"""))
    gate = box.project / "gate"
    os.mkfifo(gate)
    daemon = box.daemon().wait_serving()
    with http.Connection(daemon.address, timeout=20) as client:
        client.send()
        # Opening for writing waits until the application has it open for reading.
        opened = os.open(gate, os.O_WRONLY)
        start = len(daemon.log.lines)
        daemon.signal(signal.SIGTERM)
        until(lambda: len(daemon.log.lines) > start, 10, "a word about the stop")
        os.close(opened)
        status, _, body = client.receive()
    assert (status, body) == (200, b"version 1")
    assert daemon.wait_exit() == 0


def test_a_second_daemon_for_the_same_project_is_refused_and_names_the_first(box, daemon):
    second = box.daemon("--workers", "2")
    assert second.wait_exit() == 1
    assert second.log.find(rf"\b{daemon.pid}\b"), second.log.text()
    assert apps.version_of(daemon.get()) == 1
