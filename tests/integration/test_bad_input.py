"""Bad input gets one clear line that names the value, the right exit status, and leaves nothing behind."""

import socket

import pytest

from support import apps, build

USAGE = [
    (["--relaod"], "--relaod"),
    (["--bind"], "--bind"),
    (["--bind", "127.0.0.1:99999"], "99999"),
    (["--bind", "127.0.0.1:http"], "http"),
    (["--bind", "[::1:80"], "[::1:80"),
    (["--bind", "unix:"], "unix:"),
    (["--bind", "fd://x"], "fd://x"),
    (["--bind", "unix:" + "x" * 120], "x" * 20),
    (["--workers", "two"], "two"),
    (["--workers", "-1"], "-1"),
    (["--handover", "maybe"], "maybe"),
    (["--ready", "soon"], "soon"),
    (["--ready-timeout", "1x"], "1x"),
    (["--log-level", "loud"], "loud"),
    (["--interface", "cgi"], "cgi"),
    (["one:app", "two:app"], "two:app"),
    (["main:app", "--", "sleep", "1"], "main:app"),
    (["--"], "--"),
    (["main:1app"], "main:1app"),
]


def no_traces(box):
    """Nothing of a daemon that never ran: no folder, no process."""
    return box.instances() == [] and box.processes() == []


def complaint(result):
    """The one line on stderr, which says who speaks."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("blackbulld: "), result.stderr
    return lines[0]


@pytest.mark.parametrize("arguments, value", USAGE, ids=lambda x: " ".join(x)[:40] if isinstance(x, list) else "")
def test_a_wrong_command_line_is_named_with_exit_status_2(box, run, arguments, value):
    result = run(*arguments)
    assert result.returncode == 2, result.stderr
    assert value in complaint(result)
    assert no_traces(box)


@pytest.fixture
def run(box):
    """Runs a daemon that is expected to end by itself."""
    return lambda *arguments, **env: box.run(build.DAEMON, *arguments, timeout=30, env={**box.env, **env})


def test_a_wrong_value_in_the_environment_names_the_variable(box, run):
    result = run(BLACKBULLD_WORKERS="many")
    line = complaint(result)
    assert result.returncode == 2 and "BLACKBULLD_WORKERS" in line and "many" in line
    assert no_traces(box)


@pytest.mark.parametrize("text, value", [
    ("workers = two\n", "two"), ("wrokers = 2\n", "wrokers"), ("bind = 127.0.0.1:0\nnonsense\n", "2")])
def test_a_wrong_line_of_the_configuration_names_file_and_line(box, run, text, value):
    box.write("blackbulld.conf", text)
    result = run()
    line = complaint(result)
    assert result.returncode == 2 and value in line and "blackbulld.conf:" in line
    assert no_traces(box)


def test_a_configuration_file_that_is_not_there_is_named(box, run):
    result = run("--config", "nosuch.conf")
    assert result.returncode in (1, 2) and "nosuch.conf" in complaint(result)
    assert no_traces(box)


def left_behind(box):
    """Of a daemon that could not go on: sockets, info, processes. Its lock and its history may stay."""
    files = [p.name for folder in box.instances() for p in folder.iterdir()]
    return sorted(set(files) - {"lock", "history.jsonl"}), box.processes()


def cannot_start(box, result, *values):
    lines = [line for line in result.stderr.splitlines() if all(v in line for v in values)]
    assert result.returncode == 1, result.stderr
    assert len(lines) >= 1, result.stderr
    assert left_behind(box) == ([], [])


def test_a_port_in_use_is_named(box, run):
    box.write("main.py", apps.asgi(1))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = "127.0.0.1:%d" % other.getsockname()[1]
        cannot_start(box, run("--bind", address), address, "in use")


def test_an_address_that_is_not_ours_is_named(box, run):
    box.write("main.py", apps.asgi(1))
    cannot_start(box, run("--bind", "192.0.2.1:80"), "192.0.2.1:80")


def test_a_folder_without_permission_for_a_socket_is_named(box, run):
    box.write("main.py", apps.asgi(1))
    cannot_start(box, run("--bind", "unix:/sys/web.sock"), "/sys/web.sock")


def test_a_descriptor_that_is_no_listening_socket_is_named(box, run):
    box.write("main.py", apps.asgi(1))
    cannot_start(box, run("--bind", "fd://0"), "fd://0")


@pytest.mark.parametrize("target, value", [
    ("nosuch:app", "nosuch"), ("main:nosuch", "nosuch"), ("main:VERSION", "VERSION")])
def test_a_target_that_cannot_be_loaded_is_named(box, run, target, value):
    box.write("main.py", apps.asgi(1))
    cannot_start(box, run("--bind", "127.0.0.1:0", target), value)


def test_an_app_that_does_not_compile_is_named_with_its_line(box, run):
    box.write("main.py", "x = 1\ndef f(:\n")
    cannot_start(box, run("--bind", "127.0.0.1:0", "main:app"), "main.py:2")


@pytest.mark.parametrize("arguments, value", [
    (["./nosuchfolder/"], "nosuchfolder"),
    (["main:app", "--reload", "--reload-path", "nosuchpath"], "nosuchpath"),
    (["main:app", "--app-dir", "nosuchdir"], "nosuchdir"),
    (["main:app", "--python", "nosuchpython"], "nosuchpython"),
])
def test_a_file_or_folder_that_is_not_there_is_named(box, run, arguments, value):
    box.write("main.py", apps.asgi(1))
    result = run("--bind", "127.0.0.1:0", *arguments)
    assert result.returncode in (1, 2) and value in result.stderr, result.stderr
    assert left_behind(box) == ([], [])


def test_check_reads_everything_and_touches_nothing(box, run):
    box.write("main.py", apps.asgi(1))
    result = run("--check", "--bind", "127.0.0.1:0")
    assert result.returncode == 0 and "configuration OK" in result.stdout + result.stderr
    assert no_traces(box)
