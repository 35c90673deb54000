"""blackbulld from Python: run() and App make a script the daemon, and change nothing when a worker imports it."""

import os
import shutil
import signal
import sys

import pytest

from support import apps, build, http, process
from support.wait import until

APP = """\
import blackbulld

VERSION = %d


async def hello(scope, receive, send):
    body = f"version {VERSION}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


app = blackbulld.App(hello)
"""
GUARDED = APP + """
if __name__ == "__main__":
    app.run(port=0, reload=True)
"""
PACKAGE = build.BUILD / "python"

# A Python that loads the sanitizer's runtime first cannot become a program that has it built in.
pytestmark = pytest.mark.skipif(build.SANITIZED, reason="needs a build without sanitizers")


@pytest.fixture
def python(box):
    """Starts a script with the Python of PATH; `app.py ARG...` as one would type it."""

    def start(*arguments, env=None, **options):
        env = {"PYTHONPATH": str(PACKAGE), **(env or {})}
        return box.daemon(*arguments, program="python3", bind=None, env=env, **options)

    return start


def complaint(box, script):
    """The last line of a script that is to fail; nothing of it goes on running."""
    box.write("door.py", "import blackbulld\n" + script)
    result = box.run("python3", "door.py", env={**box.env, "PYTHONPATH": str(PACKAGE)})
    assert result.returncode == 1, result.stderr
    assert box.instances() == [] and box.processes() == []
    return result.stderr.splitlines()[-1]


def test_a_script_that_runs_its_app_reloads_at_a_save(box, python):
    box.write("app.py", GUARDED % 1)
    daemon = python("app.py").wait_serving()
    status = daemon.status()
    assert (status["pid"], status["target"], status["watch"]["enabled"]) == (daemon.pid, "app:app", True)
    assert apps.version_of(daemon.get()) == 1
    box.save("app.py", GUARDED % 2)
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 2
    assert daemon.stop() == 0


def test_the_process_itself_becomes_the_daemon_and_its_python_that_of_the_workers(box, python):
    box.write("app.py", GUARDED % 1)
    daemon = python("app.py").wait_serving()
    assert process.image(daemon.pid) == str(build.DAEMON)
    worker = daemon.status()["workers"][0]["pid"]
    assert process.image(worker) == os.path.realpath(sys.executable)


@pytest.mark.parametrize("way", ["app.run(port=0)", "blackbulld.run(app, port=0)", 'blackbulld.run("app:app", port=0)'])
def test_without_a_guard_a_worker_that_imports_the_script_does_not_run_it_again(box, python, way):
    box.write("app.py", APP % 1 + f"\n{way}\nprint('beyond')\n")
    daemon = python("app.py").wait_serving()
    assert apps.version_of(daemon.get()) == 1
    until(lambda: daemon.log.find(r"1\.0 \| beyond"), what="the rest of the script in the worker")
    assert len(daemon.status()["workers"]) == 1


SPAWNING = """\
import asyncio
import multiprocessing

import blackbulld


def double(number):
    return number * 2


def ask():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(double, (21,))


async def hello(scope, receive, send):
    body = f"version {await asyncio.to_thread(ask)}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


app = blackbulld.App(hello)
app.run(port=0)
"""


def test_a_child_that_a_worker_spawns_does_not_run_the_script_again(box, python):
    box.write("app.py", SPAWNING)
    daemon = python("app.py").wait_serving()
    assert apps.version_of(daemon.get(timeout=30)) == 42


def test_run_takes_host_port_paths_and_every_long_option(box, python):
    box.write("code/web.py", apps.asgi(1))
    box.write("code/templates/page.html", "<p>")
    box.write("code/start.py", """\
import pathlib
import blackbulld
blackbulld.run("web:app", host="127.0.0.1", port=0, reload=True, access_log=False, workers=2, ready_timeout=20.5,
               reload_paths=["code", pathlib.Path("code/templates")], reload_include="*.html", name=None)
""")
    daemon = python("code/start.py").wait_serving()
    assert apps.version_of(daemon.get()) == 1
    status = daemon.status()
    assert len(status["workers"]) == 2
    assert status["watch"]["paths"] == [str(box.project / "code"), str(box.project / "code/templates")]
    assert status["watch"]["include"] == ["*.html"]
    assert not daemon.log.find("GET /")


