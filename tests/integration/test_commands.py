"""Any program that takes its socket the systemd way: it reloads like an app, in whatever language."""

import shutil
import sys

import pytest

from support import apps, build, http
from support.poller import Poller
from support.wait import until

SAVES = build.amount(normal=10, sanitized=3, soak=200)


def reload_under_a_client(box, daemon, save, read):
    """Saves again and again under a polling client, each time waiting for the new answer by `sync`.

    Returns what the client lost.
    """
    address = daemon.address
    with Poller(address) as poller:
        for version in range(1, SAVES + 1):
            save(version)
            result = box.ctl("sync")
            assert result.returncode == 0, result.stderr
            assert read(daemon.get()) == version
    assert set(poller.statuses()) == {200}
    return poller.lost()


def test_uvicorn_as_a_command_reloads(box):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload", "--", sys.executable, "-m", "uvicorn", "main:app", "--fd", "3",
                        env=apps.NO_BYTECODE).wait_serving()
    lost = reload_under_a_client(
        box, daemon, lambda v: box.save("main.py", apps.asgi(v)), apps.version_of)
    # On SIGTERM uvicorn closes what it has accepted and not read yet: one client at most, each time.
    assert set(lost) <= {http.RESET, http.EMPTY} and sum(lost.values()) <= SAVES, lost


def last_word(answer):
    return int(answer.text.split()[-1])


def test_a_node_server_that_listens_on_descriptor_3_reloads_without_losing_a_request(box):
    source = (build.EXAMPLES / "node/server.mjs").read_text()
    box.write("server.mjs", source)
    daemon = box.daemon("--reload", "--", build.program("node"), "server.mjs").wait_serving()

    def save(version):
        box.save("server.mjs", source.replace("VERSION = 1", f"VERSION = {version}"))

    assert reload_under_a_client(box, daemon, save, last_word) == {}


@pytest.mark.smoke
def test_a_program_that_says_ready_by_sd_notify_reloads_without_losing_a_request(box):
    source = (build.EXAMPLES / "notify/server.py").read_text()
    box.write("server.py", source)
    daemon = box.daemon("--reload", "--ready", "notify", "--", "python3", "server.py").wait_serving()

    def save(version):
        box.save("server.py", source.replace("VERSION = 1", f"VERSION = {version}"))

    assert reload_under_a_client(box, daemon, save, last_word) == {}


def test_a_command_that_ends_before_it_is_ready_fails_the_generation_with_its_last_words(box):
    box.write("server.py", "import sys\nsys.exit('no database at db:5432')\n")
    daemon = box.daemon("--reload", "--ready", "notify", "--", "python3", "server.py")
    assert daemon.wait_log(r"generation \d+ (serving|failed)").group(1) == "failed"
    error = daemon.status()["last_failed"]["error"]
    assert "no database at db:5432" in str(error), error
    box.save("server.py", (build.EXAMPLES / "notify/server.py").read_text())
    assert box.ctl("sync").returncode == 0
    assert last_word(daemon.get()) == 1


def test_a_command_is_found_in_path_and_named_when_it_is_not_there(box):
    assert shutil.which("nosuchprogram") is None
    daemon = box.daemon("--", "nosuchprogram", "--fd", "3")
    assert daemon.wait_exit() == 1
    until(lambda: daemon.log.find("nosuchprogram"), what="the name in the log")
