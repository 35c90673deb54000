"""blackbullctl against a daemon that says what it is told to: exit statuses, output, retries, discovery."""

import contextlib
import json
import os
import pty
import re
import signal
import socket
import subprocess

import pytest

from support import build
from support.fake_daemon import HANG_UP, SILENCE, FakeDaemon, Refusal

TIMES = {"created_at": "2025-11-23T00:48:15.123Z", "served_at": "2025-11-23T00:48:15.146Z"}
STAGES = {"detect": 0.1, "build": None, "handover": 4, "boot": 18.9, "total": 23.0}
SERVING = {"number": 7, "state": "serving", "reason": "request", "paths": [],
           "requested_by": {"uid": 0, "pid": 77}, **TIMES, "stages_ms": STAGES, "error": None}
TRACEBACK = 'Traceback (most recent call last):\n  File "app.py", line 12\n    x = (\nSyntaxError: nope'


def failed(box):
    return {**SERVING, "number": 8, "state": "failed", "reason": "change", "served_at": None,
            "paths": [f"{box.project}/src/app.py"],
            "stages_ms": {**STAGES, "total": None},
            "error": {"stage": "import", "message": "SyntaxError: nope",
                      "file": f"{box.project}/src/app.py", "line": 12, "detail": TRACEBACK}}


def failure(box, code="generation_failed"):
    return Refusal(code, "generation 8 failed: SyntaxError: nope", {"generation": failed(box)})


def status_of(box, **changes):
    worker = {"pid": 4711, "slot": 0, "generation": 7, "state": "ready", "requests": 1203,
              "connections": 3, "rss_bytes": 25 * 1024 * 1024, "cpu_ms": 1234, "restarts": 0,
              "started_at": TIMES["created_at"]}
    watch = {"enabled": True, "paths": [f"{box.project}/src", f"{box.project}/templates"],
             "include": ["*.py"], "exclude": [], "directories": 41, "backend": "inotify",
             "events": 12, "overflows": 0, "paused": False}
    return {"schema": 1, "version": "0.1.0", "pid": 4242, "boot_id": "b1",
            "started_at": TIMES["created_at"], "uptime_ms": 11520000, "directory": str(box.project),
            "target": "main:app", "kind": "app", "state": "serving", "handover": "fresh",
            "generation": SERVING, "last_failed": None,
            "binds": [{"address": "127.0.0.1:8000", "family": "inet", "inherited": False}],
            "workers": [worker], "watch": watch,
            "nursery": {"state": "off", "modules": 0, "reason": None}, **changes}


