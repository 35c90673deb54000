"""How app workers start: targets, imports, the lifespan protocol, and what the master is told when it goes wrong."""

import os
import textwrap

import pytest

from support.asgi import PYTHONS
from support.build import SLOWNESS
from support.master import Worker


pytestmark = pytest.mark.parametrize("python", PYTHONS)

HELLO = """\
async def app(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""

# Answers requests; `app` handles the lifespan as the test's own code says.
WITH_LIFESPAN = """\
import sys
from hello import app as hello

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(scope, receive, send)
    else:
        await hello(scope, receive, send)

async def lifespan(scope, receive, send):
"""


@pytest.fixture
def project(tmp_path):
    """Writes modules; hello.py is there already."""

    def write(**sources):
        for name, source in sources.items():
            path = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(source))
        return tmp_path

    return write(hello=HELLO) and write


def lifespan_app(project, body):
    return project(main=WITH_LIFESPAN + textwrap.indent(textwrap.dedent(body), "    "))


def serve_once(folder, target, python, **options):
    """The body of the first answer, and the output of the whole life."""
    with Worker(folder, target, python, **options) as worker:
        body = worker.ready().fetch("/").body
        assert worker.stop() == 0
        return body, worker.output


def refuse(folder, target, python, **config):
    with Worker(folder, target, python, **config) as worker:
        failure = worker.failure()
        assert worker.wait(5 * SLOWNESS) == 1
        return failure


# Targets


@pytest.mark.smoke
@pytest.mark.parametrize("target", ["main:app", "main:site.app", "main:make()", "main", "pkg.web:application", "pkg.web"])
def test_targets_name_applications(project, python, target):
    folder = project(
        main="""
            from types import SimpleNamespace
            from hello import app
            site = SimpleNamespace(app=app)
            def make():
                return app
        """,
        pkg__web="from hello import app as application",
    )
    assert serve_once(folder, target, python)[0] == b"hello"


WRONG_TARGETS = [
    ("mian:app", 'no module named "mian" in {0}; did you mean "main"?'),
    ("nothing:app", 'no module named "nothing" in {0}'),
    ("pkg.wbe:app", 'no module named "pkg.wbe" in {0}; did you mean "web"?'),
    ("main.web:app", 'no module named "main.web" in {0}'),
    ("main:ap", 'module "main" has no attribute "ap"; did you mean "app"?'),
    ("main:site.ap", '"site" has no attribute "ap"; did you mean "app"?'),
    ("main.py:app", '"main.py:app" names a file; a module is wanted, as in "main:app"'),
    ("./pkg/web.py:app", '"./pkg/web.py:app" names a file; a module is wanted, as in "pkg.web:app"'),
    (":app", '":app" is not of the form "module:attribute"'),
    ("main:number", '"main:number" is not an application but a int'),
    ("main:number()", '"main:number" is a int, which cannot be called'),
    ("main:make", '"main:make" takes no arguments; if it makes the application, write "main:make()"'),
    ("main:many", '"main:many" is not an application: it cannot be called with (scope, receive, send)'),
    ("empty", 'module "empty" has none of "app", "application", "api"; name its application, as in "empty:attribute"'),
]


@pytest.mark.parametrize("target, message", WRONG_TARGETS, ids=[target for target, _ in WRONG_TARGETS])
def test_wrong_targets_are_told_with_what_was_meant(project, python, target, message):
    folder = project(
        main="""
            from types import SimpleNamespace
            from hello import app
            site = SimpleNamespace(app=app)
            number = 1
            def make():
                return app
            def many(a, b, c, d):
                pass
        """,
        pkg__web="from hello import app",
        empty="",
    )
    failure = refuse(folder, target, python)
    assert failure.message == message.format(folder)
    assert (failure.stage, failure.file, failure.line, failure.detail) == ("import", None, 0, None)


def test_applications_of_asgi_2_are_served(project, python):
    folder = project(main="""
        from hello import app as hello

        class app:
            def __init__(self, scope):
                self.scope = scope

            async def __call__(self, receive, send):
                await hello(self.scope, receive, send)

        def function(scope):
            return app(scope)
    """)
    assert serve_once(folder, "main:app", python)[0] == b"hello"
    assert serve_once(folder, "main:function", python, interface="asgi")[0] == b"hello"


def test_plain_functions_and_partials_of_asgi_3_are_served(project, python):
    folder = project(main="""
        import functools
        from hello import app as hello

        def plain(scope, receive, send):
            return hello(scope, receive, send)

        async def more(extra, scope, receive, send):
            await hello(scope, receive, send)

        partial = functools.partial(more, 1)

        class Instance:
            async def __call__(self, scope, receive, send):
                await hello(scope, receive, send)

        instance = Instance()
        bound = instance.__call__
    """)
    for name in ("plain", "partial", "instance", "bound"):
        assert serve_once(folder, f"main:{name}", python)[0] == b"hello"


# Imports that fail


FAILING = [
    ("1 / 0", "ZeroDivisionError: division by zero", "main.py", 1),
    ("\ndef f(:\n  pass", "SyntaxError: invalid syntax", "main.py", 2),
    ("import helper", "SyntaxError: unterminated string", "helper.py", 3),
    ("import json\njson.loads('{')", "json.decoder.JSONDecodeError: Expecting property name", "main.py", 2),
    ("import sys\nsys.exit('bye')", "SystemExit: bye (the application called sys.exit)", "main.py", 2),
    ("raise KeyboardInterrupt", "KeyboardInterrupt", "main.py", 1),
    ("import no_such_dependency", "ModuleNotFoundError: No module named 'no_such_dependency'", "main.py", 1),
    ("raise ValueError('a\\nb\\0\\udc80')", "ValueError: a", "main.py", 1),
]


@pytest.mark.parametrize("source, message, file, line", FAILING, ids=[repr(case[0]) for case in FAILING])
def test_a_failing_import_is_told_with_its_place(project, python, source, message, file, line):
    folder = project(main=source, helper='\n\nx = "abc\n')
    failure = refuse(folder, "main:app", python, watch_roots=folder)
    assert failure.stage == "import"
    if "unterminated" in message and failure.message.startswith("SyntaxError: EOL"):
        message = "SyntaxError: EOL while scanning string literal"  # 3.9
    assert failure.message.startswith(message)
    assert (failure.file, failure.line) == (str(folder / file), line)
    assert "blackbulld" not in failure.detail and "importlib" not in failure.detail


def test_a_failing_factory_counts_as_a_failing_import(project, python):
    folder = project(main="def make():\n    return {}['key']\n")
    failure = refuse(folder, "main:make()", python)
    assert (failure.stage, failure.message, failure.line) == ("import", "KeyError: 'key'", 2)


def test_the_place_of_an_error_is_in_the_users_own_code(project, python):
    folder = project(
        main="import site_packages\nsite_packages.load()",
        site_packages="import json\ndef load():\n    json.loads(1)\n",
    )
    failure = refuse(folder, "main:app", python)
    assert (failure.file, failure.line) == (str(folder / "site_packages.py"), 3)


def test_a_module_of_the_users_may_have_our_name(project, python):
    folder = project(main="import blackbulld\nfrom hello import app\nassert blackbulld.__doc__", blackbulld="1 / 0")
    assert serve_once(folder, "main:app", python)[0] == b"hello"


# Bytecode


def test_two_saves_of_one_size_within_a_second_are_both_served(project, python):
    source = HELLO.replace('b"hello"', "WORD") + 'WORD = b"%s"\n'
    folder = project(main=source % "first")
    for word in (b"first", b"other"):
        project(main=source % word.decode())
        os.utime(folder / "main.py", (1_700_000_000, 1_700_000_000))
        assert serve_once(folder, "main:app", python, watch_roots=folder)[0] == word
    assert not (folder / "__pycache__").exists()


def test_installed_packages_keep_their_bytecode(project, python):
    folder = project(main="import sys\nsys.path.append('lib/site-packages')\nimport package\nfrom hello import app")
    package = folder / "lib" / "site-packages" / "package.py"
    package.parent.mkdir(parents=True)
    package.write_text("")
    body, _ = serve_once(folder, "main:app", python, watch_roots=f"/nowhere:{folder}",
                         environment={"PYTHONDONTWRITEBYTECODE": ""})
    assert body == b"hello"
    assert list(package.parent.glob("__pycache__/package.*.pyc"))
    assert not (folder / "__pycache__").exists()


# Lifespan


@pytest.mark.smoke
def test_the_lifespan_goes_around_the_requests(project, python):
    folder = lifespan_app(project, """
        scope["state"]["x"] = 1
        print(sorted(scope), (await receive())["type"], flush=True)
        await send({"type": "lifespan.startup.complete"})
        print((await receive())["type"], flush=True)
        await send({"type": "lifespan.shutdown.complete"})
    """)
    body, output = serve_once(folder, "main:app", python, lifespan="on")
    assert body == b"hello"
    assert "['asgi', 'state', 'type'] lifespan.startup\n" in output
    assert "lifespan.shutdown\n" in output


def test_auto_goes_on_without_a_lifespan_and_on_does_not(project, python):
    folder = lifespan_app(project, "raise LookupError('no lifespan')")
    body, output = serve_once(folder, "main:app", python)
    assert body == b"hello" and "the application does without: LookupError: no lifespan" in output
    assert serve_once(folder, "main:app", python, lifespan="off")[0] == b"hello"
    failure = refuse(folder, "main:app", python, lifespan="on")
    assert (failure.stage, failure.message) == ("lifespan", "LookupError: no lifespan")
    assert failure.file == str(folder / "main.py")


def test_an_application_that_returns_from_its_lifespan_is_served(project, python):
    folder = lifespan_app(project, "return")
    assert serve_once(folder, "main:app", python)[0] == b"hello"
    failure = refuse(folder, "main:app", python, lifespan="on")
    assert failure.message == "the application returned without 'lifespan.startup.complete'"


@pytest.mark.parametrize("words, message", [
    ("'no database'", "no database"),
    ("''", "the application's startup failed"),
    ("'Traceback:\\n  File\\nOSError: no database\\n'", "OSError: no database"),
])
def test_a_failed_startup_is_told_in_the_applications_words(project, python, words, message):
    folder = lifespan_app(project, f'await send({{"type": "lifespan.startup.failed", "message": {words}}})')
    failure = refuse(folder, "main:app", python)
    assert (failure.stage, failure.message) == ("lifespan", message)


def test_a_failed_startup_that_raises_is_told_with_its_place(project, python):
    folder = lifespan_app(project, """
        await send({"type": "lifespan.startup.failed", "message": "see below"})
        raise OSError("no database")
    """)
    failure = refuse(folder, "main:app", python)
    assert failure.message == "OSError: no database"
    assert failure.file == str(folder / "main.py") and failure.line > 10


def test_sys_exit_in_the_startup_is_a_failure(project, python):
    failure = refuse(lifespan_app(project, "sys.exit(4)"), "main:app", python)
    assert failure.message == "SystemExit: 4 (the application called sys.exit)"


def test_a_failed_shutdown_is_logged_and_no_obstacle(project, python):
    folder = lifespan_app(project, """
        await send({"type": "lifespan.startup.complete"})
        await receive(), await receive()
        await send({"type": "lifespan.shutdown.failed", "message": "lost a file"})
    """)
    assert "lifespan: shutdown failed: lost a file" in serve_once(folder, "main:app", python)[1]


def test_a_shutdown_without_end_is_bounded(project, python):
    folder = lifespan_app(project, """
        import asyncio
        await send({"type": "lifespan.startup.complete"})
        await asyncio.Event().wait()
    """)
    output = serve_once(folder, "main:app", python, drain_timeout_ms=100)[1]
    assert "lifespan: shutdown did not end within 0.4 s; leaving without" in output


def test_a_lifespan_that_crashes_while_serving_is_logged(project, python):
    folder = lifespan_app(project, """
        await send({"type": "lifespan.startup.complete"})
        raise LookupError("in the middle")
    """)
    body, output = serve_once(folder, "main:app", python)
    assert body == b"hello" and "error worker: lifespan: LookupError: in the middle" in output


# Loops


def test_code_that_asks_for_a_loop_while_imported_gets_the_one_that_serves(project, python):
    folder = project(main="""
        import asyncio
        import warnings
        from hello import app as hello

        warnings.simplefilter("ignore")

        async def ready():
            pass

        loop = asyncio.get_event_loop()
        task = loop.create_task(ready())
        lock = asyncio.Lock()

        async def app(scope, receive, send):
            await task
            async with lock:
                assert loop is asyncio.get_running_loop()
            await hello(scope, receive, send)
    """)
    assert serve_once(folder, "main:app", python)[0] == b"hello"
