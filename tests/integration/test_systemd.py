"""Under a service manager: what it is told, and the sockets that it passes (sd_notify(3), sd_listen_fds(3))."""

import json
import os
import re
import shutil
import socket
import time

import pytest

from support import apps, build, http, process
from support.manager import VARIABLES, Manager
from support.wait import until

RELOADS = build.amount(normal=20, sanitized=5, soak=500)


@pytest.fixture
def manager(box):
    with Manager(box) as manager:
        yield manager


def tcp(box):
    return socket.create_server(("127.0.0.1", 0))


def unix(box):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(box.folder / "web.sock"))
    listener.listen()
    return listener


def statuses(messages):
    return [m["STATUS"] for m in messages]


def microseconds():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


@pytest.mark.smoke
def test_the_manager_hears_of_start_reload_failure_and_stop_in_their_order(box, manager):
    box.write("main.py", apps.asgi(1))
    daemon = manager.start(bind="127.0.0.1:0")
    start = manager.hear_until("READY")
    assert statuses(start) == ["generation 1: booting", "generation 1 serving"]
    assert start[-1]["MAINPID"] == str(daemon.pid)

    began = microseconds()
    assert box.ctl("reload").returncode == 0
    reload = manager.hear_until("READY")
    assert reload[0]["RELOADING"] == "1"
    assert began <= int(reload[0]["MONOTONIC_USEC"]) <= microseconds()
    assert statuses(reload) == ["generation 2: requested", "generation 2: handing-over",
                                "generation 2: booting", "generation 2 serving"]

    box.write("main.py", "import nosuchmodule\n")
    assert box.ctl("reload").returncode == 1
    failed = manager.hear_until("READY")
    assert failed[0]["RELOADING"] == "1" and "nosuchmodule" in failed[-1]["STATUS"]
    assert failed[-1]["STATUS"].startswith("generation 3 failed: ")
    assert apps.version_of(daemon.get()) == 1

    assert daemon.stop() == 0
    assert manager.hear()["STOPPING"] == "1"


def test_a_start_that_fails_is_never_ready(box, manager):
    box.write("main.py", "import nosuchmodule\n")
    daemon = manager.start("main:app", bind="127.0.0.1:0")
    heard = manager.hear_until("STOPPING")
    assert daemon.wait_exit() == 1
    assert not any("READY" in message for message in heard)
    assert "nosuchmodule" in heard[-2]["STATUS"]


def test_with_reload_it_is_ready_when_the_first_generation_serves_that_can(box, manager):
    box.write("main.py", "import nosuchmodule\n")
    manager.start("main:app", "--reload", bind="127.0.0.1:0")
    while "failed" not in manager.hear()["STATUS"]:
        pass
    box.save("main.py", "import nosuchmodule2\n")
    box.ctl("sync")
    box.save("main.py", apps.asgi(1))
    assert box.ctl("sync").returncode == 0
    heard = manager.hear_until("READY")
    assert not any("RELOADING" in message for message in heard)
    assert heard[-1]["STATUS"] == "generation 3 serving"


def test_every_signal_to_reload_is_seen_to_arrive_although_they_are_taken_together(box, manager):
    """Type=notify-reload waits for RELOADING=1 with a time after its SIGHUP, then for READY=1."""
    gate = box.project / "gate"
    os.mkfifo(gate)
    box.write("main.py", apps.asgi(1))
    daemon = manager.start("--build", "cat gate", bind="127.0.0.1:0")
    manager.hear_until("READY")
    for _ in range(3):
        began = microseconds()
        daemon.signal(1)
        reloading = manager.hear_until("RELOADING")[-1]
        assert began <= int(reloading["MONOTONIC_USEC"]) <= microseconds()
    for number in (2, 3):
        with open(gate, "w"):
            pass
        assert manager.hear_until("READY")[-1]["STATUS"] == f"generation {number} serving"


def test_the_watchdog_is_fed_also_during_reloads(box, manager):
    box.write("main.py", apps.asgi(1))
    interval = 0.5 * build.SLOWNESS
    manager.start(bind="127.0.0.1:0", env={"WATCHDOG_USEC": str(int(interval * 1e6))})
    manager.hear_until("READY")
    signs, reloads, last = 0, 0, time.monotonic()
    while signs < 6:
        message = manager.hear(timeout=interval / build.SLOWNESS)
        if "WATCHDOG" in message:
            assert time.monotonic() - last < interval
            signs, last = signs + 1, time.monotonic()
            if reloads < 3:
                reloads += 1
                assert box.ctl("reload", "--no-wait").returncode == 0


def test_a_watchdog_meant_for_another_process_is_left_alone(box, manager):
    box.write("main.py", apps.asgi(1))
    manager.start(bind="127.0.0.1:0", env={"WATCHDOG_USEC": "20000", "WATCHDOG_PID": "1"})
    manager.hear_until("READY")
    with pytest.raises(TimeoutError):
        manager.hear(timeout=0.3)


@pytest.mark.smoke
def test_two_sockets_from_the_manager_are_served_and_kept_by_every_reload(box, manager):
    box.write("main.py", apps.asgi(1))
    with tcp(box) as one, unix(box) as other:
        port = one.getsockname()[1]
        daemon = manager.start(sockets=[one, other], names=["web.socket", "admin"])
        manager.hear_until("READY")
    addresses = [f"127.0.0.1:{port}", f"unix:{box.folder}/web.sock"]
    assert [(b["address"], b["inherited"]) for b in daemon.status()["binds"]] == [(a, True) for a in addresses]
    before = {fd: os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in (3, 4)}
    for version in range(2, RELOADS + 2):
        # Of a new size each time, so that no .pyc file of the same second is taken for it.
        box.write("main.py", apps.asgi(version) + "#" * version)
        assert box.ctl("reload").returncode == 0
        for address in addresses:
            assert apps.version_of(http.fetch(address)) == version
        # Told by images that the manager never started.
        assert manager.hear_until("READY")[-1]["STATUS"] == f"generation {version} serving"
    assert {fd: os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in (3, 4)} == before
    assert daemon.stop() == 0
    assert (box.folder / "web.sock").is_socket(), "the manager's socket file was removed"


