"""What a reload does to the configuration and the folder of the project, and what they may do to it."""

import os
import shutil
import socket

import pytest

from support import apps, http
from support.faults import error_of, refuses_and_goes_on, reloads
from support.load import under_load
from support.wait import until


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def write_binds(box, *binds, more=""):
    box.write("blackbulld.conf", "".join(f"bind = {bind}\n" for bind in binds) + more)


def binds_of(daemon):
    return [bind["address"] for bind in daemon.status()["binds"]]


@pytest.mark.smoke
def test_a_reload_keeps_adds_and_removes_addresses_of_the_configuration(box):
    box.write("main.py", apps.asgi(1))
    kept, removed, added = (f"127.0.0.1:{free_port()}" for _ in range(3))
    local = f"unix:{box.folder}/web.sock"
    write_binds(box, kept, removed)
    daemon = box.daemon(bind=None, env=apps.NO_BYTECODE).wait_serving()
    assert binds_of(daemon) == [kept, removed]
    inode = os.stat(f"/proc/{daemon.pid}/fd/{listener_fds(daemon)[0]}").st_ino
    with under_load(daemon):
        write_binds(box, local, kept, added)
        box.write("main.py", apps.asgi(2))
        assert box.ctl("reload").returncode == 0
    assert sorted(binds_of(daemon)) == sorted([local, kept, added])
    for address in (local, kept, added):
        assert apps.version_of(http.fetch(address)) == 2
    assert http.fetch(removed).kind == http.REFUSED
    assert inode in {os.stat(f"/proc/{daemon.pid}/fd/{fd}").st_ino for fd in listener_fds(daemon)}
    write_binds(box, kept)
    assert box.ctl("reload").returncode == 0
    assert not (box.folder / "web.sock").exists(), "the socket's file outlives its address"


def listener_fds(daemon):
    """The descriptors of the daemon's sockets, lowest first."""
    links = {int(fd): os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon.pid}/fd")}
    inodes = {line.split()[9] for line in open("/proc/net/tcp").read().splitlines()[1:] if line.split()[3] == "0A"}
    return sorted(fd for fd, link in links.items() if link[len("socket:["):-1] in inodes)


def test_an_address_that_is_taken_fails_the_reload_and_changes_none_of_them(box):
    box.write("main.py", apps.asgi(1))
    kept, added = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    write_binds(box, kept)
    daemon = box.daemon(bind=None, env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", apps.asgi(2))
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = "127.0.0.1:%d" % other.getsockname()[1]
        write_binds(box, added, taken)
        refuses_and_goes_on(box, daemon, taken, "in use")
        assert binds_of(daemon) == [kept]
        assert http.fetch(added).kind == http.REFUSED
    with under_load(daemon):
        write_binds(box, kept, taken)
        assert box.ctl("reload").returncode == 0
    assert apps.version_of(http.fetch(taken)) == 2


def test_a_configuration_that_is_broken_fails_the_reload_with_its_line(box):
    box.write("main.py", apps.asgi(1))
    box.write("blackbulld.conf", "workers = 2\n")
    daemon = box.daemon(env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", apps.asgi(2))
    box.write("blackbulld.conf", "workers = 2\nwrokers = 3\n")
    refuses_and_goes_on(box, daemon, "blackbulld.conf:2", "wrokers")
    assert error_of(box)["stage"] == "configuration"
    assert apps.version_of(daemon.get()) == 1
    box.write("blackbulld.conf", "workers = 3\n")
    reloads(box, daemon, 2)
    until(lambda: len(daemon.status()["workers"]) == 3, what="the end of the old workers")


@pytest.mark.parametrize("conf", ["", "workers = 1\n"], ids=["no configuration", "configuration"])
def test_a_project_folder_that_is_gone_fails_the_reload_until_one_of_its_name_is_there(box, conf):
    if conf:
        box.write("blackbulld.conf", conf)
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(env=apps.NO_BYTECODE).wait_serving()
    address, before = daemon.address, daemon.status()["directory"]
    with under_load(daemon):
        moved = box.project.rename(box.folder / "moved")
        result = box.ctl("reload", cwd=box.folder)
        assert result.returncode == 1, result.stdout
        assert apps.version_of(http.fetch(address)) == 1
        shutil.rmtree(moved)
        assert box.ctl("reload", cwd=box.folder).returncode == 1
        # As a deployment may: another folder, of the same name.
        box.write("main.py", apps.asgi(2))
        if conf:
            box.write("blackbulld.conf", conf)
        assert box.ctl("reload").returncode == 0
        assert apps.version_of(http.fetch(address)) == 2
    assert daemon.status()["directory"] == before
    assert os.path.samefile(f"/proc/{daemon.pid}/cwd", box.project)


def test_a_configuration_file_that_vanishes_fails_the_reload_and_what_it_said_holds(box):
    box.write("main.py", apps.asgi(1))
    write_binds(box, f"127.0.0.1:{free_port()}", more="workers = 2\n")
    daemon = box.daemon(bind=None, env=apps.NO_BYTECODE).wait_serving()
    bound = binds_of(daemon)
    box.write("main.py", apps.asgi(2))
    (box.project / "blackbulld.conf").unlink()
    refuses_and_goes_on(box, daemon, "blackbulld.conf", "no longer")
    assert binds_of(daemon) == bound and len(daemon.status()["workers"]) == 2
    write_binds(box, *(address.removeprefix("http://") for address in bound))
    reloads(box, daemon, 2)
