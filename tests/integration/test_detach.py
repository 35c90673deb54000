"""--detach: the caller gets its terminal back once the first generation serves, or the reason why it does not."""

import os
import re
import signal
import socket
import subprocess

import pytest

from support import apps, build, process
from support.wait import until

LOG_MAX = 4 * 1024 * 1024


@pytest.fixture
def detach(box):
    """Starts a daemon in the background; whatever is left of it is stopped after the test."""

    def run(*arguments, **options):
        return box.run(build.DAEMON, "--detach", "--bind", "127.0.0.1:0", *arguments, **options)

    yield run
    box.ctl("stop", "--now")
    until(lambda: not box.processes(), 10 * build.SLOWNESS, "the end of the daemon")


def log_file(box):
    folders = box.instances()
    assert len(folders) == 1, folders
    return folders[0] / "daemon.log"


def links(pid):
    return {int(name): os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}


def stat_field(pid, number):
    """A field of proc_pid_stat(5), by its number there."""
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[number - 3])


def nothing_is_left(box):
    files = {path.name for folder in box.instances() for path in folder.iterdir()}
    return box.processes() == [] and not files & {"admin.sock", "events.sock", "info.json"}


@pytest.mark.smoke
def test_the_caller_goes_on_once_the_first_generation_serves(box, detach):
    box.write("main.py", apps.asgi(1))
    # Reading to the end of both pipes, this waits for whoever holds them.
    result = detach("--reload")
    assert result.returncode == 0, result.stderr
    assert re.search(r"generation \d+ serving after", result.stderr), result.stderr
    status = box.ctl_json("status")
    assert status["state"] == "serving"
    assert apps.version_of(box.get(status["binds"][0]["address"])) == 1
    pid = status["pid"]
    assert f"pid {pid}; log: {log_file(box)}" in result.stderr
    assert log_file(box).read_text().startswith(result.stderr)


def test_the_daemon_has_a_session_of_its_own_and_nothing_of_its_caller(box, detach):
    box.write("main.py", apps.SELF_PORTRAIT_APP)
    assert detach().returncode == 0
    status = box.ctl_json("status")
    pid = status["pid"]
    session, terminal = stat_field(pid, 6), stat_field(pid, 7)
    assert (session, terminal) == (pid, 0)
    held = links(pid)
    assert (held[0], held[1], held[2]) == ("/dev/null", str(log_file(box)), str(log_file(box)))
    pipes = {link for link in held.values() if link.startswith("pipe:")}
    worker = status["workers"][0]["pid"]
    assert pipes == {links(worker)[1], links(worker)[2]}, "the report's pipe is still open"
    descriptors = links(worker)
    assert descriptors[0] == "/dev/null" and set(descriptors) >= {0, 1, 2, 3, 4}
    assert str(log_file(box)) not in descriptors.values()


def test_status_logs_reload_and_stop_work_with_it(box, detach):
    box.write("main.py", "print('loaded')\n" + apps.asgi(1))
    assert detach().returncode == 0
    pid = box.ctl_json("status")["pid"]
    assert "loaded" in box.ctl("logs").stdout
    box.save("main.py", apps.asgi(2))
    assert box.ctl("reload").returncode == 0
    after = box.ctl_json("status")
    assert after["pid"] == pid and apps.version_of(box.get(after["binds"][0]["address"])) == 2
    assert box.ctl("stop").returncode == 0
    until(lambda: not process.alive(pid), what="the end of the daemon")
    text = log_file(box).read_text()
    assert "1.0 | loaded" in text and "generation 2 serving" in text and "stopping" in text
    assert nothing_is_left(box)


@pytest.mark.smoke
@pytest.mark.parametrize("reload", [["--reload"], []], ids=["reload", "no reload"])
def test_a_first_generation_that_fails_leaves_its_reason_and_no_daemon(box, detach, reload):
    box.write("main.py", "VERSION = 1\nasync def app(:\n")
    result = detach("main:app", *reload)
    assert result.returncode == 1
    assert "SyntaxError" in result.stderr and "main.py:2" in result.stderr, result.stderr
    assert nothing_is_left(box)


def test_what_a_command_says_before_it_fails_is_shown(box, detach):
    result = detach("--", "sh", "-c", "echo no database at db:5432 >&2; exit 3")
    assert result.returncode == 1
    assert "no database at db:5432" in result.stderr and "exit status 3" in result.stderr
    assert nothing_is_left(box)


def test_a_worker_that_is_not_ready_in_time_fails_the_start(box, detach):
    result = detach("--ready", "notify", "--ready-timeout", "0.3", "--", "sleep", "60")
    assert result.returncode == 1 and "not ready within 0.3 s" in result.stderr, result.stderr
    assert nothing_is_left(box)


def test_a_wrong_command_line_ends_with_status_2_and_one_line(box, detach):
    result = detach("--wrokers", "2")
    assert result.returncode == 2
    assert re.fullmatch(r'blackbulld: .*"--wrokers".*\n', result.stderr), result.stderr
    assert box.instances() == []