def test_an_application_sees_nothing_of_the_manager(box, manager):
    box.write("main.py", apps.SELF_PORTRAIT_APP)
    with tcp(box) as one:
        daemon = manager.start(sockets=[one], names=["web"], env={"WATCHDOG_USEC": "60000000", "KEPT": "yes"})
        manager.hear_until("READY")
    for _ in range(3):
        portrait = json.loads(daemon.get().text)
        assert not set(portrait["environment"]) & set(VARIABLES)
        assert portrait["environment"]["KEPT"] == "yes"
        assert not any(manager.path in link for link in portrait["descriptors"].values())
        assert box.ctl("reload").returncode == 0


COMMAND = """\
import json, os, socket

names = os.environ["LISTEN_FDNAMES"].split(":")
mine = {"pid": os.getpid(), **{k: v for k, v in os.environ.items() if k in %r}}
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listener = socket.socket(fileno=3 + names.index("web.socket"))
address = os.environ["NOTIFY_SOCKET"]
notify.connect("\\0" + address[1:] if address[0] == "@" else address)
notify.send(b"READY=1")
while True:
    client = listener.accept()[0]
    client.recv(4096)
    body = json.dumps(mine).encode()
    client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %%d\\r\\n\\r\\n%%s" %% (len(body), body))
    client.close()
""" % (VARIABLES,)


def test_a_command_gets_the_sockets_by_their_names_and_a_manager_of_its_own(box, manager):
    box.write("server.py", COMMAND)
    with tcp(box) as one, unix(box) as other:
        daemon = manager.start("--ready", "notify", "--", "python3", "server.py", sockets=[other, one],
                               names=["admin", "web.socket"], env={"WATCHDOG_USEC": "60000000"})
        manager.hear_until("READY")
    address = daemon.status()["binds"][1]["address"]
    for _ in range(3):
        mine = json.loads(http.fetch(address).text)
        assert mine["LISTEN_FDS"] == "2" and mine["LISTEN_FDNAMES"] == "admin:web.socket"
        assert mine["LISTEN_PID"] == str(mine["pid"])
        assert mine["NOTIFY_SOCKET"] != manager.path
        assert "WATCHDOG_USEC" not in mine and "WATCHDOG_PID" not in mine
        assert box.ctl("reload").returncode == 0


def test_sockets_that_are_meant_for_another_process_are_not_taken(box, manager):
    box.write("main.py", apps.asgi(1))
    with tcp(box) as one:
        daemon = manager.start(bind="127.0.0.1:0", env={"LISTEN_FDS": "1", "LISTEN_PID": "1"})
        manager.hear_until("READY")
        taken = f"127.0.0.1:{one.getsockname()[1]}"
        assert [b["address"] for b in daemon.status()["binds"]] != [taken]


def test_a_socket_of_the_manager_that_does_not_listen_is_named(box, manager):
    box.write("main.py", apps.asgi(1))
    with socket.socket() as idle:
        daemon = manager.start(sockets=[idle], names=["web"])
        assert daemon.wait_exit() == 1
    until(lambda: daemon.log.find("fd://3: not a listening socket"), what="the reason")


def test_in_the_background_it_is_the_daemon_that_speaks_and_listens(box, manager):
    """Type=forking, or a manager that follows MAINPID."""
    box.write("main.py", apps.asgi(1))
    with tcp(box) as one:
        caller = manager.start("--detach", sockets=[one], names=["web"])
        assert caller.wait_exit() == 0
        ready = manager.hear_until("READY")[-1]
        status = box.ctl_json("status")
        assert ready["MAINPID"] == str(status["pid"]) != str(caller.pid)
        assert apps.version_of(http.fetch(status["binds"][0]["address"])) == 1
        assert status["binds"][0]["inherited"] is True
    assert box.ctl("stop").returncode == 0
    until(lambda: not process.alive(status["pid"]), what="the end of the daemon")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_has_nothing_to_say_against_the_example_units(box):
    for unit in (build.ROOT / "docs" / "systemd").iterdir():
        box.write(unit.name, re.sub(r"=/usr/local/bin/", f"={build.BUILD}/", unit.read_text()))
    units = sorted(path.name for path in box.project.iterdir())
    assert units == ["blackbulld.service", "blackbulld.socket"]
    result = box.run("systemd-analyze", "--man=no", "verify", *(f"./{name}" for name in units))
    assert (result.returncode, result.stderr) == (0, "")


def options_of_the_unit():
    text = (build.ROOT / "docs" / "systemd" / "blackbulld.service").read_text()
    return re.search(r"^ExecStart=\S+ (.*)$", text, re.M).group(1).split()


def test_the_example_unit_s_command_line_serves_from_the_manager_s_sockets(box, manager):
    box.write("main.py", apps.asgi(1))
    options = options_of_the_unit()
    assert options[-2] == "--python"
    with tcp(box) as one:
        daemon = manager.start(*options[:-1], "python3", sockets=[one], names=["web"])
        manager.hear_until("READY")
    assert apps.version_of(daemon.get()) == 1
    assert box.ctl("reload").returncode == 0
