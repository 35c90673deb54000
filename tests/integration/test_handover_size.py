"""Many descriptors, many generations, and an end at any moment."""

import json
import os
import signal

import pytest

from support import apps, build, http
from support.sp import Admin

LISTENERS = 64
CLIENTS = 62  # 64 connections are allowed: blackbullctl and one more find room
KILLS = build.amount(normal=8, sanitized=3, soak=200)


@pytest.mark.smoke
def test_64_listeners_and_connections_survive_reloads(box):
    box.write("main.py", apps.asgi(1))
    # The whole of 127.0.0.0/8 is this machine's.
    options = [word for n in range(2, LISTENERS + 1) for word in ("--bind", f"127.0.0.{n}:0")]
    daemon = box.daemon(*options, bind="127.0.0.1:0", env=apps.NO_BYTECODE).wait_serving()
    addresses = [bind["address"] for bind in daemon.status()["binds"]]
    assert len(addresses) == LISTENERS
    clients = [Admin(box.admin_socket()) for _ in range(CLIENTS)]
    kept = [http.Connection(address) for address in addresses]
    for version in (2, 3, 4):
        box.write("main.py", apps.asgi(version))
        waiting = [client.ask("wait", generation=version - 1) for client in clients[1:]]
        assert clients[0].call("reload", wait="drained")["generation"]["number"] == version
        for client, number in zip(clients[1:], waiting):
            assert client.answer()[0] == number
        assert [apps.version_of(http.fetch(address)) for address in addresses] == [version] * LISTENERS
        assert [apps.version_of(one.request()) for one in kept] == [version] * LISTENERS
    assert [bind["address"] for bind in daemon.status()["binds"]] == addresses
    for one in (*clients, *kept):
        one.socket.close()


@pytest.mark.soak
def test_the_history_is_whole_whenever_the_master_is_killed(box):
    box.write("index.html", "<p>")
    last = 0
    for round in range(KILLS):
        daemon = box.daemon(box.project).wait_serving()
        numbers = [g["number"] for g in box.ctl_json("generations")["generations"]]
        assert numbers == sorted(set(numbers)) and numbers[-1] > last, "numbers go on where they were"
        with Admin(box.admin_socket()) as admin:
            for _ in range(round % 4):
                admin.call("reload")
            admin.ask("reload")  # somewhere on its way
            os.kill(daemon.pid, signal.SIGKILL)
        daemon.wait_exit()
        lines = (box.instances()[0] / "history.jsonl").read_text().splitlines()
        recorded = [json.loads(line)["number"] for line in lines]
        assert recorded and max(recorded) >= numbers[-1]
        last = max(recorded)
