"""A new binary that is of no use: tried before the exec, it changes nothing."""

import re
import shutil

import pytest

from support import apps, build
from support.faults import error_of, refuses_and_goes_on, reloads


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
