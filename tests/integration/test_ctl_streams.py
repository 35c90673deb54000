"""blackbullctl events, logs and status --watch: nothing is missed, nothing comes twice."""

import json
import re
import signal

import pytest

from support.ctl import SERVING, TIMES, check, ctl_in_background, status_of
from support.fake_daemon import SILENCE, FakeDaemon


@pytest.fixture
def fake(box):
    with FakeDaemon(box) as daemon:
        yield daemon


def event(number, kind="daemon", boot="b1", **fields):
    return {"seq": number, "boot_id": boot, "time": TIMES["created_at"], "type": kind, **fields}


class Ring:
    """The daemon's side of `events`: everything since, at most so many."""

    def __init__(self, *events):
        self.events = list(events)

    def __call__(self, request):
        args = request["args"]
        since = args["since"]
        last = self.events[-1]["seq"] if self.events else 0
        chosen = [e for e in self.events if since is None or e["seq"] > since]
        chosen = chosen[:args["max"]]
        return {"events": chosen, "last": chosen[-1]["seq"] if chosen else last, "lost": False}


def next_seq(ctl):
    return json.loads(ctl.stdout.readline())["seq"]


def test_events_without_following_replays_everything_in_batches(box, fake):
    fake.answers["events"] = Ring(*(event(n) for n in range(1, 2501)))
    result = box.ctl("-j", "events", "--no-follow")
    check(result, 0, None)
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == list(range(1, 2501))
    result = box.ctl("-j", "events", "--no-follow", "--since", "2498")
    assert [json.loads(line)["seq"] for line in result.stdout.splitlines()] == [2499, 2500]


def test_events_follow_live_without_gap_or_repetition(box, fake):
    ring = fake.answers["events"] = Ring(event(1), event(2))
    with ctl_in_background(box, "-j", "events", "--since", "0") as ctl:
        fake.wait_subscribed()
        assert [next_seq(ctl), next_seq(ctl)] == [1, 2]
        ring.events += [event(n) for n in range(3, 7)]
        fake.publish(event(2))  # known already
        fake.publish(event(3))
        assert next_seq(ctl) == 3
        fake.publish(event(6))  # 4 and 5 were dropped on the way
        assert [next_seq(ctl), next_seq(ctl), next_seq(ctl)] == [4, 5, 6]


def test_events_without_since_begin_with_what_comes(box, fake):
    ring = fake.answers["events"] = Ring(event(1), event(2))
    with ctl_in_background(box, "-j", "events") as ctl:
        fake.wait_asked("events")
        ring.events += [event(3), event(4)]
        fake.publish(event(4))
        assert [next_seq(ctl), next_seq(ctl)] == [3, 4]


def test_events_go_on_where_they_were_when_the_connection_comes_back(box, fake):
    ring = fake.answers["events"] = Ring(event(1))
    with ctl_in_background(box, "-j", "events", "--since", "0") as ctl:
        fake.wait_subscribed()
        assert next_seq(ctl) == 1
        ring.events.append(event(2))
        fake.disconnect()
        assert next_seq(ctl) == 2
        fake.wait_subscribed()
        fake.publish(event(3))
        assert next_seq(ctl) == 3


def test_events_of_a_daemon_that_was_started_anew_count_from_the_start(box, fake):
    ring = fake.answers["events"] = Ring(event(41))
    with ctl_in_background(box, "-j", "events", "--since", "40") as ctl:
        fake.wait_subscribed()
        assert next_seq(ctl) == 41
        ring.events = [event(1, boot="b2"), event(2, boot="b2")]
        fake.publish(event(2, boot="b2"))
        assert [next_seq(ctl), next_seq(ctl)] == [1, 2]


def test_events_end_when_the_daemon_does(box, fake):
    fake.answers["events"] = Ring()
    with ctl_in_background(box, "events") as ctl:
        fake.wait_asked("events")
        fake.die()
        assert ctl.wait(5) == 3


def test_events_in_text_are_one_line_each(box, fake):
    fake.answers["events"] = Ring(
        event(1, "generation", generation=SERVING),
        event(2, "change", paths=[f"{box.project}/src/app.py"], overflow=False),
        event(3, "worker", generation=7, slot=0, pid=12, event="exited", detail=None))
    lines = box.ctl("events", "--no-follow").stdout.splitlines()
    assert [re.sub(r"^.*#", "#", line) for line in lines] == [
        "#1 generation 7 serving after 23 ms", "#2 change in src/app.py",
        "#3 worker generation=7 slot=0 pid=12 event=exited"]


def log_line(number, text, stream="stdout"):
    return {"seq": number, "time": TIMES["created_at"], "generation": 7, "worker": 0, "stream": stream,
            "line": text}


def test_logs_show_what_workers_wrote(box, fake):
    fake.answers["logs"] = {"lines": [log_line(1, "hello"), log_line(2, "oh", "stderr")], "last": 2}
    check(box.ctl("logs", "-n", "2", "--generation", "7"), 0, "7.0 | hello\n7.0 | oh\n")
    assert fake.asked("logs")[0]["args"] == {"since": None, "generation": 7, "lines": 2, "wait": False}
    assert box.ctl_json("logs") == {"schema": 1, "last": 2,
                                    "lines": [log_line(1, "hello"), log_line(2, "oh", "stderr")]}


def test_logs_that_follow_ask_once_for_each_batch(box, fake):
    more = {"lines": [log_line(3, "more")], "last": 3}
    fake.answers["logs"] = [{"lines": [log_line(2, "old")], "last": 2}, more, SILENCE]
    with ctl_in_background(box, "logs", "-f") as ctl:
        assert ctl.stdout.readline() == "7.0 | old\n"
        assert ctl.stdout.readline() == "7.0 | more\n"
        fake.wait_asked("logs", 3)
        assert [r["args"]["since"] for r in fake.asked("logs")] == [None, 2, 3]
        assert [r["args"]["wait"] for r in fake.asked("logs")] == [False, True, True]
        ctl.send_signal(signal.SIGINT)
        assert ctl.wait(5) == 130


def test_status_that_watches_prints_anew_when_something_happens(box, fake):
    fake.answers["status"] = status_of(box)
    with ctl_in_background(box, "-j", "status", "--watch") as ctl:
        fake.wait_asked("status")
        assert json.loads(ctl.stdout.readline())["state"] == "serving"
        fake.answers["status"] = status_of(box, state="reloading")
        fake.publish(event(1))
        assert json.loads(ctl.stdout.readline())["state"] == "reloading"
