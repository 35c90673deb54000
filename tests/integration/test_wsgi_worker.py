"""WSGI applications in a real app worker."""

import json
import os
import threading

import pytest

from support import http
from support.asgi import APPS, PYTHONS
from support.master import Worker
from support.wait import until


pytestmark = pytest.mark.parametrize("python", PYTHONS)


@pytest.fixture
def probe(python):
    with Worker(APPS, "wsgi_probe:app", python) as worker:
        yield worker.ready()


@pytest.mark.smoke
def test_the_environment_says_what_was_asked_and_by_whom(probe):
    with probe.connect() as connection:
        connection.socket.sendall(b"GET /environ/%C3%A9%ff?a=%20 HTTP/1.1\r\nHost: x:1\r\nContent-Type: t/x\r\n"
                                  b"Accept: a\r\nAccept: b\r\nCookie: c\r\nCookie: d\r\n\r\n")
        environ = json.loads(connection.receive()[2])
    port = str(probe.listener.getsockname()[1])
    environ.pop("REMOTE_PORT")
    assert environ == {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/environ/\u00c3\u00a9\u00ff",
        "QUERY_STRING": "a=%20",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "t/x",
        "HTTP_HOST": "x:1",
        "HTTP_ACCEPT": "a,b",
        "HTTP_COOKIE": "c; d",
        "wsgi.version": [1, 0],
        "wsgi.url_scheme": "http",
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def test_the_root_path_is_the_script_name(python):
    with Worker(APPS, "wsgi_probe:app", python, root_path="/mounted", workers=2) as worker:
        environ = json.loads(worker.ready().fetch("/environ/a").body)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/mounted", "/environ/a")
    assert environ["wsgi.multiprocess"] is True


@pytest.mark.smoke
@pytest.mark.parametrize("size", [0, 1, 1_000_000, 3_000_000])
def test_bodies_of_any_size_are_read(probe, size):
    body = os.urandom(size)
    assert probe.fetch("/echo", method="POST", body=body).body == body


def test_chunked_bodies_have_a_length_by_then(probe):
    with probe.connect() as connection:
        connection.socket.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
        assert connection.receive()[2] == b"abcdef"
    assert probe.fetch("/lines", method="POST", body=b"a\nb\nc").body == b"a\n|b\n|c"


def test_responses_of_every_shape_are_sent(probe):
    answer = probe.fetch("/blocks")
    assert (answer.status, answer.body, answer.headers["transfer-encoding"]) == (201, b"ab", "chunked")
    assert probe.fetch("/flask_like").body == b"whole"
    assert probe.fetch("/written").body == b"written, returned"
    assert probe.fetch("/nothing").status == 204
    assert json.loads(probe.fetch("/show_closed").body) == ["closed", "closed"]
    answer = probe.fetch("/second_thoughts")
    assert (answer.status, answer.body) == (503, b"sorry")


def test_files_are_sent_from_where_they_stand(probe):
    assert probe.fetch("/file").body == (bytes(range(256)) * 5)[5:1005]
    assert probe.fetch("/memory_file").body == b"m" * 100_000


def test_failures_are_told_apart(probe):
    with probe.connect() as connection:
        assert connection.request("/crash").status == 500
        assert connection.request("/no_start").status == 500
        assert connection.request("/show_closed").status == 200
    assert probe.fetch("/crash_in_body").kind in (http.CUT, http.RESET)
    until(lambda: "LookupError: crash in the body" in probe.output, what="the traceback")
    assert "blackbulld/wsgi.py" not in probe.output


def test_requests_run_side_by_side(probe):
    names = []
    threads = [threading.Thread(target=lambda: names.append(probe.fetch("/meet").text)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 3, names


def test_a_client_that_leaves_ends_the_response(probe):
    with probe.connect() as connection:
        connection.send("/endless")
        connection.reader.read(1 << 20)
    until(lambda: "endless" in json.loads(probe.fetch("/show_closed").body), what="the end of the response")
    assert probe.stop() == 0
    assert "Traceback" not in probe.output, probe.output


def test_wsgi_may_be_asked_for(python, tmp_path):
    (tmp_path / "main.py").write_text(
        "def app(*arguments):\n    environ, start_response = arguments\n"
        "    start_response('200 OK', [('Content-Length', '4')])\n    return [b'wsgi']\n")
    with Worker(tmp_path, "main:app", python, interface="wsgi") as worker:
        assert worker.ready().fetch("/").body == b"wsgi"
        assert worker.stop() == 0
