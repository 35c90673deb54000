"""blackbullctl against a daemon that says what it is told to: what is asked, what is printed, exit statuses."""

import contextlib
import json
import os
import pty
import re
import subprocess

import pytest

from support import build
from support.ctl import SERVING, TRACEBACK, check, ctl_in_background, failed, failure, status_of
from support.fake_daemon import SILENCE, FakeDaemon, Refusal


@pytest.fixture
def fake(box):
    with FakeDaemon(box) as daemon:
        yield daemon


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
