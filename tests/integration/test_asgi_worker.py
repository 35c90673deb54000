"""HTTP in a real app worker under a master that the test plays: scope, receive(), send(), and applications that fail."""

import json
import os
import socket
import tempfile

import pytest

from support import http
from support.asgi import APPS, PYTHONS, notes, probe, until_noted  # noqa: F401
from support.master import Worker
from support.wait import until

pytestmark = pytest.mark.parametrize("python", PYTHONS)


# The scope


@pytest.mark.smoke
def test_the_scope_says_what_was_asked_and_by_whom(probe):
    headers = {"X-Name": "Value", "Accept": " a,b "}
    shown = json.loads(probe.fetch("/scope/%C3%A9%2f%zz%?a=%20&b", headers=headers).body)
    scope, port = shown["scope"], probe.listener.getsockname()[1]
    client = scope.pop("client")
    assert client[0] == "127.0.0.1" and client[1] != port
    assert scope.pop("headers") == [["host", "test"], ["connection", "close"], ["x-name", "Value"], ["accept", "a,b"]]
    assert scope == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "server": ["127.0.0.1", port],
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": "/scope/é/%zz%",
        "raw_path": "/scope/%C3%A9%2f%zz%",
        "query_string": "a=%20&b",
        "state": {"shared": []},
        "extensions": {"http.response.pathsend": {}, "http.response.zerocopysend": {}, "http.response.early_hint": {}},
    }
    assert shown["pairs"] == ["tuple"]
    wanted = {"raw_path": "bytes", "query_string": "bytes", "path": "str", "headers": "list", "client": "tuple"}
    assert {key: shown["types"][key] for key in wanted} == wanted


def test_headers_are_neither_joined_nor_sorted(probe):
    with probe.connect() as connection:
        connection.socket.sendall(b"GET /scope HTTP/1.1\r\nhost: x\r\nB: 1\r\nA: 2\r\nB: 3\r\ncookie: a\r\ncookie: b\r\n\r\n")
        scope = json.loads(connection.receive()[2])["scope"]
    assert scope["headers"] == [["host", "x"], ["b", "1"], ["a", "2"], ["b", "3"], ["cookie", "a"], ["cookie", "b"]]


def test_http_1_0_is_told_and_gets_no_interim_responses(probe):
    with probe.connect() as connection:
        connection.socket.sendall(b"PROPFIND /scope HTTP/1.0\r\n\r\n")
        scope = json.loads(connection.receive()[2])["scope"]
    assert (scope["http_version"], scope["method"]) == ("1.0", "PROPFIND")
    assert "http.response.early_hint" not in scope["extensions"]


def test_bytes_that_are_no_utf8_are_replaced_in_the_path_and_kept_raw(probe):
    scope = json.loads(probe.fetch("/scope/%ff").body)["scope"]
    assert (scope["path"], scope["raw_path"]) == ("/scope/\ufffd", "/scope/%ff")


def test_a_long_path_is_decoded_too(probe):
    scope = json.loads(probe.fetch("/scope/" + "%61" * 1500).body)["scope"]
    assert scope["path"] == "/scope/" + "a" * 1500


@pytest.mark.parametrize("root_path", ["/scope", "/scope/"])
def test_the_root_path_stands_before_the_path(python, root_path):
    with Worker(APPS, "probe:app", python, root_path=root_path) as worker:
        scope = json.loads(worker.ready().fetch("/a%20b").body)["scope"]
    assert (scope["root_path"], scope["path"], scope["raw_path"]) == ("/scope", "/scope/a b", "/scope/a%20b")


def test_a_unix_socket_has_a_path_and_no_client(python):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "app.sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(path)
        listener.listen()
        with Worker(APPS, "probe:app", python, listener=listener) as worker:
            scope = json.loads(worker.ready().fetch("/scope").body)["scope"]
    assert (scope["server"], scope["client"]) == ([path, None], None)


# receive()


@pytest.mark.smoke
def test_a_body_comes_whole_however_it_is_sent(probe):
    body = os.urandom(300_000)
    assert probe.fetch("/echo", method="POST", body=body).body == body
    with probe.connect() as connection:
        connection.socket.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (b"5\r\nhel", b"lo\r\n", b"1\r\n!\r\n0\r\n", b"\r\n"):
            connection.socket.sendall(piece)
        assert connection.receive()[2] == b"hello!"


def test_100_continue_is_sent_when_the_body_is_asked_for(probe):
    with probe.connect() as connection:
        head = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        connection.socket.sendall(head % b"echo")
        assert connection.reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert connection.reader.readline() == b"\r\n"
        connection.socket.sendall(b"ok")
        assert connection.receive()[2] == b"ok"
    with probe.connect() as connection:
        connection.socket.sendall(head % b"notes")
        assert connection.receive()[0] == 200


def test_after_the_body_receive_waits_for_the_end_of_the_response(probe):
    assert probe.fetch("/after_body", method="POST", body=b"x").body == b"ok"
    until_noted(probe, "http.disconnect")
    assert notes(probe) == ["before the response: 0", "http.disconnect", "http.disconnect"]


def test_a_client_that_leaves_is_told_and_nobody_is_blamed(probe):
    with probe.connect() as connection:
        connection.send("/until_disconnect")
        until_noted(probe, "waiting")
    until(lambda: len(notes(probe)) == 4, what="the end of the request")
    assert notes(probe) == ["waiting", "http.disconnect", "ClientDisconnected", "ClientDisconnected"]
    assert probe.stop() == 0
    assert "Traceback" not in probe.output and "ClientDisconnected" not in probe.output


