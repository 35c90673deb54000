"""It goes on where its surroundings fail it: files, folders, descriptors, siblings."""

import contextlib
import os
import shutil

import pytest

from support import apps, build, http
from support.wait import until

# Answers once somebody opens the FIFO "slow" for writing.
SLOW = apps.asgi(1).replace("    body = f", """\
    (await __import__("asyncio").to_thread(open, "slow", "rb")).close()
    body = f""")


def test_bytes_that_are_no_text_in_the_configuration_do_not_prevent_reloads(box):
    (box.project / "blackbulld.conf").write_bytes(b"# caf\xe9\n")
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", apps.asgi(2))
    assert box.ctl("reload").returncode == 0
    assert apps.version_of(daemon.get()) == 2


def test_it_reloads_after_its_instance_folder_was_removed(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload").wait_serving()
    address = daemon.address
    shutil.rmtree(box.admin_socket().parent)
    start = len(daemon.log.lines)
    box.save("main.py", apps.asgi(2))
    daemon.wait_log(r"generation \d+ serving", start=start)
    assert apps.version_of(http.fetch(address, "/")) == 2


def test_a_name_that_leads_to_no_program_is_refused(box):
    box.write("main.py", apps.asgi(1))
    result = box.run("bash", "-c", f'exec -a no-such-program "{build.DAEMON}"')
    assert result.returncode == 1
    assert "no-such-program" in result.stderr


def test_without_reload_a_later_generation_that_fails_in_fresh_does_not_end_the_daemon(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--handover", "fresh", env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", "raise RuntimeError('broken')\n")
    assert box.ctl("reload").returncode != 0
    assert daemon.get().status == 503
    box.write("main.py", apps.asgi(3))
    assert box.ctl("reload").returncode == 0
    assert apps.version_of(daemon.get()) == 3


def test_workers_that_reach_max_requests_are_replaced_without_waiting(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--max-requests", "1").wait_serving()
    address = daemon.address
    for _ in range(4):
        assert apps.version_of(http.fetch(address, "/")) == 1
    assert not daemon.log.find(r"restarting it in [1-9]")


def test_a_request_at_a_ready_worker_is_finished_when_its_sibling_fails(box):
    for name in ("gate", "slow"):
        os.mkfifo(box.project / name)
    box.write("main.py", SLOW + """\
import os
try:
    os.mkdir("claimed")
except FileExistsError:
    open("gate").read()
    raise RuntimeError("the second one fails")
""")
    daemon = box.daemon("--reload", "--workers", "2")
    gate = os.open(box.project / "gate", os.O_WRONLY)
    address = until(lambda: box.instances() and box.ctl("--json", "status").returncode == 0
                    and daemon.address, 10 * build.SLOWNESS, "an address")
    with http.Connection(address, timeout=20) as client:
        client.send()
        slow = os.open(box.project / "slow", os.O_WRONLY)
        os.close(gate)
        daemon.wait_log(r"generation \d+ failed")
        os.close(slow)
        status, _, body = client.receive()
    assert (status, body) == (200, b"version 1")


def limit_of_open_files(pid):
    with open(f"/proc/{pid}/limits") as f:
        return next(int(line.split()[3]) for line in f if line.startswith("Max open files"))


def test_more_idle_connections_than_its_soft_limit_of_descriptors_survive_reloads(box):
    box.write("main.py", apps.asgi(1))
    low = box.write("low", f'#!/bin/sh\nulimit -Sn 64\nexec "{build.DAEMON}" "$@"\n')
    low.chmod(0o755)
    daemon = box.daemon("--handover", "fresh", "--workers", "4", program=low).wait_serving()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(http.Connection(daemon.address, timeout=20))
                   for _ in range(120)]
        for _ in range(2):
            for client in clients:
                client.send()
                assert client.receive()[0] == 200
            assert box.ctl("reload").returncode == 0
        for client in clients:
            client.send()
            assert client.receive()[0] == 200
    assert {limit_of_open_files(w["pid"]) for w in daemon.status()["workers"]} == {64}
