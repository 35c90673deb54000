"""A save becomes a new generation, and no client notices more than new answers."""

import itertools

import pytest

from support import apps, build, http
from support.poller import Poller
from support.wait import until

SAVES = build.amount(normal=50, sanitized=10, soak=300)
CYCLES = build.amount(normal=200, sanitized=30, soak=1000)


def wait_version(address, version):
    def answered():
        answer = http.fetch(address)
        return answer.status == 200 and apps.version_of(answer) == version

    until(answered, 10 * build.SLOWNESS, f"version {version}")


@pytest.fixture
def fastapi(box):
    """`blackbulld main:app --reload --reload-path src/` where main.py imports from src/."""
    box.write("src/greeting.py", apps.greeting(0))
    box.write("main.py", apps.FASTAPI)
    return box.daemon("main:app", "--reload", "--reload-path", "src/").wait_serving()


@pytest.mark.soak
@pytest.mark.smoke
@pytest.mark.parametrize("by", ["in place", "rename"])
def test_every_save_is_answered_by_the_new_code_and_no_client_loses_a_request(box, fastapi, by):
    address = fastapi.address
    with Poller(address) as new, Poller(address, keep_alive=True) as kept:
        for version in range(1, SAVES + 1):
            box.save("src/greeting.py", apps.greeting(version), by)
            wait_version(address, version)
    assert new.lost() == {}, f"{len(new.answers)} asked"
    assert kept.lost() == {}, f"{len(kept.answers)} asked"
    assert set(new.statuses()) == {200} and set(kept.statuses()) == {200}
    assert new.backward(apps.version_of) == []


@pytest.mark.soak
@pytest.mark.smoke
def test_what_was_saved_before_sync_is_served_after_it(box):
    box.write("main.py", apps.asgi(0))
    address = box.daemon("--reload").wait_serving().address
    stale = []
    ways = itertools.cycle(["in place", "rename"])
    for version in range(1, CYCLES + 1):
        box.save("main.py", apps.asgi(version), next(ways))
        result = box.ctl("sync")
        assert result.returncode == 0, result.stderr
        got = apps.version_of(http.fetch(address))
        if got != version:
            stale.append((version, got))
    assert stale == [], f"of {CYCLES} cycles"


def test_sync_without_a_change_answers_at_once_with_the_generation_that_serves(box):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload").wait_serving()
    number = daemon.status()["generation"]["number"]
    assert box.ctl_json("sync")["generation"]["number"] == number


def test_a_new_file_in_a_new_folder_reloads(box):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload").wait_serving()
    before = daemon.status()["generation"]["number"]
    box.write("package/deep/module.py", "x = 1\n")
    after = box.ctl_json("sync")["generation"]
    assert after["number"] > before
    assert any(path.endswith("package/deep/module.py") for path in after["paths"]), after["paths"]


def test_files_that_are_not_python_or_are_ignored_do_not_reload_an_app(box):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload").wait_serving()
    before = daemon.status()["generation"]["number"]
    for name in ("notes.txt", "__pycache__/main.py", ".git/hook.py", "node_modules/a/b.py",
                 ".venv/lib/c.py", ".main.py.swp"):
        box.write(name, "x = 1\n")
    assert box.ctl_json("sync")["generation"]["number"] == before


def test_a_save_is_logged_with_its_path_and_its_time(box):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload").wait_serving()
    assert daemon.log.find(r"watching .*\*\.py"), daemon.log.text()
    start = len(daemon.log.lines)
    box.save("main.py", apps.asgi(1))
    daemon.wait_log(r"change detected in .*main\.py", start=start)
    daemon.wait_log(r"generation \d+ serving after [\d.]+ ms", start=start)


def test_what_an_application_prints_is_shown_at_once_with_its_worker_and_generation(box):
    box.write("main.py", "print('loading')\n" + apps.asgi(0))
    daemon = box.daemon("--reload").wait_serving()
    number = daemon.status()["generation"]["number"]
    daemon.wait_log(rf"^{number}\.0 \| loading$", timeout=2)
    assert "loading" in box.ctl("logs").stdout


def test_with_reload_a_response_names_its_generation(box):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload").wait_serving()
    number = daemon.status()["generation"]["number"]
    assert daemon.get().headers.get("blackbulld-generation") == str(number)


def test_a_site_is_served_and_its_files_are_fresh_without_a_restart(box):
    box.write("index.html", "<p>one</p>")
    box.write("style.css", "p { color: red }")
    daemon = box.daemon(box.project).wait_serving()
    assert "<p>one</p>" in daemon.get("/").text
    assert daemon.get("/style.css").headers["content-type"].startswith("text/css")
    box.save("index.html", "<p>two</p>")
    assert "<p>two</p>" in daemon.get("/").text
    assert daemon.get("/../../etc/passwd").status in (400, 403, 404)
    assert daemon.get("/%2e%2e/%2e%2e/etc/passwd").status in (400, 403, 404)
