"""The state of the image before cannot be read: the service goes on with what it left open, and says so."""

import json
import os
import socket
import sys

import pytest

from support import apps, build, handoff, http, process
from support.faults import reloads
from support.load import under_load
from support.sp import Admin
from support.wait import until

# Stands in for the daemon's program, and hands damaged state to the real one.
DAMAGING = f"""\
#!{sys.executable}
import os, sys

if "--check" not in sys.argv:
    state = bytearray(os.pread(int(os.environ["BLACKBULLD_STATE_FD"]), 1 << 24, 0))
    {{damage}}
    memory = os.memfd_create("damaged", 0)
    os.write(memory, state)
    os.environ["BLACKBULLD_STATE_FD"] = str(memory)
os.execv("{{program}}", ["{{program}}", *sys.argv[1:]])
"""
DAMAGE = {
    "a flipped bit": "state[len(state) // 2] ^= 1",
    "truncated": "del state[-1:]",
    "cut off in its head": "del state[20:]",
    "empty": "state.clear()",
    "of a newer format": "state[12:16] = (99).to_bytes(4, 'big')",
    "not ours": "state[:8] = b'NGINX=3;'",
}


@pytest.fixture
def program(box):
    """A link to the daemon that can be turned to another program."""
    folder = box.folder / "installed"
    folder.mkdir()
    (folder / "python").symlink_to(build.BUILD / "python")
    (folder / "blackbulld").symlink_to(build.DAEMON)
    return folder / "blackbulld"


def hand_over_damaged(box, program, damage):
    """A reload into an image that cannot read its state. Returns blackbullctl's result."""
    script = program.with_name("damaging")
    script.write_text(DAMAGING.format(damage=damage, program=build.DAEMON))
    script.chmod(0o755)
    program.unlink()
    program.symlink_to(script)
    return box.ctl("reload")


@pytest.mark.smoke
@pytest.mark.parametrize("name", DAMAGE)
def test_state_that_cannot_be_read_costs_no_request(box, program, name):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--workers", "2", program=program, env=apps.NO_BYTECODE).wait_serving()
    before, workers = daemon.status(), daemon.children()
    assert before["degraded"] is False
    with under_load(daemon) as (new, _):
        box.write("main.py", apps.asgi(2))
        # The client has lost its connection and asks again, by itself.
        assert hand_over_damaged(box, program, DAMAGE[name]).returncode == 0
        assert apps.version_of(daemon.get()) == 2
        until(lambda: not any(map(process.alive, workers)), 20 * build.SLOWNESS, "the end of the old workers")
        count = len(new.answers)
        until(lambda: len(new.answers) > count + 10, what="some more answers")
    assert daemon.log.find("state of the image before cannot be read")
    after = daemon.status()
    assert after["degraded"] is True and after["state"] == "serving"
    assert "degraded" in box.ctl("status").stdout
    assert after["binds"] == before["binds"] and after["pid"] == before["pid"]
    assert after["generation"]["number"] > before["generation"]["number"]
    box.write("main.py", apps.asgi(3))
    reloads(box, daemon, 3)
    assert daemon.status()["degraded"] is True


def test_in_fresh_nobody_is_lost_either(box, program):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload", program=program).wait_serving()
    with under_load(daemon):
        assert hand_over_damaged(box, program, DAMAGE["truncated"]).returncode == 0
    box.save("main.py", apps.asgi(2))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 2


def test_a_request_under_way_is_finished_by_the_worker_that_nobody_knows_any_more(box, program):
    os.mkfifo(box.project / "slow")
    box.write("main.py", apps.asgi(1).replace("    body = f", """\
    if scope["path"] == "/slow":
        (await __import__("asyncio").to_thread(open, "slow", "rb")).close()
    body = f"""))
    daemon = box.daemon(program=program, env=apps.NO_BYTECODE).wait_serving()
    address = daemon.address
    with http.Connection(address, timeout=20) as client:
        client.send("/slow")
        slow = os.open(box.project / "slow", os.O_WRONLY)
        box.write("main.py", apps.asgi(2))
        assert hand_over_damaged(box, program, DAMAGE["truncated"]).returncode == 0
        assert apps.version_of(http.fetch(address)) == 2
        os.close(slow)
        status, _, body = client.receive()
    assert (status, body) == (200, b"version 1")