def test_a_port_in_use_ends_with_status_1_and_names_the_address(box, detach):
    box.write("main.py", apps.asgi(1))
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = "127.0.0.1:%d" % other.getsockname()[1]
        result = detach("--bind", address)
    assert result.returncode == 1 and address in result.stderr and "in use" in result.stderr
    assert nothing_is_left(box)


def test_a_second_daemon_for_the_same_project_is_refused_and_names_the_first(box, detach):
    box.write("main.py", apps.asgi(1))
    assert detach().returncode == 0
    pid = box.ctl_json("status")["pid"]
    second = detach()
    assert second.returncode == 1 and f"pid {pid}" in second.stderr, second.stderr
    assert box.ctl_json("status")["pid"] == pid


@pytest.mark.smoke
def test_a_save_while_the_first_generation_boots_supersedes_it_and_the_caller_goes_on_waiting(box, detach):
    gate = box.project / "gate"
    os.mkfifo(gate)
    box.write("main.py", 'open("gate").read()\n' + apps.asgi(1))
    caller = subprocess.Popen([build.DAEMON, "-d", "-b", "127.0.0.1:0", "--reload"], cwd=box.project,
                              env=box.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    # Opens once the application waits for it.
    with open(gate, "w"):
        assert caller.poll() is None
        box.save("main.py", apps.asgi(2))
        _, said = caller.communicate(timeout=20 * build.SLOWNESS)
    assert caller.returncode == 0, said
    assert "generation 1: superseded" in said and "generation 2 serving" in said, said
    status = box.ctl_json("status")
    assert status["generation"]["number"] == 2
    assert apps.version_of(box.get(status["binds"][0]["address"])) == 2
    assert log_file(box).read_text().startswith(said)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_to_the_waiting_caller_stops_the_daemon(box, detach, name):
    caller = subprocess.Popen([build.DAEMON, "-d", "-b", "127.0.0.1:0", "--ready", "notify", "--", "sleep", "60"],
                              cwd=box.project, env=box.env, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    line = b""
    while b"booting" not in line:
        line = caller.stderr.readline()
        assert line, "the daemon has ended"
    caller.send_signal(getattr(signal, name))
    _, rest = caller.communicate(timeout=20 * build.SLOWNESS)
    assert caller.returncode == 1 and b"stopped before it served" in rest, rest
    assert nothing_is_left(box)


def test_usr1_opens_the_log_anew_for_whoever_has_moved_it(box, detach):
    box.write("main.py", apps.asgi(1))
    assert detach().returncode == 0
    pid = box.ctl_json("status")["pid"]
    old = log_file(box).rename(log_file(box).with_name("moved"))
    os.kill(pid, signal.SIGUSR1)
    until(log_file(box).exists, what="a new log")
    assert box.ctl("reload").returncode == 0
    assert "generation 2 serving" in log_file(box).read_text()
    assert "generation 2 serving" not in old.read_text()
    assert log_file(box).stat().st_mode & 0o777 == 0o600


def test_the_log_is_kept_short_by_one_predecessor(box, detach):
    box.write("main.py", f"""\
for _ in range({3 * LOG_MAX // 1000}):
    print("x" * 1000)
print("the end")
""" + apps.asgi(1))
    assert detach("--ready-timeout", "60").returncode == 0
    log = log_file(box)
    until(lambda: "the end" in log.read_text(), what="the last line")
    before = log.with_name("daemon.log.1")
    assert sorted(p.name for p in log.parent.glob("daemon.log*")) == ["daemon.log", "daemon.log.1"]
    assert log.stat().st_size <= LOG_MAX
    assert LOG_MAX <= before.stat().st_size < LOG_MAX + 64 * 1024
    # Rotated by the image that is replaced now, and by the next one.
    assert box.ctl("reload").returncode == 0
    until(lambda: log.read_text().count("the end") == 1, what="the last line of the second generation")
    assert log.stat().st_size <= LOG_MAX


@pytest.mark.parametrize("way", ["environment", "configuration"])
def test_it_can_be_asked_for_elsewhere_than_on_the_command_line(box, detach, way):
    box.write("main.py", apps.asgi(1))
    env = {**box.env, "BLACKBULLD_DETACH": "yes"} if way == "environment" else box.env
    if way == "configuration":
        box.write("blackbulld.conf", "detach = yes\n")
    assert box.run(build.DAEMON, "-b", "127.0.0.1:0", env=env).returncode == 0
    assert box.ctl("reload").returncode == 0
    assert box.ctl_json("status")["generation"]["number"] == 2


def test_a_caller_without_standard_descriptors_is_fine(box, detach):
    box.write("main.py", apps.asgi(1))
    command = f'"{build.DAEMON}" -d -b 127.0.0.1:0 <&- >&- 2>&-'
    assert box.run("sh", "-c", command).returncode == 0
    held = links(box.ctl_json("status")["pid"])
    assert (held[0], held[1], held[2]) == ("/dev/null", str(log_file(box)), str(log_file(box)))
