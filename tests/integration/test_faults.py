"""What can go wrong with a reload: each fails its generation with the reason, and no request is lost meanwhile.

docs/reload.md has the table of these. The policy is overlap unless a test says otherwise.
"""

import os
import re
import shutil
import socket
import subprocess

import pytest

from support import apps, build, http, process
from support.load import under_load
from support.sp import Admin
from support.wait import until

BROKEN = "async def app(scope, receive, send:\n    pass\n"


def in_background(box, *arguments):
    return subprocess.Popen([build.CTL, *arguments], cwd=box.project, env=box.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def error_of(box):
    return box.ctl_json("status")["last_failed"]["error"]


def refuses_and_goes_on(box, daemon, *words):
    """A reload fails with a reason that has the words, and what served before goes on to."""
    before = daemon.status()["generation"]["number"]
    with under_load(daemon) as (new, _):
        result = box.ctl("reload")
        count = len(new.answers)
        until(lambda: len(new.answers) > count + 10, what="some more answers")
    assert result.returncode == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    status = daemon.status()
    assert (status["generation"]["number"], status["generation"]["state"]) == (before, "serving")
    assert status["last_failed"]["number"] > before
    assert status["state"] == "failed"
    assert box.ctl("generations", str(status["last_failed"]["number"])).returncode == 0


def reloads(box, daemon, version):
    with under_load(daemon):
        result = box.ctl("reload")
        assert result.returncode == 0, result.stderr
        assert apps.version_of(daemon.get()) == version
    assert daemon.status()["state"] == "serving"


@pytest.fixture
def daemon(box):
    box.write("main.py", apps.asgi(1))
    return box.daemon(env=apps.NO_BYTECODE).wait_serving()


# -- the build command, the code, the workers -----------------------------------------------------------------


@pytest.mark.smoke
def test_a_build_that_fails_keeps_what_serves_and_shows_what_it_said(box):
    box.write("main.py", apps.asgi(1))
    box.write("build.sh", "exit 0\n")
    daemon = box.daemon("--build", "sh build.sh", env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", apps.asgi(2))
    box.write("build.sh", "echo cannot find the compiler >&2; exit 3\n")
    refuses_and_goes_on(box, daemon, "the build command failed", "exit status 3", "cannot find the compiler")
    assert error_of(box)["stage"] == "build"
    assert apps.version_of(daemon.get()) == 1
    box.write("build.sh", "exit 0\n")
    reloads(box, daemon, 2)


def test_with_fresh_too_a_build_that_fails_keeps_what_serves(box):
    box.write("main.py", apps.asgi(1))
    box.write("build.sh", "test ! -e broken\n")
    daemon = box.daemon("--reload", "--build", "sh build.sh").wait_serving()
    box.write("broken", "")
    box.save("main.py", apps.asgi(2))
    assert box.ctl("sync").returncode == 1
    assert apps.version_of(daemon.get()) == 1
    (box.project / "broken").unlink()
    assert box.ctl("reload").returncode == 0
    assert apps.version_of(daemon.get()) == 2


@pytest.mark.smoke
def test_code_that_does_not_load_is_rolled_back_under_load(box, daemon):
    box.write("main.py", BROKEN)
    refuses_and_goes_on(box, daemon, "SyntaxError", "main.py:1")
    assert error_of(box)["stage"] == "import"
    box.write("main.py", apps.asgi(2))
    reloads(box, daemon, 2)


def test_code_that_ends_the_process_is_rolled_back_under_load(box, daemon):
    box.write("main.py", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    refuses_and_goes_on(box, daemon, "killed by signal 11")
    box.write("main.py", "import os\nos._exit(7)\n")
    refuses_and_goes_on(box, daemon, "exit status 7")
    box.write("main.py", apps.asgi(2))
    reloads(box, daemon, 2)


def test_a_worker_that_is_never_ready_fails_its_generation_in_time(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--ready-timeout", "0.5", env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", "import threading\nthreading.Event().wait()\n")
    refuses_and_goes_on(box, daemon, "not ready within 0.5 s")
    assert error_of(box)["stage"] == "ready"
    until(lambda: len(daemon.status()["workers"]) == 1, what="the end of the worker that hangs")
    box.write("main.py", apps.asgi(2))
    reloads(box, daemon, 2)


def test_one_of_two_workers_that_fails_takes_its_generation_back(box):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--workers", "2", env=apps.NO_BYTECODE).wait_serving()
    box.write("main.py", "import os\ntry:\n    os.mkdir('claimed')\nexcept FileExistsError:\n    raise RuntimeError('two')\n"
              + apps.asgi(2))
    refuses_and_goes_on(box, daemon, "RuntimeError: two")
    until(lambda: len(daemon.status()["workers"]) == 2, what="the end of the failed generation's workers")
    assert apps.version_of(daemon.get()) == 1


CRASHING = apps.ASGI.replace("    body = f", """\
    if scope["path"] == "/crash":
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
    body = f""")


def test_a_worker_that_dies_again_and_again_is_restarted_ever_later_and_the_log_says_so(box):
    box.write("main.py", CRASHING % 1)
    daemon = box.daemon().wait_serving()
    address, start = daemon.address, len(daemon.log.lines)
    delays = []
    for _ in range(4):
        http.fetch(address, "/crash", timeout=20)
        match = daemon.wait_log(r"worker 1\.0: .*signal 9.*; restarting it in (\d+) ms", start=start)
        delays.append(int(match.group(1)))
        start = next(i for i in range(start, len(daemon.log.lines)) if "restarting" in daemon.log.lines[i]) + 1
        # Waits in the kernel's queue until the worker is back.
        assert http.fetch(address, timeout=20).status == 200
    assert delays == [0, 100, 200, 400]
    status = daemon.status()
    assert status["workers"][0]["restarts"] == 4 and status["state"] == "serving"


# -- the new binary -------------------------------------------------------------------------------------------


def elf_of_another_machine(program):
    data = bytearray(program.read_bytes())
    data[18:20] = (22).to_bytes(2, "little")  # e_machine: EM_S390 (elf(5))
    return data


def without_a_library(program):
    name = re.search(rb"libjansson\.so\.\d+", program.read_bytes()).group()
    return program.read_bytes().replace(name, name.replace(b"jansson", b"missing"))


BINARIES = {
    "garbage": (lambda _: b"\x00\x01garbage", "Exec format error"),
    "an empty file": (lambda _: b"", "Exec format error"),
    "another architecture": (elf_of_another_machine, "Exec format error"),
    "no interpreter": (lambda _: b"#!/nosuch/interpreter\n", "No such file"),
    "a program that fails": (lambda _: b"#!/bin/sh\necho no such option >&2\nexit 1\n", "exit status 1"),
    "a program that crashes": (lambda _: b"#!/bin/sh\nkill -SEGV $$\n", "killed by signal 11"),
    "a library is missing": (without_a_library, "cannot open shared object file"),
}


@pytest.fixture
def program(box):
    """A copy of the daemon that can be replaced."""
    folder = box.folder / "installed"
    folder.mkdir()
    (folder / "python").symlink_to(build.BUILD / "python")
    return shutil.copy2(build.DAEMON, folder / "blackbulld")


def replace(program, content, mode=0o755):
    """As package managers do: another file takes the name."""
    new = program.with_suffix(".new")
    new.write_bytes(content)
    new.chmod(mode)
    new.replace(program)


def goes_back_to(box, daemon, program, content, *words):
    replace(program, content)
    box.write("main.py", apps.asgi(2))
    refuses_and_goes_on(box, daemon, *words)
    assert error_of(box)["stage"] == "handover"
    replace(program, build.DAEMON.read_bytes())
    reloads(box, daemon, 2)


@pytest.mark.parametrize("name", BINARIES)
def test_a_new_binary_that_does_not_run_changes_nothing(box, program, name):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(program=program, env=apps.NO_BYTECODE).wait_serving()
    content, reason = BINARIES[name]
    goes_back_to(box, daemon, program, content(program), str(program), reason)


@pytest.mark.parametrize("way", ["missing", "not executable", "a folder"])
def test_a_binary_that_cannot_be_executed_changes_nothing(box, program, way):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(program=program, env=apps.NO_BYTECODE).wait_serving()
    if way == "not executable":
        replace(program, build.DAEMON.read_bytes(), 0o644)
    else:
        program.unlink()
    if way == "a folder":
        program.mkdir()
    refuses_and_goes_on(box, daemon, str(program))
    if way == "a folder":
        program.rmdir()
    replace(program, build.DAEMON.read_bytes())
    box.write("main.py", apps.asgi(2))
    reloads(box, daemon, 2)


def test_a_new_binary_that_does_not_know_an_option_of_ours_changes_nothing(box, program):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--drain-timeout", "5", program=program, env=apps.NO_BYTECODE).wait_serving()
    content = build.DAEMON.read_bytes().replace(b"drain-timeout\0", b"trickle-limit\0")
    goes_back_to(box, daemon, program, content, str(program), "--drain-timeout")


def test_a_new_binary_that_hangs_is_given_up_and_changes_nothing(box, program):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(program=program, env=apps.NO_BYTECODE).wait_serving()
    goes_back_to(box, daemon, program, b"#!/bin/sh\nexec sleep 1000\n", str(program), "did not answer in time")


def test_a_new_binary_that_does_not_run_leaves_the_old_code_serving_in_fresh_too(box, program):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload", program=program).wait_serving()
    replace(program, b"garbage")
    box.save("main.py", apps.asgi(2))
    assert box.ctl("sync").returncode == 1
    assert apps.version_of(daemon.get()) == 1
    replace(program, build.DAEMON.read_bytes())
    assert box.ctl("reload").returncode == 0
    assert apps.version_of(daemon.get()) == 2


# -- the configuration ----------------------------------------------------------------------------------------


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


# -- requests -------------------------------------------------------------------------------------------------


def test_a_request_with_an_id_gets_the_same_generation_however_often_it_is_made(box, daemon):
    with Admin(box.admin_socket()) as admin:
        first = admin.call("reload", id="deploy-1")["generation"]["number"]
        again = admin.call("reload", id="deploy-1")["generation"]
        assert (again["number"], again["state"]) == (first, "serving")
        other = admin.call("reload", id="deploy-2")["generation"]["number"]
        assert other == first + 1
        # Two images later, and from another client.
        with Admin(box.admin_socket()) as late:
            assert late.call("reload", id="deploy-1", wait="accepted")["generation"]["number"] == first
        assert admin.call("status")["generation"]["number"] == other
    result = box.ctl_json("reload", "--id", "deploy-2")
    assert result["generation"]["number"] == other


def test_requests_that_come_together_share_one_generation(box):
    os.mkfifo(box.project / "gate")
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--build", "cat gate").wait_serving()
    first = in_background(box, "reload")
    gate = os.open(box.project / "gate", os.O_WRONLY)
    with Admin(box.admin_socket()) as admin:
        numbers = {admin.call("reload", wait="accepted")["generation"]["number"] for _ in range(50)}
    assert numbers == {3}
    os.close(gate)
    daemon.wait_log("generation 3: building")
    os.close(os.open(box.project / "gate", os.O_WRONLY))
    assert box.ctl("wait", "3").returncode == 0
    assert first.communicate(timeout=20)[0].startswith("generation 2 ")
    assert daemon.status()["generation"]["number"] == 3


@pytest.mark.parametrize("policy", ["fresh", "overlap"])
def test_a_save_during_boot_supersedes_what_boots_and_everybody_learns_it(box, policy):
    os.mkfifo(box.project / "gate")
    held = 'import os\nif os.path.exists("hold"):\n    open("gate").read()\n'
    box.write("main.py", held + apps.asgi(1))
    daemon = box.daemon("--reload", "--handover", policy).wait_serving()
    box.write("hold", "")
    reload = in_background(box, "reload")
    gate = os.open(box.project / "gate", os.O_WRONLY)  # opens when generation 2 boots
    (box.project / "hold").unlink()
    with Admin(box.admin_socket()) as admin:
        sync, status = admin.ask("sync"), admin.ask("status")
        assert admin.answer()[0] == status, "sync did not wait"
        box.save("main.py", held + apps.asgi(2))
        number, reply = admin.answer()
    assert (number, reply["ok"], reply["result"]["generation"]["number"]) == (sync, True, 3)
    _, complaint = reload.communicate(timeout=20)
    assert reload.returncode == 5 and "superseded" in complaint, complaint
    assert box.ctl("wait", "2").returncode == 5
    os.close(gate)
    assert apps.version_of(daemon.get()) == 2
    history = {g["number"]: g for g in box.ctl_json("generations")["generations"]}
    assert history[2]["error"]["stage"] == "superseded" and history[3]["state"] == "serving"


def test_a_worker_that_does_not_finish_is_killed_at_the_drain_limit(box):
    os.mkfifo(box.project / "slow")
    box.write("main.py", apps.asgi(1).replace("    body = f", """\
    if scope["path"] == "/slow":
        (await __import__("asyncio").to_thread(open, "slow", "rb")).close()
    body = f"""))
    daemon = box.daemon("--drain-timeout", "0.5", env=apps.NO_BYTECODE).wait_serving()
    old = daemon.status()["workers"][0]["pid"]
    with http.Connection(daemon.address) as client:
        client.send("/slow")
        slow = os.open(box.project / "slow", os.O_WRONLY)
        box.write("main.py", apps.asgi(2))
        reloads(box, daemon, 2)
        until(lambda: not process.alive(old), 5 * build.SLOWNESS, "the end of the old worker")
        os.close(slow)