def test_with_code_that_does_not_load_it_shows_the_error_instead_of_ending(box, program):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("main:app", program=program, env=apps.NO_BYTECODE).wait_serving()
    address = daemon.address
    box.write("main.py", "import nosuchmodule\n")
    assert hand_over_damaged(box, program, DAMAGE["truncated"]).returncode == 1
    assert http.fetch(address).status == 503
    box.write("main.py", apps.asgi(2))
    assert box.ctl("reload").returncode == 0
    assert apps.version_of(http.fetch(address)) == 2


@pytest.mark.parametrize("value", ["x", "999", "-1", ""])
def test_a_wrong_descriptor_for_the_state_is_as_good_as_none(box, value):
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon(env={"BLACKBULLD_STATE_FD": value}).wait_serving()
    assert apps.version_of(daemon.get()) == 1
    assert daemon.status()["degraded"] is True


def test_a_socket_that_was_left_open_is_used_and_not_made_anew(box):
    box.write("main.py", apps.asgi(1))
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(box.folder / "web.sock"))
        local.listen()
        inodes = {os.fstat(s.fileno()).st_ino for s in (tcp, local)}
        memory = os.memfd_create("damaged", 0)
        os.write(memory, b"garbage")
        address = "127.0.0.1:%d" % tcp.getsockname()[1]
        daemon = box.daemon("--bind", f"unix:{box.folder}/web.sock", bind=address,
                            env={"BLACKBULLD_STATE_FD": str(memory)},
                            pass_fds=(tcp.fileno(), local.fileno(), memory)).wait_serving()
        os.close(memory)
    links = [os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon.pid}/fd")]
    assert {f"socket:[{inode}]" for inode in inodes} <= set(links)
    assert not any("damaged" in link for link in links)
    for bind in daemon.status()["binds"]:
        assert apps.version_of(http.fetch(bind["address"])) == 1


def relocated(box, sections, listener):
    """Recorded state as if it had been left here: the folders and the one socket are those of this test."""
    there = sections["instance"]["dir"].partition("/run/")[0]
    text = json.dumps({name: value for name, value in sections.items() if not isinstance(value, bytes)})
    here = {**sections, **json.loads(text.replace(there, str(box.folder)))}
    here["listeners"][0].update(fd=listener.fileno(), ino=os.fstat(listener.fileno()).st_ino,
                                address="127.0.0.1:%d" % listener.getsockname()[1])
    here["fds"] = [listener.fileno()]
    return here


@pytest.mark.parametrize("future", [{}, {"form": 2}], ids=["of this format", "of a later one that we may read"])
def test_recorded_state_of_format_1_is_read(box, program, future):
    """tests/support/record_state.py made it; whoever raises the format adds a file and keeps this one."""
    recorded = handoff.decode((build.ROOT / "tests/data/state-1.bin").read_bytes())
    box.write("main.py", apps.asgi(5))
    box.write("blackbulld.conf", "workers = 2\n")
    extra = box.write("extra/module.py", "").parent
    (box.runtime / "blackbulld").mkdir(mode=0o700)
    (box.runtime / "blackbulld" / os.path.basename(recorded["instance"]["dir"])).mkdir(mode=0o700)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sections = relocated(box, recorded, listener)
        if future:
            sections["of tomorrow"] = {"whatever": True}
            sections["master"]["of tomorrow"] = 1
        memory = os.memfd_create("recorded", 0)
        os.write(memory, handoff.encode(sections, **future))
        daemon = box.daemon("main:app", "--reload", program=program, env={"BLACKBULLD_STATE_FD": str(memory)},
                            pass_fds=(listener.fileno(), memory))
        os.close(memory)
    # What has changed since the record makes another one, maybe at once.
    daemon.wait_log("generation [45] serving")
    assert box.ctl("sync").returncode == 0
    status = daemon.status()
    master = sections["master"]
    assert (status["degraded"], status["boot_id"]) == (False, master["boot_id"])
    number = status["generation"]["number"]
    assert number in (4, 5) and status["generation"]["reason"] == "change"
    assert (status["last_failed"]["number"], status["last_failed"]["error"]["stage"]) == (3, "import")
    assert [b["address"] for b in status["binds"]] == [sections["listeners"][0]["address"]]
    assert status["watch"]["paths"] == [str(box.project), str(extra)]
    assert len([w for w in status["workers"] if w["state"] == "ready"]) == 2
    assert apps.version_of(daemon.get()) == 5
    with Admin(box.admin_socket()) as admin:
        admin.ask("reload", id="deploy-7")
        reply = admin.answer()[1]
        assert reply["ok"] is False and "generation 2" in reply["error"]["message"], reply
    box.save("main.py", apps.asgi(6))
    assert box.ctl_json("sync")["generation"]["number"] == number + 1
    assert apps.version_of(daemon.get()) == 6
