"""FastAPI and Starlette under a real app worker."""

import json
import os
import subprocess

import pytest

from support import http
from support.asgi import APPS, PYTHONS
from support.master import Worker
from support.wait import until



def has_fastapi(python):
    command = [python, "-c", "import fastapi, python_multipart"]
    return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0


EQUIPPED = [python for python in PYTHONS if has_fastapi(python)]

pytestmark = pytest.mark.parametrize("python", EQUIPPED)


@pytest.fixture(params=["0", "1"], ids=["lazy", "eager"])
def fastapi(python, request):
    with Worker(APPS, "fastapi_app:app", python, {"BLACKBULLD_EAGER_TASKS": request.param}) as worker:
        yield worker.ready()


def get(worker, path, **request):
    answer = worker.fetch(path, **request)
    assert (answer.kind, answer.status) == (http.OK, 200), answer
    return json.loads(answer.body)


@pytest.mark.smoke
def test_routes_parameters_and_bodies(fastapi):
    assert get(fastapi, "/items/7?q=a%20b") == {"number": 7, "q": "a b"}
    body = json.dumps({"name": "x", "price": 2.5}).encode()
    headers = {"content-type": "application/json"}
    assert get(fastapi, "/items", method="POST", body=body, headers=headers) == {
        "name": "x", "price": 5.0, "session": "session"}
    assert get(fastapi, "/done") == ["session opened", "session closed"]
    assert fastapi.fetch("/items/seven").status == 422
    assert fastapi.fetch("/nowhere").status == 404
    assert fastapi.fetch("/gone").text == '{"detail":"it is gone"}'
    assert fastapi.fetch("/done").headers["x-stamp"] == "1"


def test_forms_and_uploads(fastapi):
    mark, content = "----mark", os.urandom(200_000)
    body = (f'--{mark}\r\nContent-Disposition: form-data; name="name"\r\n\r\nA name\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="upload"; filename="a.bin"\r\n\r\n').encode()
    body += content + f"\r\n--{mark}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={mark}"}
    assert get(fastapi, "/form", method="POST", body=body, headers=headers) == {
        "name": "A name", "file": "a.bin", "size": 200_000}


def test_lifespan_state_and_variables(fastapi):
    shown = get(fastapi, "/state")
    assert (shown["greeting"], shown["database"]) == ("hello", "open")
    assert shown["url"] == "http://test/state"
    assert fastapi.stop() == 0
    assert "lifespan has ended" in fastapi.output


def test_streams_files_and_background_work(fastapi):
    assert fastapi.fetch("/stream").text == "".join(f"part {number}\n" for number in range(5))
    assert fastapi.fetch("/file").body == b"0123456789" * 20_000
    assert fastapi.fetch("/file", headers={"range": "bytes=5-14"}).body == b"5678901234"
    assert fastapi.fetch("/background").text == "accepted"
    until(lambda: "background" in get(fastapi, "/done"), what="the background work")


def test_a_client_that_leaves_a_stream_ends_it(fastapi):
    with fastapi.connect() as connection:
        connection.send("/endless")
        connection.reader.read(1 << 20)
    counts = [0]

    def at_rest():
        counts.append(len(get(fastapi, "/done")))
        return counts[-1] == counts[-2]

    until(at_rest, what="the end of the stream", step=0.1)
    assert fastapi.stop() == 0
    assert "Traceback" not in fastapi.output, fastapi.output


def test_asyncio_beside_requests(fastapi):
    assert get(fastapi, "/timeout") in ("timed out", "skipped")
    assert get(fastapi, "/subprocess") == 42
    assert get(fastapi, "/is_disconnected") == [False] * 100


def test_a_bug_is_a_500_with_its_traceback_on_stderr(fastapi):
    assert fastapi.fetch("/bug").status == 500
    until(lambda: 'error worker: GET "/bug": ZeroDivisionError: division by zero' in fastapi.output, what="the error")
    assert "blackbulld/request.py" not in fastapi.output


def test_a_startup_that_raises_is_told_with_its_place(python):
    with Worker(APPS, "failing_lifespan:app", python) as worker:
        failure = worker.failure()
        assert worker.wait() == 1
    assert (failure.stage, failure.message) == ("lifespan", "ConnectionError: no database at db:5432")
    assert failure.file == str(APPS / "failing_lifespan.py") and failure.line == 10