def test_an_app_of_a_package_is_found_when_it_is_run_as_a_module(box, python):
    box.write("shop/__init__.py", "")
    box.write("shop/__main__.py", "from shop.web import app\n\napp.run(port=0)\n")
    box.write("shop/web.py", APP % 7)
    daemon = python("-m", "shop").wait_serving()
    assert daemon.status()["target"] == "shop.web:app"
    assert apps.version_of(daemon.get()) == 7
    assert daemon.stop() == 0
    box.write("shop/web.py", GUARDED % 8)
    daemon = python("-m", "shop.web").wait_serving()
    assert apps.version_of(daemon.get()) == 8


def test_an_app_is_served_as_what_it_wraps_is(box, python):
    box.write("app.py", """\
import blackbulld

def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"version 3"]

app = blackbulld.App(wsgi)
app.run(port=0)
""")
    assert apps.version_of(python("app.py").wait_serving().get()) == 3


def test_an_app_is_an_asgi_application_for_any_other_server(box):
    box.write("app.py", GUARDED % 4)
    command = ["--", sys.executable, "-m", "uvicorn", "app:app", "--fd", "3"]
    daemon = box.daemon(*command, env={"PYTHONPATH": str(PACKAGE)}).wait_serving()
    assert apps.version_of(daemon.get()) == 4


@pytest.mark.parametrize("call, line", [
    ('blackbulld.run("main:app", relaod=True)', 'unknown option "--relaod"; did you mean --reload?'),
    ('blackbulld.run("main:app", reload_dir="src")', 'unknown option "--reload-dir=src"; here it is --reload-path'),
    ('blackbulld.run("main:app", workers="many")', '--workers "many": expected a number from 0 to 1024'),
    ('blackbulld.run("main:app", reload=True, reload_paths=["nosuch"])', "nosuch"),
    ('blackbulld.run("main:app", port=0, bind=":80")', '"host" and "port" say where to listen, and so does "bind"'),
    ('blackbulld.App(hello).run()', "the application has no name in its module"),
    ('blackbulld.run("main:app", python="/nosuch/python")', "/nosuch/python"),
], ids=lambda x: x[:40])
def test_what_is_wrong_is_an_exception_of_one_line(box, call, line):
    box.write("main.py", apps.asgi(1))
    said = complaint(box, f"def hello(): pass\n{call}\n")
    assert said.startswith("blackbulld.Error: ") and line in said, said


def test_what_is_no_application_is_named(box):
    assert "an application is wanted, not int" in complaint(box, "blackbulld.App(3)\n")


def test_a_script_whose_name_is_no_module_is_named(box):
    box.write("my-app.py", GUARDED % 1)
    result = box.run("python3", "my-app.py", env={**box.env, "PYTHONPATH": str(PACKAGE)})
    assert result.returncode == 1 and 'cannot import "my-app.py"' in result.stderr.splitlines()[-1]


def test_the_package_of_a_prefix_starts_the_program_of_that_prefix(box, python):
    prefix = box.folder / "prefix"
    assert box.run("cmake", "--install", build.BUILD, "--prefix", prefix).returncode == 0
    box.write("app.py", GUARDED % 1)
    daemon = python("app.py", env={"PYTHONPATH": str(prefix / "lib/blackbulld/python")}).wait_serving()
    assert process.image(daemon.pid) == str(prefix / "bin/blackbulld")
    assert apps.version_of(daemon.get()) == 1


def test_a_package_on_its_own_starts_the_program_of_path(box, python):
    shutil.copytree(PACKAGE, box.folder / "elsewhere")
    (box.folder / "bin" / "blackbulld").symlink_to(build.DAEMON)
    box.write("app.py", GUARDED % 1)
    daemon = python("app.py", env={"PYTHONPATH": str(box.folder / "elsewhere")}).wait_serving()
    assert apps.version_of(daemon.get()) == 1


def test_ctrl_c_stops_a_script_as_it_stops_the_daemon(box, python):
    box.write("app.py", GUARDED % 1)
    daemon = python("app.py").wait_serving()
    address = daemon.address
    daemon.signal(signal.SIGINT)
    assert daemon.wait_exit() == 0
    assert http.fetch(address).kind == http.REFUSED


def test_a_worker_does_not_load_what_only_scripts_use(box):
    box.write("main.py", """\
import sys

async def app(scope, receive, send):
    body = " ".join(m for m in ("blackbulld.door", "subprocess", "shutil") if m in sys.modules).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
""")
    assert "door" not in box.daemon("main:app").wait_serving().get().text
