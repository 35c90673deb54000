"""docs/admin-protocol.md is true, and enough: clients written from it, and one of another nng implementation."""

import json
import re
import select
import subprocess
import sys

import pynng
import pytest

from support import apps, build
from support.sp import HELLO_REP, HELLO_SUB, Admin, Disconnected, Stream

DOCUMENT = (build.ROOT / "docs" / "admin-protocol.md").read_text()
EXAMPLE = build.EXAMPLES / "admin_client.py"


@pytest.fixture
def daemon(box):
    box.write("main.py", apps.asgi(1))
    return box.daemon("--reload").wait_serving()


def table(title):
    """The cells of the rows of the table that follows a heading."""
    text = DOCUMENT.partition(f"\n{title}\n")[2]
    rows = re.search(r"\n\|.*\n\|[-|]+\n((?:\|.*\n)+)", text).group(1)
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows.splitlines()]


def words(cell):
    return re.findall(r"`([^`]+)`", cell)


def test_the_bytes_of_the_document_are_understood_and_answered_with_those_that_it_shows(box, daemon):
    lines = re.findall(r"^([<>]) ([0-9a-f ]+)(…?)$", DOCUMENT, re.M)
    sent = bytes.fromhex("".join(text for way, text, _ in lines if way == ">"))
    shown = [(bytes.fromhex(text), bool(rest)) for way, text, rest in lines if way == "<"]
    assert len(sent) == 8 + 33 and len(shown) == 3
    with Stream(box.admin_socket(), sent[:8], shown[0][0]) as client:
        client.socket.sendall(sent[8:])
        answer = client._exactly(9)
        assert answer[:8] == shown[1][0][:8]
        payload = client._exactly(answer[8])
    assert payload[:4] == shown[1][0][9:]
    assert payload[4:].startswith(shown[2][0])
    assert json.loads(payload[4:])["result"]["pid"] == daemon.pid


def test_every_operation_is_in_the_document_and_takes_the_arguments_that_stand_there(box, daemon):
    rows = {op: (args, result) for ops, args, result in table("## Operations") for op in words(ops)}
    source = (build.ROOT / "daemon/master/admin_cmd.c").read_text()
    assert set(rows) == set(re.findall(r'\{"([a-z.]+)",\s+cmd_', source))
    for op, (cell, _) in rows.items():
        with Admin(box.admin_socket()) as admin:
            admin.ask(op, **{"no such argument": 1})
            message = admin.answer()[1]["error"]["message"]
        takes = re.findall(r'"([a-z_]+)"', message.partition("which takes")[2])
        documented = [word for word in words(cell) if word.isidentifier()]
        assert documented == takes, f"{op}: {message}"


def test_every_error_code_is_in_the_document_with_its_exit_status(box):
    source = (build.ROOT / "common/admin_proto.c").read_text()
    header = (build.ROOT / "common/admin_proto.h").read_text()
    numbers = dict(re.findall(r"(CTL_[A-Z_]+) = (\d+)", header))
    codes = {code: numbers[status] for code, status in re.findall(r'\{"([a-z_]+)", (CTL_[A-Z_]+)\}', source)}
    assert {words(row[0])[0]: row[1] for row in table("### Errors")} == codes


def keys(value):
    if isinstance(value, dict):
        return set(value) | set().union(*map(keys, value.values()), set())
    return set().union(*map(keys, value), set()) if isinstance(value, list) else set()


def test_every_member_of_a_status_and_of_an_event_is_in_the_document(box, daemon):
    box.save("main.py", "import nosuchmodule\n")
    assert box.ctl("sync").returncode == 1
    with Admin(box.admin_socket()) as admin:
        seen = keys(admin.call("status")) | keys(admin.call("events", since=0)) | keys(admin.call("logs"))
        seen |= keys(admin.call("hello")) | keys(admin.call("why", path=str(box.project / "main.py")))
    documented = set(re.findall(r'"([a-z_]+)"', DOCUMENT)) | set(re.findall(r"`([a-z_]+)`", DOCUMENT))
    assert seen <= documented, seen - documented


def example(box, *arguments):
    result = box.run(sys.executable, EXAMPLE, box.admin_socket().parent, *arguments)
    return result.returncode, json.loads(result.stdout)


@pytest.mark.smoke
def test_the_example_client_asks_reloads_and_is_refused(box, daemon):
    assert EXAMPLE.read_text().count("\n") <= 60
    status, answer = example(box, "status")
    assert (status, answer["result"]["pid"]) == (0, daemon.pid)
    status, answer = example(box, "reload", '{"wait": "drained"}')
    generation = answer["result"]["generation"]
    assert (status, generation["number"], generation["state"]) == (0, 2, "serving")
    status, answer = example(box, "reload", '{"if_generation": 1}')
    assert (status, answer["error"]["code"]) == (1, "conflict")


def follow(box):
    return subprocess.Popen([sys.executable, EXAMPLE, box.admin_socket().parent, "follow"], text=True, env=box.env,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)


def test_the_example_client_follows_every_event_through_reloads(box, daemon):
    with follow(box) as client:
        while not select.select([client.stdout], [], [], 0.1)[0]:  # it may not have subscribed yet
            assert box.ctl("reload").returncode == 0
        for _ in range(3):
            last = box.ctl_json("reload")["generation"]["number"]
        seqs, numbers = [], [0]
        while numbers[-1] < last:
            event = json.loads(client.stdout.readline())
            seqs.append(event["seq"])
            if event["type"] == "generation":
                numbers.append(event["generation"]["number"])
        client.kill()
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert {last - 1, last} <= set(numbers)


def test_pynng_drives_it_and_hears_its_events(box, daemon):
    socket = f"ipc://{box.admin_socket()}"
    with pynng.Sub0(topics=b"", dial=socket.replace("admin.sock", "events.sock"), recv_timeout=20000) as events, \
            pynng.Req0(dial=socket, recv_timeout=20000, resend_time=-1) as request:

        def call(op, **args):
            request.send(json.dumps({"v": 1, "op": op, "args": args}).encode())
            answer = json.loads(request.recv())
            assert answer["ok"], answer
            return answer["result"]

        assert call("status")["pid"] == daemon.pid
        for version in (2, 3, 4):
            box.save("main.py", apps.asgi(version))
            assert call("sync")["generation"]["state"] == "serving"
            assert apps.version_of(daemon.get()) == version
        newest = call("status")["generation"]["number"]
        assert call("reload", wait="drained")["generation"]["number"] == newest + 1
        last = call("events", max=0)["last"]
        heard = [json.loads(events.recv())]
        while heard[-1]["seq"] < last:
            heard.append(json.loads(events.recv()))
        numbers = [event["seq"] for event in heard]
        assert numbers == list(range(numbers[0], last + 1))
        assert [e["event"] for e in heard if e["type"] == "worker" and e["event"] == "ready"]


def test_a_message_that_is_too_long_or_a_hello_that_is_none_ends_the_connection(box, daemon):
    with Admin(box.admin_socket()) as admin:
        admin.socket.sendall(b"\x01" + (2 << 20).to_bytes(8, "big"))
        with pytest.raises((Disconnected, ConnectionResetError)):
            admin.receive()
    with Stream(box.admin_socket(), HELLO_SUB, HELLO_REP) as stranger:
        with pytest.raises((Disconnected, ConnectionResetError)):
            stranger.receive()
