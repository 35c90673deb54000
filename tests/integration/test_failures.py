"""Code that does not load: everybody learns why, and the next good save serves again."""

import pytest

from support import apps

BROKEN = "VERSION = 1\n\nasync def app(scope, receive, send:\n    pass\n"
BROKEN_LINE = 3


@pytest.fixture
def daemon(box):
    box.write("main.py", apps.asgi(0))
    return box.daemon("--reload").wait_serving()


def names_the_place(text):
    return "main.py" in text and f"{BROKEN_LINE}" in text


@pytest.mark.smoke
def test_a_syntax_error_answers_503_with_the_traceback_until_the_fix_is_saved(box, daemon):
    box.save("main.py", BROKEN)
    sync = box.ctl("sync")
    assert sync.returncode == 1
    assert "SyntaxError" in sync.stderr and f"main.py:{BROKEN_LINE}" in sync.stderr, sync.stderr

    text = daemon.get(headers={"Accept": "*/*"})
    assert text.status == 503 and text.headers["content-type"].startswith("text/plain")
    assert "SyntaxError" in text.text and f"line {BROKEN_LINE}" in text.text
    page = daemon.get(headers={"Accept": "text/html"})
    assert page.status == 503 and page.headers["content-type"].startswith("text/html")
    assert "SyntaxError" in page.text

    reload = box.ctl("reload")
    assert reload.returncode == 1
    assert "SyntaxError" in reload.stderr and f"main.py:{BROKEN_LINE}" in reload.stderr, reload.stderr

    status = daemon.status()
    assert status["state"] == "failed"
    error = status["last_failed"]["error"]
    assert error["file"] == str(box.project / "main.py") and error["line"] == BROKEN_LINE, error

    box.save("main.py", apps.asgi(2))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 2
    assert daemon.status()["state"] == "serving"


@pytest.mark.parametrize("source, words", [
    ("import nosuchmodule\n", "nosuchmodule"),
    ("VERSION = 1 / 0\n", "ZeroDivisionError"),
    ("raise SystemExit(4)\n", "SystemExit"),
    ("import os\nos.abort()\n", "generation"),
    ("apps = None\n", "app"),
])
def test_an_app_that_fails_at_import_is_reported_and_recovers(box, daemon, source, words):
    box.save("main.py", source)
    sync = box.ctl("sync")
    assert sync.returncode == 1 and words in sync.stderr, sync.stderr
    assert daemon.get().status == 503
    box.save("main.py", apps.asgi(2))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 2


LIFESPAN = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})
"""


def test_a_lifespan_that_fails_is_reported_with_its_message(box, daemon):
    box.save("main.py", LIFESPAN)
    sync = box.ctl("sync")
    assert sync.returncode == 1 and "no database" in sync.stderr, sync.stderr
    assert daemon.status()["last_failed"]["error"]["stage"] == "lifespan"


def test_an_app_that_is_broken_from_the_start_is_served_once_it_is_mended(box):
    box.write("main.py", BROKEN)
    daemon = box.daemon("main:app", "--reload")
    assert daemon.wait_log(r"generation \d+ (serving|failed)").group(1) == "failed"
    assert daemon.get().status == 503
    box.save("main.py", apps.asgi(1))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 1


@pytest.mark.smoke
def test_in_overlap_the_old_generation_goes_on_answering(box):
    box.write("main.py", apps.asgi(5))
    daemon = box.daemon("--reload", "--handover", "overlap").wait_serving()
    serving = daemon.status()["generation"]["number"]
    box.save("main.py", BROKEN)
    assert box.ctl("sync").returncode == 1
    assert apps.version_of(daemon.get()) == 5
    status = daemon.status()
    assert status["generation"]["number"] == serving
    assert status["last_failed"]["error"]["line"] == BROKEN_LINE
    box.save("main.py", apps.asgi(6))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 6
