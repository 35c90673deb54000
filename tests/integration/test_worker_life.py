"""The life of one worker: starting, pausing, draining, handing connections over, stopping."""

import os
import signal
import socket
import subprocess

import pytest

from support import http, worker
from support.worker import CONFIG, CONN, DRAIN, FAILED, PAUSE, RESUME, STOP, Worker

BIG = 16 * 1024 * 1024  # more than the buffers of both ends hold

pytestmark = pytest.mark.smoke


@pytest.fixture
def files(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "big.bin").write_bytes(os.urandom(1024) * (BIG // 1024))
    return tmp_path


@pytest.fixture
def site(files):
    with Worker("site", target=files) as running:
        yield running.ready()


def nothing_to_read(sock):
    sock.setblocking(False)
    try:
        return not sock.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    finally:
        sock.settimeout(worker.TIMEOUT)


def begin_download(running):
    """A connection that has the head and the beginning of a large response."""
    client = http.Connection(running.address, worker.TIMEOUT)
    client.send("/big.bin")
    head = client.socket.recv(1000, socket.MSG_PEEK)
    assert head.startswith(b"HTTP/1.1 200 ")
    return client


def test_a_worker_serves_after_its_configuration_and_not_before(files):
    with Worker("site", config=False) as running:
        with http.Connection(running.address) as client:
            client.send("/a.txt")
            assert nothing_to_read(client.socket)
            running.configure(kind="site", target=files)
            running.ready()
            assert client.receive()[2] == b"hello"


def test_what_an_unknown_master_says_is_skipped(files):
    with Worker("site", config=False) as running:
        running.send(200, b"from a newer master", version=9)
        running.send(CONFIG, worker.pairs({"kind": "site", "listeners": 1, "target": files,
                                           "colour": "blue"}), version=9)
        running.ready()
        running.send(201, b"?", fds=[0], version=9)
        running.send(CONN, b"no connection")
        assert http.fetch(running.address, "/a.txt").body == b"hello"


def test_a_directory_that_is_not_there_fails_with_its_name(tmp_path):
    with Worker("site", target=tmp_path / "gone") as running:
        stage, message, _, _ = running.expect(FAILED).strings()
        assert stage == "site"
        assert message == f'"{tmp_path}/gone": No such file or directory'
        assert running.receive() is None
        assert running.wait() == 1


@pytest.mark.parametrize("config", [b"", b"kind", b"kind\0robot\0", b"kind\0site\0listeners\0x\0",
                                    b"kind\0site\0listeners\0" b"7\0"])
def test_a_configuration_that_cannot_be_used_ends_the_worker_with_one_line(config):
    with Worker("site", config=False) as running:
        running.send(CONFIG, config)
        assert running.wait() == 1
        running.log.wait("no worker can start here", worker.TIMEOUT)
        assert len(running.log.lines) == 1


def test_the_role_without_a_master_says_so():
    result = subprocess.run([worker.build.DAEMON, "--role=site"], stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=worker.TIMEOUT)
    assert result.returncode == 1
    assert "it is started by blackbulld alone" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_worker_ends_with_its_master(site):
    client = begin_download(site)
    site.channel.close()
    assert site.wait() == 1
    client.close()


def test_a_master_that_is_gone_before_the_configuration_ends_the_worker():
    with Worker("site", config=False) as running:
        running.channel.close()
        assert running.wait() == 1


def test_stop_before_the_configuration_is_no_failure():
    with Worker("site", config=False) as running:
        running.send(STOP)
        assert running.wait() == 0


def test_stop_cuts_what_is_in_flight(site):
    client = begin_download(site)
    site.send(STOP)
    assert site.wait() == 0
    with pytest.raises((http.Cut, ConnectionResetError)):
        client.receive()
    client.close()


def test_figures_count_connections_and_requests(site):
    assert site.stats() == {"requests": 0, "accepted": 0, "connections": 0, "active": 0}
    with http.Connection(site.address) as client:
        for _ in range(3):
            assert client.request("/a.txt").body == b"hello"
        assert site.stats() == {"requests": 3, "accepted": 1, "connections": 1, "active": 0}
        download = begin_download(site)
        stats = site.stats()
        assert (stats["requests"], stats["accepted"], stats["connections"]) == (4, 2, 2)
        download.close()


def test_a_paused_worker_leaves_new_and_idle_connections_alone(site):
    idle = http.Connection(site.address)
    assert idle.request("/a.txt").status == 200
    site.send(PAUSE)
    before = site.stats()
    idle.send("/a.txt")
    new = http.Connection(site.address)
    new.send("/a.txt")
    for _ in range(3):
        assert site.stats() == before
    assert nothing_to_read(new.socket) and nothing_to_read(idle.socket)
    site.send(RESUME)
    assert new.receive()[2] == b"hello"
    assert idle.receive()[2] == b"hello"
    new.close()
    idle.close()


def test_a_drained_worker_ends_although_nobody_ever_came(site):
    site.send(DRAIN)
    assert site.wait() == 0


def test_draining_finishes_a_download_and_leaves_new_connections_to_others(site, files):
    client = begin_download(site)
    site.send(DRAIN)
    site.stats()  # it has come to DRAIN by now
    late = http.Connection(site.address)
    late.send("/a.txt")
    status, _, body = client.receive()
    assert (status, body) == (200, (files / "big.bin").read_bytes())
    handed = site.expect(CONN).connection()
    assert handed.requests == 1
    assert site.wait() == 0
    assert nothing_to_read(late.socket)

    with Worker("site", listeners=site.listeners, target=files) as successor:
        successor.ready()
        assert late.receive()[2] == b"hello"
        successor.send(CONN, handed.body(), [handed.socket.fileno()])
        handed.socket.close()
        assert client.request("/a.txt").body == b"hello"
    late.close()
    client.close()


def test_an_idle_connection_changes_its_worker_and_the_client_does_not_notice(site, files):
    client = http.Connection(site.address)
    assert client.request("/a.txt").status == 200
    site.send(DRAIN)
    handed = site.expect(CONN).connection()
    assert handed.peer == "%s:%d" % client.socket.getsockname()
    assert (handed.listener, handed.requests, handed.pending) == (0, 1, b"")
    assert site.wait() == 0
    client.send("/a.txt")  # while nobody has it

    with Worker("site", listeners=site.listeners, target=files) as successor:
        successor.ready().send(CONN, handed.body(), [handed.socket.fileno()])
        handed.socket.close()
        assert client.receive()[2] == b"hello"
        assert successor.stats()["accepted"] == 0
        successor.send(DRAIN)
        assert successor.expect(CONN).connection().requests == 2
        assert successor.wait() == 0
    client.close()


def test_bytes_read_too_early_travel_with_the_connection(site, files):
    """A pipelined request's beginning is read with the request before it."""
    client = http.Connection(site.address)
    request = b"GET /a.txt HTTP/1.1\r\nHost: test\r\n\r\n"
    client.socket.sendall(request + request[:20])
    assert client.receive()[2] == b"hello"
    site.send(DRAIN)
    handed = site.expect(CONN).connection()
    assert handed.pending == request[:20]
    assert site.wait() == 0

    with Worker("site", listeners=site.listeners, target=files) as successor:
        successor.ready().send(CONN, handed.body(), [handed.socket.fileno()])
        handed.socket.close()
        client.socket.sendall(request[20:])
        assert client.receive()[2] == b"hello"
    client.close()


def test_a_connection_that_comes_while_draining_goes_back_as_it_came(site):
    download = begin_download(site)
    site.send(DRAIN)
    ours, theirs = socket.socketpair()
    sent = worker.Connection(2, 5, "[::1]:80", b"GET / HT", theirs)
    site.send(CONN, sent.body(), [theirs.fileno()])
    theirs.close()
    got = site.expect(CONN).connection()
    assert (got.listener, got.requests, got.peer, got.pending) == (2, 5, "[::1]:80", b"GET / HT")
    got.socket.sendall(b"still open")
    assert ours.recv(100) == b"still open"
    ours.close()
    got.socket.close()
    download.close()
    assert site.wait() == 0


def test_more_connections_than_the_channel_holds_are_all_handed_over(files):
    count = 600
    with Worker("site", target=files, access_log=0) as running:
        running.ready()
        clients = [http.Connection(running.address) for _ in range(count)]
        for client in clients:
            client.send("/a.txt")
        for client in clients:
            assert client.receive()[0] == 200
        running.send(DRAIN)
        handed = [running.expect(CONN).connection() for _ in range(count)]
        assert running.wait() == 0
        assert {c.peer for c in handed} == {"%s:%d" % c.socket.getsockname() for c in clients}
        for connection in handed:
            connection.socket.close()
        for client in clients:
            assert client.receive() is None
            client.close()


def test_the_drain_time_is_a_limit(files):
    with Worker("site", target=files, drain_timeout_ms=50) as running:
        running.ready()
        client = begin_download(running)
        running.send(DRAIN)
        assert running.wait() == 0
        running.log.wait("drain time over: cutting off 1 of the connections", worker.TIMEOUT)
        with pytest.raises((http.Cut, ConnectionResetError)):
            client.receive()
        client.close()


def test_sigterm_from_an_outsider_drains(site, files):
    client = begin_download(site)
    idle = http.Connection(site.address)
    assert idle.request("/a.txt").status == 200
    site.process.send_signal(signal.SIGTERM)
    assert site.expect(CONN).connection().requests == 1
    site.process.send_signal(signal.SIGTERM)  # does not hurry it
    assert client.receive()[2] == (files / "big.bin").read_bytes()
    assert site.expect(CONN)
    assert site.wait() == 0
    client.close()
    idle.close()


def test_ctrl_c_is_the_masters_business(site):
    site.process.send_signal(signal.SIGINT)
    assert http.fetch(site.address, "/a.txt").body == b"hello"


def test_after_so_many_requests_a_worker_makes_room_for_a_new_one(files):
    with Worker("site", target=files, max_requests=3) as running:
        running.ready()
        with http.Connection(running.address) as client:
            for _ in range(3):
                assert client.request("/a.txt").body == b"hello"
            assert running.expect(CONN).connection().requests == 3
            assert running.wait() == 0


def test_a_log_that_nobody_reads_keeps_no_client_waiting(files):
    reader, writer = os.pipe()
    with Worker("site", target=files, stdout=writer) as running:
        os.close(writer)
        running.ready()
        with http.Connection(running.address) as client:
            for _ in range(8000):
                client.send("/a.txt")
                assert client.receive()[0] == 200
            running.send(STOP)
        assert running.wait() == 0
    with open(reader, "rb") as log:
        lines = log.read().splitlines()
    assert 1000 < len(lines) < 8000
    assert all(line.endswith(b"ms") and b'"GET /a.txt HTTP/1.1" 200 5 ' in line for line in lines)


def test_the_access_log_is_a_line_a_request(site):
    with http.Connection(site.address) as client:
        client.request("/a.txt")
        peer = "%s:%d" % client.socket.getsockname()
        assert site.log.wait(rf'^{peer} "GET /a\.txt HTTP/1\.1" 200 5 \d+\.\dms$', worker.TIMEOUT)
        client.request("/missing?x=1", method="HEAD")
        assert site.log.wait(rf'^{peer} "HEAD /missing\?x=1 HTTP/1\.1" 404 ', worker.TIMEOUT)


def test_what_is_refused_is_logged_with_the_reason(site):
    with http.Connection(site.address) as client:
        client.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert client.receive()[0] == 400
    site.log.wait(r"127\.0\.0\.1:\d+: refused with 400: \w+", worker.TIMEOUT)
