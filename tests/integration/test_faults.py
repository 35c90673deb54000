"""What can go wrong with a reload: each fails its generation with the reason, and no request is lost meanwhile.

docs/reload.md has the table of these and of those in test_fault_*.py. The policy is overlap unless a test says otherwise.
"""

import os
import subprocess

import pytest

from support import apps, build, http, process
from support.faults import error_of, refuses_and_goes_on, reloads
from support.sp import Admin
from support.wait import until

BROKEN = "async def app(scope, receive, send:\n    pass\n"


def in_background(box, *arguments):
    return subprocess.Popen([build.CTL, *arguments], cwd=box.project, env=box.env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


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
    box.write("main.py", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    refuses_and_goes_on(box, daemon, "killed by signal 9")
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