def test_giving_up_a_receive_loses_no_bytes(probe):
    body = os.urandom(20_000)
    with probe.connect() as connection:
        connection.socket.sendall(b"POST /lossless HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n")
        for at in range(0, len(body), 100):
            connection.socket.sendall(body[at:at + 100])
        answer = json.loads(connection.receive()[2])
    assert answer["body"].encode("latin-1") == body


def test_receive_and_send_make_tasks(probe):
    assert probe.fetch("/as_tasks", method="POST", body=b"task").body == b"task"
    assert notes(probe) == ["cancelled"]


# send()


@pytest.mark.smoke
def test_wrong_messages_raise_and_do_no_harm(probe):
    answer = probe.fetch("/mistakes")
    assert (answer.status, answer.body) == (200, b"fine!")
    type_error, value, order, os_error = "TypeError", "ValueError", "RuntimeError", "FileNotFoundError"
    assert notes(probe) == [[
        type_error, type_error, value, type_error, value, order, order, value, type_error, value, value, "ValueError",
        type_error, type_error, type_error, type_error, type_error, value, value, value,
        order, type_error, type_error, order, value, os_error, "IsADirectoryError", type_error, value,
    ]]


def test_headers_are_any_iterable_and_the_framing_is_ours(probe):
    with probe.connect() as connection:
        connection.send("/iterators")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.reader.readline()
        assert connection._body({"transfer-encoding": "chunked"}) == b"ab"
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 201 Created"
    assert [line for line in lines if line.startswith("x-")] == ["x-one: 1", "x-two: 1", "x-two: 1"]
    assert [line.lower() for line in lines].count("transfer-encoding: chunked") == 1


def test_head_requests_get_the_head(probe):
    with probe.connect() as connection:
        answer = connection.request("/pathsend", "HEAD")
        assert (answer.status, answer.headers["content-length"]) == (200, "262144")
        assert connection.request("/iterators", "HEAD").status == 201
        assert connection.request("/notes").body == b"[]"


def test_the_head_goes_out_when_the_application_pauses(probe):
    with probe.connect() as connection:
        connection.send("/head_first")
        assert connection.reader.readline() == b"HTTP/1.1 200 OK\r\n"
        probe.fetch("/release?body")
        while connection.reader.readline() != b"\r\n":
            pass
        assert connection._body({"transfer-encoding": "chunked"}) == b"late"


def test_a_slow_client_makes_send_wait(probe):
    with probe.connect() as connection:
        connection.send("/flood")
        connection.reader.readline()
        seen = [None]

        def at_rest():
            seen.append(notes(probe))
            return seen[-1] == seen[-2]

        until(at_rest, what="the application to wait", step=0.1)
        assert seen[-1][0] < 500
        while connection.reader.readline() != b"\r\n":
            pass
        assert len(connection._body({"transfer-encoding": "chunked"})) == 1000 * 65536


def test_files_are_sent_by_path_and_by_descriptor(probe):
    whole = bytes(range(256)) * 1024
    assert probe.fetch("/pathsend").body == whole
    assert probe.fetch("/zerocopysend").body == b"<" + whole[65:68] + whole[-2:] + b">"


def test_early_hints_precede_the_response(probe):
    with probe.connect() as connection:
        connection.send("/early_hint")
        lines = [connection.reader.readline() for _ in range(4)]
        assert lines == [b"HTTP/1.1 103 Early Hints\r\n", b"link: </a.css>; rel=preload\r\n",
                         b"link: </b.js>; rel=preload\r\n", b"\r\n"]
        assert connection.receive()[2] == b"hinted"


# Applications that fail


@pytest.mark.smoke
@pytest.mark.parametrize("path", ["crash", "crash_after_start", "leave", "no_response", "nothing_of_that_name"])
def test_a_crash_before_the_body_is_a_500_and_the_connection_lives(probe, path):
    with probe.connect() as connection:
        answer = connection.request("/" + path)
        assert (answer.kind, answer.status) == (http.OK, 500)
        assert "x-lost" not in answer.headers
        assert connection.request("/notes").body == b"[]"


@pytest.mark.parametrize("path", ["crash_in_body", "no_end"])
def test_a_crash_in_the_body_cuts_the_response(probe, path):
    answer = probe.fetch("/" + path)
    assert answer.kind in (http.CUT, http.RESET)


def test_the_traceback_is_told_without_our_own_frames(probe):
    probe.fetch("/crash")
    until(lambda: "LookupError: crash before" in probe.output.split("Traceback")[-1], what="the traceback")
    assert 'error worker: GET "/crash": LookupError: crash before the start' in probe.output
    assert "probe.py" in probe.output and "blackbulld/request.py" not in probe.output
    probe.fetch("/no_response")
    until(lambda: "without starting a response" in probe.output, what="the complaint")


def test_clients_see_the_traceback_only_if_the_configuration_says_so(python, probe):
    assert "LookupError" not in probe.fetch("/crash").text
    with Worker(APPS, "probe:app", python, debug_errors=1) as worker:
        answer = worker.ready().fetch("/crash")
        assert answer.status == 500 and "LookupError: crash before the start" in answer.text
