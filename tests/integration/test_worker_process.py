"""What a worker inherits: standard descriptors, listening sockets, its channel; nothing else of the master."""

import json
import os
import signal

import pytest

from support import apps, build

# Set by the shells between us and the worker, or by Python itself.
SHELL_VARIABLES = {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}
OF_COMMANDS = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "NOTIFY_SOCKET"}


def signal_set(hexadecimal):
    mask = int(hexadecimal, 16)
    return {signal.Signals(n + 1).name for n in range(31) if mask >> n & 1}


def descriptors_of(pid):
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return found


def same_environment(environment, box):
    extra = {"LD_PRELOAD", "ASAN_OPTIONS"} if build.SANITIZED else set()
    ignored = SHELL_VARIABLES | extra
    return ({k: v for k, v in environment.items() if k not in ignored}
            == {k: v for k, v in box.env.items() if k not in ignored})


# A shell that looks at itself before anything else runs, then becomes a server. Subshells do
# the redirecting, so that the shell itself opens nothing.
LOOK = """
(exec cat /proc/$$/status >status.txt)
(exec ls -l /proc/$$/fd >fd.txt)
(exec env -0 >environment.txt)
exec python3 server.py
"""


@pytest.fixture(params=["at first boot", "after a reload"])
def command(box, request):
    box.write("server.py", (build.EXAMPLES / "notify/server.py").read_text())
    daemon = box.daemon("--bind", "unix:second.sock", "--", "/bin/sh", "-c", LOOK)
    daemon.wait_serving()
    if request.param == "after a reload":
        assert box.ctl("reload").returncode == 0
    return daemon


@pytest.mark.smoke
def test_a_command_starts_with_four_kinds_of_descriptors_and_untouched_signals(box, command):
    lines = (box.project / "fd.txt").read_text().splitlines()[1:]
    descriptors = dict(line.split(" -> ", 1) for line in lines)
    descriptors = {int(k.split()[-1]): v for k, v in descriptors.items()}
    assert sorted(descriptors) == [0, 1, 2, 3, 4], descriptors
    master = descriptors_of(command.pid)
    for number in (3, 4):
        assert descriptors[number].startswith("socket:") and descriptors[number] in master.values()
    status = dict(line.split(":", 1) for line in (box.project / "status.txt").read_text().splitlines())
    signals = {k: signal_set(status[k]) for k in ("SigBlk", "SigIgn")}
    assert signals == {"SigBlk": set(), "SigIgn": set()}


def test_a_command_gets_the_first_environment_and_the_variables_of_the_socket_protocol(box, command):
    pairs = (box.project / "environment.txt").read_text().rstrip("\0").split("\0")
    environment = dict(pair.split("=", 1) for pair in pairs)
    assert environment["LISTEN_FDS"] == "2"
    assert environment["LISTEN_PID"] in {str(w["pid"]) for w in command.status()["workers"]}
    assert len(environment["LISTEN_FDNAMES"].split(":")) == 2
    assert environment["NOTIFY_SOCKET"]
    rest = {k: v for k, v in environment.items() if k not in OF_COMMANDS}
    assert same_environment(rest, box), rest


@pytest.mark.smoke
@pytest.mark.parametrize("reloads", [0, 2])
def test_an_app_worker_holds_nothing_of_the_master_but_the_listening_sockets(box, reloads):
    box.write("main.py", apps.SELF_PORTRAIT_APP)
    daemon = box.daemon("--reload").wait_serving()
    for _ in range(reloads):
        assert box.ctl("reload").returncode == 0
    worker = json.loads(daemon.get().body)
    assert worker["pid"] == daemon.status()["workers"][0]["pid"]
    assert worker["directory"] == str(box.project)

    master = descriptors_of(daemon.pid)
    listening = [link for link in worker["descriptors"].values()
                 if link.startswith("socket:") and link in master.values()]
    assert len(listening) == 1, (worker["descriptors"], master)
    foreign = ("inotify", "memfd:", "pidfd", "signalfd", "blackbulld/")
    leaked = {n: link for n, link in worker["descriptors"].items() if any(w in link for w in foreign)}
    assert leaked == {}

    assert signal_set(worker["signals"]["SigBlk"]) == set()
    ignored = signal_set(worker["signals"]["SigIgn"])
    assert {"SIGINT"} <= ignored <= {"SIGINT", "SIGPIPE", "SIGXFSZ"}, ignored
    assert same_environment(worker["environment"], box), worker["environment"]
