"""What clients meet while the next generation is still on its way: held at a gate, a FIFO that its import opens."""

import os
import subprocess

import pytest

from support import apps, build, http
from support.load import under_load
from support.poller import Poller

TIMES = build.amount(normal=30, sanitized=5, soak=1000)
GATED = 'open("gate").read()\n'


@pytest.fixture
def gate(box):
    """Waits until an application imports, and holds it there until the descriptor is closed."""
    path = box.project / "gate"
    os.mkfifo(path)
    return lambda: os.open(path, os.O_WRONLY)


def in_background(box, *arguments):
    return subprocess.Popen([build.CTL, *arguments], cwd=box.project, env=box.env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.smoke
def test_in_overlap_the_old_generation_answers_until_the_new_one_is_ready(box, gate):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(env=apps.NO_BYTECODE).wait_serving()
    with Poller(daemon.address) as new, Poller(daemon.address, keep_alive=True) as kept:
        box.save("main.py", GATED + apps.asgi(2))
        reload = in_background(box, "reload")
        held = gate()
        assert apps.version_of(daemon.get()) == 1
        assert daemon.status()["state"] == "reloading"
        assert reload.poll() is None, "the verdict came before the generation was ready"
        os.close(held)
        assert reload.wait(20) == 0
        assert apps.version_of(daemon.get()) == 2
        reload.communicate()
    for poller in (new, kept):
        assert poller.lost() == {} and set(poller.statuses()) == {200}
        assert poller.backward(apps.version_of) == []


def test_in_overlap_whoever_was_told_that_a_generation_serves_meets_its_code(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--workers", "2", env=apps.NO_BYTECODE).wait_serving()
    address = daemon.address
    with under_load(daemon):
        for version in range(2, 2 + TIMES):
            box.write("main.py", apps.asgi(version))
            assert box.ctl("reload").returncode == 0
            assert [apps.version_of(http.fetch(address)) for _ in range(4)] == [version] * 4


@pytest.mark.smoke
def test_in_fresh_a_request_that_comes_after_the_change_waits_for_the_new_code(box, gate):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload").wait_serving()
    address = daemon.address
    box.save("main.py", GATED + apps.asgi(2))
    held = gate()
    with http.Connection(address, timeout=20) as client:
        client.send()
        os.close(held)
        status, _, body = client.receive()
    assert (status, body) == (200, b"version 2")


def test_a_save_during_boot_takes_the_place_of_the_generation_that_boots(box, gate):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload").wait_serving()
    box.save("main.py", GATED + apps.asgi(2))
    held = gate()
    booting = daemon.status()["generation"]["number"]
    box.save("main.py", apps.asgi(3))
    after = box.ctl_json("sync")["generation"]
    os.close(held)
    assert after["number"] > booting
    assert apps.version_of(daemon.get()) == 3


def test_a_save_during_boot_does_so_even_when_a_request_waits_already(box, gate):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload").wait_serving()
    box.save("main.py", GATED + apps.asgi(2))
    held = gate()
    request = in_background(box, "reload")
    daemon.wait_log("generation 3: requested")
    box.save("main.py", apps.asgi(3))
    after = box.ctl_json("sync")["generation"]
    os.close(held)
    assert (after["number"], after["state"]) == (3, "serving")
    assert daemon.log.find("generation 2: superseded"), daemon.log.text()
    assert request.wait(20) == 0
    request.communicate()


def test_a_slow_request_is_finished_by_the_generation_that_began_it(box, gate):
    slow = apps.asgi(1).replace("    body = f", """\
    if scope["path"] == "/slow":
        await __import__("asyncio").to_thread(lambda: open("gate").read())
    body = f""")
    box.write("main.py", slow)
    daemon = box.daemon("--reload").wait_serving()
    with http.Connection(daemon.address, timeout=20) as client:
        client.send("/slow")
        held = gate()
        box.save("main.py", apps.asgi(2))
        assert box.ctl("sync").returncode == 0
        assert apps.version_of(daemon.get()) == 2
        os.close(held)
        status, _, body = client.receive()
    assert (status, body) == (200, b"version 1")