@contextlib.contextmanager
def ctl_in_background(box, *arguments):
    process = subprocess.Popen([build.CTL, *arguments], stdin=subprocess.DEVNULL, cwd=box.project,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=box.env, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def fake(box):
    with FakeDaemon(box) as daemon:
        yield daemon


def check(result, status, stdout=None, stderr=""):
    assert result.returncode == status, f"{result.returncode}\n{result.stdout}\n{result.stderr}"
    if stdout is not None:
        assert result.stdout == stdout
    if stderr is not None:
        assert result.stderr == stderr


# -- what is asked, and what is printed ---------------------------------------------------------


def test_every_request_has_version_operation_and_an_id_of_its_own(box, fake):
    fake.answers["pause"] = {"paused": True}
    check(box.ctl("pause"), 0, "paused; what changes now reloads at \"blackbullctl resume\"\n")
    check(box.ctl("pause"), 0, None)
    first, second = fake.asked("pause")
    assert first["v"] == 1 and first["args"] == {}
    assert re.fullmatch("[0-9a-f]{32}", first["id"]) and first["id"] != second["id"]


def test_json_begins_with_the_schema_and_is_the_result_as_it_came(box, fake):
    fake.answers |= {"pause": {"paused": True}, "workers": {"workers": []}, "paths.list": {"paths": ["/a"]},
                     "generations": {"generations": [SERVING]}, "sync": {"generation": SERVING},
                     "why": {"path": "/x", "reloads": False, "rule": "r"}, "status": status_of(box)}
    expected = {("pause",): {"paused": True}, ("workers",): {"workers": []}, ("paths",): {"paths": ["/a"]},
                ("generations",): {"generations": [SERVING]}, ("sync",): {"generation": SERVING},
                ("why", "x"): {"path": "/x", "reloads": False, "rule": "r"}, ("status",): status_of(box)}
    for command, result in expected.items():
        printed = box.ctl("-j", *command)
        check(printed, 0, None)
        assert printed.stdout.startswith('{"schema":1,') and printed.stdout.count("\n") == 1
        assert json.loads(printed.stdout) == {"schema": 1, **result}


def test_reload_prints_the_verdict_and_sends_what_was_asked(box, fake):
    fake.answers["reload"] = {"generation": SERVING}
    check(box.ctl("reload"), 0, "generation 7 serving after 23 ms\n")
    check(box.ctl("reload", "--wait", "drained", "--if-generation", "6", "--id", "mine"), 0)
    check(box.ctl("reload", "--no-wait"), 0)
    check(box.ctl("-q", "reload"), 0, "")
    first, second, third, _ = fake.asked("reload")
    assert first["args"] == {"wait": "ready", "if_generation": None}
    assert second["args"] == {"wait": "drained", "if_generation": 6} and second["id"] == "mine"
    assert third["args"]["wait"] == "accepted"


def test_a_failed_generation_is_one_line_with_its_place_then_the_traceback(box, fake):
    fake.answers |= {op: failure(box) for op in ("reload", "wait", "sync")}
    for command in ("reload", "wait", "sync"):
        check(box.ctl(command), 1, "", "blackbullctl: generation 8 failed: SyntaxError: nope "
              f"(src/app.py:12)\n{TRACEBACK}\n")
        printed = box.ctl_json(command, status=1)
        assert printed == {"schema": 1, "generation": failed(box),
                           "error": {"code": "generation_failed",
                                     "message": "generation 8 failed: SyntaxError: nope"}}


@pytest.mark.parametrize("code, status", [
    ("generation_failed", 1), ("bad_request", 1), ("not_found", 1), ("stopping", 1),
    ("not_permitted", 4), ("conflict", 5), ("superseded", 5), ("version", 6), ("unknown_op", 6),
    ("of a later version", 1)])
def test_refusals_have_their_exit_status_and_their_reason(box, fake, code, status):
    fake.answers["reload"] = Refusal(code, "because")
    result = box.ctl("reload")
    check(result, status, "", None)
    assert result.stderr.startswith("blackbullctl: because")
    assert box.ctl_json("reload", status=status)["error"]["code"] == code


def test_versions_that_do_not_match_are_both_named(box, fake):
    fake.answers["status"] = Refusal("version", "too old")
    fake.info["version"] = "9.9.9"
    fake.answers["hello"] = {"version": "9.9.9", "pid": 12}
    result = box.ctl("status")
    check(result, 6, "", None)
    assert re.search(r"too old \(blackbullctl \d+\.\d+\.\d+, blackbulld 9\.9\.9, /proc/12/exe\)",
                     result.stderr)


@pytest.mark.parametrize("reply", [b"", b"nonsense", b"[]", b"{}", b'{"v":2,"ok":true,"result":{}}',
                                   b'{"v":1,"ok":true}', b'{"v":1,"ok":true,"result":7}', b"\xff\x00"])
def test_an_answer_that_is_none_is_a_matter_of_versions(box, fake, reply):
    fake.answers["status"] = reply
    assert box.ctl("status").returncode == 6
    assert box.ctl_json("status", status=6)["error"]["code"] == "version"


def test_paths_are_made_absolute_where_the_user_stands(box, fake):
    for op in ("paths.add", "paths.remove", "why"):
        fake.answers[op] = {"paths": ["/a"], "path": f"{box.project}/x.py", "reloads": True, "rule": "*.py"}
    inside = box.project / "inside"
    inside.mkdir()
    link = box.folder / "link"
    link.symlink_to(inside)
    check(box.ctl("paths", "add", "x", "../y", "/z//w/.", cwd=inside), 0, "/a\n")
    check(box.ctl("paths", "remove", ".", cwd=link, env={**box.env, "PWD": str(link)}), 0, "/a\n")
    check(box.ctl("why", "x.py"), 0, "x.py reloads: *.py\n")
    assert fake.asked("paths.add")[0]["args"]["paths"] == [f"{inside}/x", f"{box.project}/y", "/z/w"]
    assert fake.asked("paths.remove")[0]["args"]["paths"] == [str(link)]
    assert fake.asked("why")[0]["args"] == {"path": f"{box.project}/x.py"}


def test_wait_and_generations_pass_their_numbers_on(box, fake):
    fake.answers |= {"wait": {"generation": SERVING}, "generations": {"generations": [failed(box)]}}
    check(box.ctl("wait", "7"), 0, "generation 7 serving after 23 ms\n")
    check(box.ctl("wait", "--idle"), 0)
    assert [r["args"] for r in fake.asked("wait")] == [{"generation": 7, "until": "ready"},
                                                       {"generation": None, "until": "idle"}]
    shown = box.ctl("generations", "8").stdout
    assert "generation 8 failed" in shown and "changed  src/app.py" in shown and TRACEBACK in shown
    listed = box.ctl("generations").stdout.splitlines()
    assert listed[0].split() == ["GEN", "STATE", "WHEN", "TOOK", "REASON"]
    assert re.fullmatch(r"  8  failed  \S+ \S+ +-  change  SyntaxError: nope \(src/app.py:12\)", listed[1])
    assert [r["args"] for r in fake.asked("generations")] == [{"number": 8}, {"number": None}]


def test_status_tells_a_stranger_what_he_has_to_know_within_80_columns(box, fake):
    fake.answers["status"] = status_of(box, last_failed=failed(box))
    result = box.ctl("status")
    check(result, 0, None)
    for fact in ("main:app is serving, generation 7 since 2025-11-23", "http://127.0.0.1:8000",
                 "src, templates for *.py", "41 directories by inotify", "pid 4242, blackbulld 0.1.0",
                 "up 3 h 12 min", str(box.project), "4711", "1203", "25 MB",
                 "generation 8", "SyntaxError: nope (src/app.py:12)"):
        assert fact in result.stdout, fact
    assert max(map(len, result.stdout.splitlines())) <= 80, result.stdout
    assert "\033" not in result.stdout


def test_control_characters_from_elsewhere_do_not_reach_the_terminal(box, fake):
    fake.answers["status"] = status_of(box, target="\033[2J\nforged")
    assert "\\x1b[2J\\x0aforged is serving" in box.ctl("status").stdout


def test_stop_returns_when_the_daemon_is_gone(box):
    child = subprocess.Popen(["sleep", "60"])
    try:
        with FakeDaemon(box, answers={"stop": {"pid": child.pid}}) as fake:
            assert box.ctl("-t", "0.1", "stop").returncode == 124
            with ctl_in_background(box, "-j", "stop", "--now") as ctl:
                fake.wait_asked("stop", 2)
                assert ctl.poll() is None
                child.kill()
                child.wait()
                assert json.loads(ctl.communicate(timeout=10)[0]) == {"schema": 1, "pid": child.pid}
            assert fake.asked("stop")[1]["args"] == {"now": True}
    finally:
        child.kill()
        child.wait()


def test_stop_is_done_when_the_daemon_is_gone_before_its_answer(box):
    with FakeDaemon(box) as fake:
        fake.answers["stop"] = lambda request: fake.die() or SILENCE
        check(box.ctl("stop"), 0, f"stopped (pid {os.getpid()})\n")


# -- mistakes of the user -----------------------------------------------------------------------


@pytest.mark.parametrize("arguments, message", [
    ([], "a command is missing"),
    (["statsu"], 'unknown command "statsu"; did you mean "status"?'),
    (["frobnicate"], 'unknown command "frobnicate"; "blackbullctl --help" lists them'),
    (["status", "--wacth"], 'unknown option "--wacth"; did you mean "--watch"?'),
    (["--watch", "status"], 'unknown option "--watch"'),
    (["status", "-x"], 'unknown option "-x"'),
    (["status", "extra"], "too many arguments"),
    (["why"], "an argument is missing"),
    (["why", "a", "b"], "too many arguments"),
    (["-t"], 'option "--timeout" needs a value: SECONDS'),
    (["-t", "soon", "status"], '--timeout "soon": seconds, like 5, 0.5 or 500ms'),
    (["--json=1", "status"], 'option "--json" takes no value'),
    (["--color", "pink", "status"], '--color "pink": it is auto, always or never'),
    (["reload", "--wait", "long"], '--wait "long": it is ready, accepted or drained'),
    (["reload", "--no-wait", "--wait", "ready"], "--no-wait and --wait ready contradict each other"),
    (["reload", "--if-generation", "x"], '--if-generation "x": not a number'),
    (["wait", "x"], '"x" is not the number of a generation'),
    (["generations", "0"], '"0" is not the number of a generation'),
    (["events", "--since", "-1"], '--since "-1": not a number'),
    (["logs", "-n", "x"], "--lines and --generation are numbers"),
    (["paths", "add"], 'it is "paths", "paths add PATH..." or "paths remove PATH..."'),
    (["paths", "ad", "x"], 'it is "paths", "paths add PATH..." or "paths remove PATH..."'),
])
def test_usage_errors_name_the_mistake_and_exit_2(box, fake, arguments, message):
    result = box.ctl(*arguments)
    check(result, 2, "", None)
    assert result.stderr.splitlines()[0] == f"blackbullctl: {message}"
    assert fake.requests == []
    if arguments and arguments[0] != "-t":
        error = box.ctl_json(*arguments, status=2)["error"]
        assert error == {"code": "usage", "message": message}


def test_options_are_taken_before_and_behind_the_command(box, fake):
    fake.answers["wait"] = {"generation": SERVING}
    for arguments in (["-j", "wait", "7"], ["wait", "-j", "7"], ["wait", "7", "-jt5"],
                      ["wait", "-t", "5", "--json", "--", "7"], ["--timeout=5", "wait", "7", "-j"]):
        result = box.ctl(*arguments)
        check(result, 0, None)
        assert json.loads(result.stdout)["generation"]["number"] == 7, arguments


def test_help_and_version_need_no_daemon(box):
    result = box.ctl("--help")
    check(result, 0, None)
    commands = re.findall(r"^  ([a-z]+) ", result.stdout, re.M)
    assert commands == sorted(commands) and len(commands) == 14
    for command in commands:
        helped = box.ctl(command, "--help")
        check(helped, 0, None)
        assert helped.stdout.startswith(f"usage: blackbullctl [OPTION...] {command}")
    assert re.fullmatch(r"blackbullctl \d+\.\d+\.\d+\n", box.ctl("-V").stdout)
    assert "--if-generation N" in box.ctl("reload", "-h").stdout


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


# -- streams ------------------------------------------------------------------------------------


def event(number, kind="daemon", boot="b1", **fields):
    return {"seq": number, "boot_id": boot, "time": TIMES["created_at"], "type": kind, **fields}


class Ring:
    """The daemon's side of `events`: everything since, at most so many."""

    def __init__(self, *events):
        self.events = list(events)

    def __call__(self, request):
        args = request["args"]
        since = args["since"]
        last = self.events[-1]["seq"] if self.events else 0
        chosen = [e for e in self.events if since is None or e["seq"] > since]
        chosen = chosen[:args["max"]]
        return {"events": chosen, "last": chosen[-1]["seq"] if chosen else last, "lost": False}


def next_seq(ctl):
    return json.loads(ctl.stdout.readline())["seq"]


def test_events_without_following_replays_everything_in_batches(box, fake):
    fake.answers["events"] = Ring(*(event(n) for n in range(1, 2501)))
    result = box.ctl("-j", "events", "--no-follow")
    check(result, 0, None)
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == list(range(1, 2501))
    result = box.ctl("-j", "events", "--no-follow", "--since", "2498")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [2499, 2500]


def test_events_follow_live_without_gap_or_repetition(box, fake):
    ring = fake.answers["events"] = Ring(event(1), event(2))
    with ctl_in_background(box, "-j", "events", "--since", "0") as ctl:
        fake.wait_subscribed()
        assert [next_seq(ctl), next_seq(ctl)] == [1, 2]
        ring.events += [event(n) for n in range(3, 7)]
        fake.publish(event(2))  # known already
        fake.publish(event(3))
        assert next_seq(ctl) == 3
        fake.publish(event(6))  # 4 and 5 were dropped on the way
        assert [next_seq(ctl), next_seq(ctl), next_seq(ctl)] == [4, 5, 6]


def test_events_without_since_begin_with_what_comes(box, fake):
    ring = fake.answers["events"] = Ring(event(1), event(2))
    with ctl_in_background(box, "-j", "events") as ctl:
        fake.wait_asked("events")
        ring.events += [event(3), event(4)]
        fake.publish(event(4))
        assert [next_seq(ctl), next_seq(ctl)] == [3, 4]


def test_events_go_on_where_they_were_when_the_connection_comes_back(box, fake):
    ring = fake.answers["events"] = Ring(event(1))
    with ctl_in_background(box, "-j", "events", "--since", "0") as ctl:
        fake.wait_subscribed()
        assert next_seq(ctl) == 1
        ring.events.append(event(2))
        fake.disconnect()
        assert next_seq(ctl) == 2
        fake.wait_subscribed()
        fake.publish(event(3))
        assert next_seq(ctl) == 3


def test_events_of_a_daemon_that_was_started_anew_count_from_the_start(box, fake):
    ring = fake.answers["events"] = Ring(event(41))
    with ctl_in_background(box, "-j", "events", "--since", "40") as ctl:
        fake.wait_subscribed()
        assert next_seq(ctl) == 41
        ring.events = [event(1, boot="b2"), event(2, boot="b2")]
        fake.publish(event(2, boot="b2"))
        assert [next_seq(ctl), next_seq(ctl)] == [1, 2]


def test_events_end_when_the_daemon_does(box, fake):
    fake.answers["events"] = Ring()
    with ctl_in_background(box, "events") as ctl:
        fake.wait_asked("events")
        fake.die()
        assert ctl.wait(5) == 3


def test_events_in_text_are_one_line_each(box, fake):
    fake.answers["events"] = Ring(
        event(1, "generation", generation=SERVING),
        event(2, "change", paths=[f"{box.project}/src/app.py"], overflow=False),
        event(3, "worker", generation=7, slot=0, pid=12, event="exited", detail=None))
    lines = box.ctl("events", "--no-follow").stdout.splitlines()
    assert [re.sub(r"^.*#", "#", line) for line in lines] == [
        "#1 generation 7 serving after 23 ms", "#2 change in src/app.py",
        "#3 worker generation=7 slot=0 pid=12 event=exited"]


def log_line(number, text, stream="stdout"):
    return {"seq": number, "time": TIMES["created_at"], "generation": 7, "worker": 0, "stream": stream,
            "line": text}


def test_logs_show_what_workers_wrote(box, fake):
    fake.answers["logs"] = {"lines": [log_line(1, "hello"), log_line(2, "oh", "stderr")], "last": 2}
    check(box.ctl("logs", "-n", "2", "--generation", "7"), 0, "7.0 | hello\n7.0 | oh\n")
    assert fake.asked("logs")[0]["args"] == {"since": None, "generation": 7, "lines": 2, "wait": False}
    assert box.ctl_json("logs") == {"schema": 1, "last": 2,
                                    "lines": [log_line(1, "hello"), log_line(2, "oh", "stderr")]}


def test_logs_that_follow_ask_once_for_each_batch(box, fake):
    more = {"lines": [log_line(3, "more")], "last": 3}
    fake.answers["logs"] = [{"lines": [log_line(2, "old")], "last": 2}, more, SILENCE]
    with ctl_in_background(box, "logs", "-f") as ctl:
        assert ctl.stdout.readline() == "7.0 | old\n"
        assert ctl.stdout.readline() == "7.0 | more\n"
        fake.wait_asked("logs", 3)
        assert [r["args"]["since"] for r in fake.asked("logs")] == [None, 2, 3]
        assert [r["args"]["wait"] for r in fake.asked("logs")] == [False, True, True]
        ctl.send_signal(signal.SIGINT)
        assert ctl.wait(5) == 130


def test_status_that_watches_prints_anew_when_something_happens(box, fake):
    fake.answers["status"] = status_of(box)
    with ctl_in_background(box, "-j", "status", "--watch") as ctl:
        fake.wait_asked("status")
        assert json.loads(ctl.stdout.readline())["state"] == "serving"
        fake.answers["status"] = status_of(box, state="reloading")
        fake.publish(event(1))
        assert json.loads(ctl.stdout.readline())["state"] == "reloading"


# -- terminals ----------------------------------------------------------------------------------


def on_terminal(box, *arguments, **env):
    """What the command writes when stdout is a terminal."""
    master, slave = pty.openpty()
    environment = {**box.env, "TERM": "xterm", **env}
    if "NO_COLOR" not in env:
        environment.pop("NO_COLOR", None)
    with open(master, "rb", buffering=0) as terminal:
        process = subprocess.Popen([build.CTL, *arguments], stdin=slave, stdout=slave,
                                   stderr=slave, env=environment, cwd=box.project)
        os.close(slave)
        written = b""
        with contextlib.suppress(OSError):  # EIO is the end
            while part := terminal.read(4096):
                written += part
        assert process.wait(10) == 0
    return written.decode()


def test_colours_are_for_terminals_and_for_who_wants_them(box, fake):
    fake.answers["status"] = status_of(box)
    assert "\033[32mserving\033[0m" in on_terminal(box, "status")
    assert "\033" not in on_terminal(box, "status", NO_COLOR="1")
    assert "\033" not in on_terminal(box, "status", TERM="dumb")
    assert "\033" not in on_terminal(box, "status", "--color", "never")
    assert "\033[32mserving\033[0m" in box.ctl("--color=always", "status").stdout
    assert "\033" not in on_terminal(box, "-j", "status")
