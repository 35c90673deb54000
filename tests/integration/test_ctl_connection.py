"""blackbullctl finds its daemon, and bears with one that is slow, cut off, or gone."""

import os
import signal
import socket
import subprocess

import pytest

from support import build
from support.ctl import SERVING, check, ctl_in_background, status_of
from support.fake_daemon import HANG_UP, SILENCE, FakeDaemon


@pytest.fixture
def fake(box):
    with FakeDaemon(box) as daemon:
        yield daemon


# -- finding the daemon -------------------------------------------------------------------------


def test_without_a_daemon_one_line_says_so(box):
    check(box.ctl("status"), 3, "", "blackbullctl: no blackbulld of yours is running\n")
    assert box.ctl_json("reload", status=3)["error"]["code"] == "not_running"
    check(box.ctl("instances"), 0, "", "blackbullctl: no blackbulld of yours is running\n")
    assert box.ctl_json("instances") == {"schema": 1, "instances": []}


def test_a_dead_instance_is_not_running_whatever_it_has_left_behind(box):
    FakeDaemon(box, "dead").die()
    assert box.ctl("status").returncode == 3
    assert box.ctl_json("instances")["instances"] == []


def test_the_only_instance_is_found_from_anywhere(box):
    with FakeDaemon(box, answers={"pause": {"paused": True}}, directory="/nowhere"):
        assert box.ctl("pause", cwd="/").returncode == 0


def test_the_instance_nearest_to_the_current_directory_is_meant(box):
    deep = box.project / "a" / "b"
    deep.mkdir(parents=True)
    other = box.folder / "other"
    other.mkdir()
    with FakeDaemon(box, "one", directory=box.project) as one, \
            FakeDaemon(box, "two", directory="/nowhere", paths=[deep, other]) as two:
        for daemon, name in ((one, "one"), (two, "two")):
            daemon.answers["paths.list"] = {"paths": [name]}
        found = {cwd: box.ctl("paths", cwd=cwd).stdout.strip()
                 for cwd in (box.project, box.project / "a", deep, other)}
    assert list(found.values()) == ["one", "one", "two", "two"]


def test_several_that_are_as_near_are_listed_instead_of_guessed(box):
    with FakeDaemon(box, "one") as one, FakeDaemon(box, "two") as two:
        result = box.ctl("status")
        check(result, 2, "", None)
        assert str(one.admin) in result.stderr and str(two.admin) in result.stderr
        assert box.ctl_json("status", status=2)["error"]["code"] == "ambiguous"
        two.answers["pause"] = {"paused": True}
        check(box.ctl("-s", two.admin, "pause"), 0, None)
        check(box.ctl("pause", env={**box.env, "BLACKBULLD_SOCKET": str(two.admin)}), 0, None)
        check(box.ctl("pause", "-s", os.path.relpath(two.admin, box.project)), 0, None)
        listed = box.ctl_json("instances")["instances"]
        assert [i["socket"] for i in listed] == [str(one.admin), str(two.admin)]
        assert [i["target"] for i in listed] == ["one:app", "two:app"]


def test_a_socket_elsewhere_is_found_through_its_instance(box):
    with FakeDaemon(box, answers={"pause": {"paused": True}}, admin=box.folder / "my %41?.sock") as fake:
        assert box.ctl("pause").returncode == 0
        assert box.ctl("-s", fake.admin, "pause").returncode == 0


def test_a_socket_that_nobody_listens_at_is_not_running(box):
    stale, folder = box.folder / "stale.sock", box.folder
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(stale))
    for path in (box.folder / "nothing.sock", stale, folder):
        result = box.ctl("-s", path, "status")
        check(result, 3, "", f'blackbullctl: no blackbulld is running at "{path}"\n')


