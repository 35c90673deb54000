"""The admin sockets under a crowd that means harm: whoever asks properly is answered, and nothing is left behind."""

import contextlib
import subprocess
import sys

import pytest

from support import build, process
from support.crowd import Asker, Caller, Listener, errors_of, percentile
from support.sp import Admin
from support.wait import until

CONNECTIONS = build.amount(normal=3_000, sanitized=700, soak=100_000)
GROWTH_KB = 1024


@contextlib.contextmanager
def hostile_crowd(path, connections):
    """Runs beside the test. Leaves only when every connection was made."""
    command = [sys.executable, "-m", "support.hostile", path, path.with_name("events.sock"), str(connections)]
    crowd = subprocess.Popen(list(map(str, command)), cwd=build.ROOT / "tests", stdout=subprocess.PIPE, text=True)
    try:
        yield crowd
        made, _ = crowd.communicate()
        assert crowd.returncode == 0 and int(made) >= connections
    finally:
        crowd.kill()
        crowd.wait()


@pytest.mark.soak
@pytest.mark.smoke
def test_a_hostile_crowd_keeps_nobody_from_an_answer_and_leaves_nothing_behind(box, figures):
    box.write("index.html", "<p>site</p>")
    daemon = box.daemon(box.project).wait_serving()
    path, pid = box.admin_socket(), daemon.pid
    asker = Asker(path, seed=1, reload_every=50, pace=0.001)
    listener = Listener(path.with_name("events.sock"))
    caller = Caller(box, pace=0.005)
    with Admin(path) as admin:
        boot = admin.call("status")["boot_id"]
        fds, memory = process.open_fds(pid), process.memory_kb(pid)
        with listener:
            with hostile_crowd(path, CONNECTIONS) as crowd, asker, caller:
                until(lambda: crowd.poll() is not None, 3600, "the end of the crowd")
            assert admin.call("wait", until="idle")["generation"]["state"] == "serving"
            until(lambda: process.open_fds(pid) == fds, 10 * build.SLOWNESS, f"{fds} descriptors again")
            # A short crowd may be gone before anybody has reloaded.
            assert admin.call("reload")["generation"]["state"] == "serving"
            listener.wait(admin.call("events", max=0)["last"])
        assert errors_of([asker, listener, caller]) == []
        assert admin.call("status")["boot_id"] == boot
        grown = process.memory_kb(pid) - memory
    if not build.SANITIZED:
        assert grown <= GROWTH_KB, f"{grown} kB more than {memory}"
    figures(f"{CONNECTIONS} hostile connections, {asker.reloads} reloads: status on an open connection "
            f"{len(asker.times_ms)} times, p99 {percentile(asker.times_ms, 99):.1f} ms, longest "
            f"{max(asker.times_ms):.1f} ms; blackbullctl {len(caller.times_ms)} times, "
            f"p50 {percentile(caller.times_ms, 50):.1f} ms, p99 {percentile(caller.times_ms, 99):.1f} ms")
    figures(f"master: {fds} descriptors before and after, memory {memory} -> {memory + grown} kB")
