"""The admin socket while the master re-executes itself: one pid, a new image, nobody cut off."""

import os
import re
import socket
import threading

import pytest

from support import apps, build, process
from support.sp import Admin
from support.wait import until

RELOADS = build.amount(normal=20, sanitized=5, soak=1000)


@pytest.fixture
def site(box):
    box.write("index.html", "<p>site</p>")
    return box.daemon(box.project).wait_serving()


@pytest.mark.smoke
def test_reload_prints_its_verdict_after_the_new_generation_serves(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(env=apps.NO_BYTECODE).wait_serving()
    before = daemon.status()
    box.save("main.py", apps.asgi(2))
    assert apps.version_of(daemon.get()) == 1, "without --reload nothing is watched"
    result = box.ctl("reload")
    assert apps.version_of(daemon.get()) == 2
    after = daemon.status()
    assert result.returncode == 0, result.stderr
    assert str(after["generation"]["number"]) in result.stdout
    assert after["generation"]["number"] > before["generation"]["number"]
    assert after["generation"]["state"] == "serving" and after["generation"]["reason"] == "request"
    assert after["generation"]["requested_by"]["uid"] == os.getuid()
    assert (after["pid"], after["boot_id"]) == (before["pid"], before["boot_id"])


def install_with_version(box, prefix, version):
    """Gives the installed daemon another version, by rename as package managers do."""
    program = prefix / "bin/blackbulld"
    own = re.search(r"\d+\.\d+\.\d+", box.run(program, "--version").stdout).group()
    assert len(own) == len(version)
    other = program.with_suffix(".new")
    other.write_bytes(program.read_bytes().replace(own.encode(), version.encode()))
    other.chmod(0o755)
    other.replace(program)


def test_reload_runs_a_binary_that_was_replaced_in_between_under_the_same_pid(box):
    prefix = box.folder / "prefix"
    assert box.run("cmake", "--install", build.BUILD, "--prefix", prefix).returncode == 0
    box.write("index.html", "<p>site</p>")
    daemon = box.daemon(box.project, program=prefix / "bin/blackbulld").wait_serving()
    before = daemon.status()
    install_with_version(box, prefix, "9.8.7")
    assert daemon.status()["version"] == before["version"] != "9.8.7"
    assert box.ctl("reload").returncode == 0
    after = daemon.status()
    assert after["version"] == "9.8.7"
    assert (after["pid"], after["boot_id"]) == (before["pid"], before["boot_id"])
    assert process.image(daemon.pid) == str(prefix / "bin/blackbulld")
    assert "site" in daemon.get("/").text


@pytest.mark.soak
@pytest.mark.smoke
def test_a_client_that_stays_connected_sees_no_disconnect_and_gets_the_verdicts_on_its_connection(
        box, site):
    with Admin(box.admin_socket()) as admin:
        number = admin.call("status")["generation"]["number"]
        for _ in range(RELOADS):
            generation = admin.call("reload")["generation"]
            assert generation["number"] > number and generation["state"] == "serving"
            number = generation["number"]
        assert admin.call("status")["generation"]["number"] == number


def test_requests_that_were_under_way_during_a_reload_are_answered_by_the_new_image(box, site):
    stop = threading.Event()
    counts, failures = [0], []

    def poll():
        try:
            with Admin(box.admin_socket()) as admin:
                while not stop.is_set():
                    admin.call("status")
                    counts[0] += 1
        except (AssertionError, OSError) as error:
            failures.append(error)

    clients = [threading.Thread(target=poll) for _ in range(3)]
    for client in clients:
        client.start()
    for _ in range(RELOADS):
        assert box.ctl("reload").returncode == 0
    stop.set()
    for client in clients:
        client.join(30)
    assert failures == [] and counts[0] > RELOADS


def test_a_client_that_connects_during_reloads_always_gets_an_answer(box, site):
    with Admin(box.admin_socket()) as reloader:
        for _ in range(RELOADS):
            reloader.ask("reload")
            with Admin(box.admin_socket()) as other:
                assert other.call("hello")
            _, reply = reloader.answer()
            assert reply["ok"], reply


def test_nngcat_can_query_it(box, site):
    result = box.run(build.program("nngcat"), "--req0", "--dial", f"ipc://{box.admin_socket()}",
                     "--data", '{"v":1,"op":"status"}', "--raw")
    assert result.returncode == 0, result.stderr
    assert f'"pid":{site.pid}' in result.stdout.replace(" ", "")


def test_garbage_on_the_admin_socket_harms_nobody(box, site):
    hello = b"\x00SP\x00\x00\x30\x00\x00"
    for garbage in (b"", b"GET / HTTP/1.1\r\n\r\n", hello[:3], hello + b"\x01" + b"\xff" * 8):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(box.admin_socket()))
            client.sendall(garbage)
    with Admin(box.admin_socket()) as admin:
        number = admin.ask("no such thing")
        got, reply = admin.answer()
        assert got == number and reply["ok"] is False and reply["error"]["message"]
        assert admin.call("status")["pid"] == site.pid


def test_the_instance_folder_is_closed_to_others_and_lies_outside_the_project(box, site):
    folder = box.admin_socket().parent
    assert folder.stat().st_mode & 0o777 == 0o700
    assert box.admin_socket().stat().st_mode & 0o777 == 0o600
    assert not list(box.project.rglob("*.sock"))


def test_hup_reloads(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(env=apps.NO_BYTECODE).wait_serving()
    start = len(daemon.log.lines)
    box.save("main.py", apps.asgi(2))
    daemon.signal(1)
    daemon.wait_log(r"generation \d+ serving", start=start)
    assert apps.version_of(daemon.get()) == 2
    assert daemon.status()["generation"]["reason"] == "signal"


def test_stop_ends_the_daemon_and_its_workers(box, site):
    workers = site.children()
    assert workers
    assert box.ctl("stop").returncode == 0
    assert site.wait_exit() == 0
    until(lambda: not any(map(process.alive, workers)), what="the end of the workers")
    assert box.ctl("status").returncode == 3
