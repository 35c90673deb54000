"""What runs when nothing, or little, is said: the configuration file, an app, a site, an install prefix."""

import pytest

from support import apps, build


def origin(daemon):
    status = daemon.status()
    return status["kind"], status["target"]


@pytest.mark.parametrize("name, attribute", [
    ("main.py", "app"), ("app.py", "app"), ("api.py", "api"), ("asgi.py", "application"),
    ("app/main.py", "app"), ("src/main.py", "app"), ("src/app/main.py", "app"),
])
def test_without_a_target_the_app_is_found(box, name, attribute):
    box.write(name, apps.asgi(1).replace("def app", f"def {attribute}"))
    if "app/" in name:
        box.write(name.replace("main.py", "__init__.py"), "")
    daemon = box.daemon().wait_serving()
    kind, target = origin(daemon)
    assert kind == "app" and target.endswith(f":{attribute}"), target
    assert apps.version_of(daemon.get()) == 1


@pytest.mark.smoke
def test_without_a_target_and_with_reload_path_src_the_app_in_src_is_served_and_reloads(box):
    box.write("src/main.py", apps.asgi(1))
    daemon = box.daemon("--reload", "--reload-path", "src/").wait_serving()
    assert apps.version_of(daemon.get()) == 1
    box.save("src/main.py", apps.asgi(2))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 2


@pytest.mark.smoke
def test_without_a_target_or_an_app_the_current_directory_is_a_site(box):
    box.write("index.html", "<p>here</p>")
    daemon = box.daemon().wait_serving()
    assert origin(daemon) == ("site", str(box.project))
    assert "<p>here</p>" in daemon.get("/").text


def test_the_choice_is_logged_in_one_line(box):
    box.write("api.py", apps.asgi(1).replace("def app", "def api"))
    daemon = box.daemon().wait_serving()
    lines = [line for line in daemon.log.lines if "api.py" in line]
    assert len(lines) == 1, daemon.log.text()


def test_a_main_py_without_an_app_is_no_app(box):
    box.write("main.py", "print('a script')\n")
    box.write("index.html", "<p>a site</p>")
    assert origin(box.daemon().wait_serving())[0] == "site"


def test_the_configuration_file_names_target_addresses_and_paths(box):
    box.write("service/web.py", apps.asgi(1).replace("async def app", "async def backend"))
    box.write("blackbulld.conf", """\
# what this project runs
target = service.web:backend
bind = 127.0.0.1:0
bind = unix:web.sock
reload = yes
reload-path = service
""")
    daemon = box.daemon(bind=None).wait_serving()
    status = daemon.status()
    assert status["target"] == "service.web:backend"
    assert status["watch"]["paths"] == [str(box.project / "service")]
    assert [b["family"] for b in status["binds"]] == ["inet", "unix"]
    assert apps.version_of(daemon.get()) == 1


def test_the_command_line_beats_the_environment_and_that_beats_the_file(box):
    box.write("main.py", apps.asgi(1))
    box.write("blackbulld.conf", "workers = 3\nhandover = overlap\n")
    daemon = box.daemon("--workers", "1", env={"BLACKBULLD_WORKERS": "2", "BLACKBULLD_RELOAD": "yes"})
    status = daemon.wait_serving().status()
    assert len(status["workers"]) == 1
    assert status["watch"]["enabled"] and status["handover"] == "overlap"


def test_several_addresses_are_served_by_several_workers(box):
    box.write("main.py", apps.asgi(7))
    daemon = box.daemon("--bind", "[::1]:0", "--bind", "unix:web.sock", "--workers", "2")
    status = daemon.wait_serving().status()
    assert [b["family"] for b in status["binds"]] == ["inet", "inet6", "unix"]
    assert len(status["workers"]) == 2
    for bind in status["binds"]:
        assert apps.version_of(box.get(bind["address"])) == 7


def test_it_runs_from_an_install_prefix(box):
    prefix = box.folder / "prefix"
    installed = box.run("cmake", "--install", build.BUILD, "--prefix", prefix)
    assert installed.returncode == 0, installed.stderr
    box.write("main.py", apps.asgi(1))
    daemon = box.daemon("--reload", program=prefix / "bin/blackbulld").wait_serving()
    box.save("main.py", apps.asgi(2))
    assert box.run(prefix / "bin/blackbullctl", "sync").returncode == 0
    assert apps.version_of(daemon.get()) == 2


def test_the_example_is_served_and_an_edit_of_it_changes_the_answer(box):
    source = (build.EXAMPLES / "hello/main.py").read_text()
    box.write("main.py", source)
    daemon = box.daemon("--reload").wait_serving()
    assert "Hello from blackbulld" in daemon.get().text
    box.save("main.py", source.replace("Hello from blackbulld", "Good evening"))
    assert box.ctl("sync").returncode == 0
    assert "Good evening" in daemon.get().text
