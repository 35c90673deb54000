"""Reload upon reload under clients that never go away: nobody notices, nothing grows."""

import contextlib

import pytest

from support import build, process
from support.crowd import Asker, Caller, Listener, errors_of, percentile
from support.sp import Admin
from support.wait import until

RELOADS = build.amount(normal=150, sanitized=30, soak=10_000)
CLIENTS = 8
GROWTH_KB = 1024


def reload_often(admin, pid, first):
    """Reloads until RELOADS generations came after `first`. Returns the last one and the memory on the way."""
    number, samples = first, []
    for _ in build.lasting(RELOADS):
        if number - first >= len(samples) * RELOADS // 10:
            samples.append(process.memory_kb(pid))
        number = admin.call("reload")["generation"]["number"]
        if number >= first + RELOADS:
            break
    return number, samples


@pytest.mark.soak
@pytest.mark.smoke
@pytest.mark.parametrize("policy", ["overlap", "fresh"])
def test_clients_that_stay_connected_over_all_reloads_see_no_error_and_every_event_once(box, figures, policy):
    box.write("index.html", "<p>site</p>")
    log = box.folder / "log"
    pid = box.daemon(box.project, "--handover", policy, output=log).pid
    until(lambda: " serving after " in log.read_text(), 15 * build.SLOWNESS, "the first generation")
    path = box.admin_socket()
    with contextlib.ExitStack() as crowd, Admin(path) as admin:
        listeners = [crowd.enter_context(Listener(path.with_name("events.sock"))) for _ in range(CLIENTS)]
        askers = [Asker(path, seed) for seed in range(CLIENTS)]
        callers = [Caller(box) for _ in range(CLIENTS)]
        before, heard = admin.call("status"), admin.call("events", max=0)["last"]
        fds, memory = process.open_fds(pid), process.memory_kb(pid)
        with contextlib.ExitStack() as busy:
            for client in (*askers, *callers):
                busy.enter_context(client)
            first = before["generation"]["number"]
            number, samples = reload_often(admin, pid, first)
        box.ctl_json("wait", "--idle")
        until(lambda: process.open_fds(pid) == fds, what=f"{fds} descriptors again")
        after, memory_after = admin.call("status"), process.memory_kb(pid)
        last = admin.call("events", max=0)["last"]
        for listener in listeners:
            listener.wait(last)
        assert errors_of([*listeners, *askers, *callers]) == []
    assert (after["pid"], after["boot_id"]) == (before["pid"], before["boot_id"])
    assert all(listener.first <= heard + 1 and listener.last == last for listener in listeners)
    if not build.SANITIZED:
        assert memory_after - memory <= GROWTH_KB, samples
    asked = [ms for asker in askers for ms in asker.times_ms]
    called = [ms for caller in callers for ms in caller.times_ms]
    figures(f"{number - first} reloads, {policy}: {len(asked)} questions on {CLIENTS} connections, 0 errors; "
            f"p50 {percentile(asked, 50):.1f} ms, p99 {percentile(asked, 99):.1f} ms, longest {max(asked):.1f} ms")
    figures(f"{CLIENTS} subscribers: {sum(listener.steps for listener in listeners)} events, none lost, none twice; "
            f"{len(called)} times blackbullctl status, 0 errors, p99 {percentile(called, 99):.0f} ms")
    figures(f"master: {fds} descriptors before and after; memory {memory} -> {memory_after} kB "
            f"(on the way {', '.join(map(str, samples))})")