def test_a_path_that_no_socket_can_have_is_a_usage_error(box):
    path = f"/{'x' * 107}"
    check(box.ctl("-s", path, "status"), 2, "", f'blackbullctl: socket "{path}": longer than the 107 bytes '
          "of a socket's path\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_a_socket_of_somebody_else_is_not_permitted(box):
    with FakeDaemon(box, admin=box.folder / "private.sock") as fake:
        os.chmod(fake.admin, 0o600)
        os.chmod(box.folder, 0o755)
        result = box.ctl("-s", fake.admin, "status", user=65534, cwd="/")
    check(result, 4, "", f'blackbullctl: "{fake.admin}" belongs to somebody else: permission denied\n')


# -- time-outs, broken connections, Ctrl-C ------------------------------------------------------


def test_a_reload_that_takes_too_long_goes_on_and_its_number_is_told(box, fake):
    def answer(request):
        return SILENCE if request["args"]["wait"] == "ready" else {"generation": {**SERVING, "state": "booting"}}

    fake.answers["reload"] = answer
    check(box.ctl("-t", "0.2", "reload"), 124, "", "blackbullctl: timed out after 200 ms; the reload goes "
          'on: "blackbullctl wait 7" waits for it\n')
    printed = box.ctl_json("-t", "0.2", "reload", status=124)
    assert printed["error"]["code"] == "timeout" and printed["generation"]["number"] == 7
    asked = fake.asked("reload")
    assert asked[0]["id"] == asked[1]["id"], "the second question is about the first one's generation"


def test_other_waits_that_take_too_long_say_how_to_go_on(box, fake):
    fake.answers |= {"wait": SILENCE, "sync": SILENCE, "status": SILENCE}
    assert '"blackbullctl wait 9" waits for it' in box.ctl("-t", "0.1", "wait", "9").stderr
    assert '"blackbullctl wait" waits for it' in box.ctl("-t", "0.1", "sync").stderr
    result = box.ctl("-t", "0.1", "status")
    check(result, 124, "", f'blackbullctl: no answer in time from "{fake.admin}"\n')


def test_a_daemon_that_hangs_does_not_make_a_short_command_hang(box):
    path = box.folder / "hung.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()  # connections are made, nobody says hello
        check(box.ctl("-s", path, "-t", "0.2", "status"), 124, "", None)
        check(box.ctl("-s", path, "status", timeout=15), 124, "", None)


def test_a_broken_connection_is_mended_with_the_same_id(box, fake):
    fake.answers["reload"] = [HANG_UP, HANG_UP, {"generation": SERVING}]
    check(box.ctl("reload"), 0, "generation 7 serving after 23 ms\n")
    assert len(fake.asked("reload")) == 3 and len({r["id"] for r in fake.asked("reload")}) == 1


def test_retries_come_to_an_end(box, fake):
    fake.answers["reload"] = HANG_UP
    result = box.ctl("reload")
    assert result.returncode == 1 and "Connection reset by peer" in result.stderr
    assert 2 <= len(fake.asked("reload")) <= 20


def test_a_daemon_that_dies_while_it_is_asked_is_not_running(box, fake):
    fake.answers["reload"] = lambda request: fake.die() or SILENCE
    result = box.ctl("reload")
    check(result, 3, "", None)
    assert str(fake.admin) in result.stderr


def test_a_daemon_that_is_between_two_sockets_is_waited_for(box, fake):
    fake.answers["pause"] = {"paused": True}
    fake.close_sockets()
    with ctl_in_background(box, "pause") as ctl:
        with pytest.raises(subprocess.TimeoutExpired):
            ctl.wait(0.2)
        fake.listen()
        assert ctl.wait(5) == 0


def test_ctrl_c_ends_a_wait_with_130(box, fake):
    fake.answers["reload"] = SILENCE
    with ctl_in_background(box, "reload") as ctl:
        fake.wait_asked("reload")
        ctl.send_signal(signal.SIGINT)
        assert ctl.wait(5) == 130
        assert ctl.stderr.read() == "blackbullctl: interrupted; what was asked for goes on\n"


def test_output_that_cannot_be_written_is_a_failure(box, fake):
    fake.answers["status"] = status_of(box)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([build.CTL, "status"], env=box.env, cwd=box.project, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=20, check=False)
    assert done.returncode == 1 and "No space left on device" in done.stderr
