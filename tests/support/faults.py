"""A reload that is to fail, or not, while clients ask all the time."""

from support import apps
from support.load import under_load
from support.wait import until


def error_of(box):
    return box.ctl_json("status")["last_failed"]["error"]


def refuses_and_goes_on(box, daemon, *words):
    """A reload fails with a reason that has the words, and what served before goes on to."""
    before = daemon.status()["generation"]["number"]
    with under_load(daemon) as (new, _):
        result = box.ctl("reload")
        count = len(new.answers)
        until(lambda: len(new.answers) > count + 10, what="some more answers")
    assert result.returncode == 1, result.stderr
    for word in words:
        assert word in result.stderr, result.stderr
    status = daemon.status()
    assert (status["generation"]["number"], status["generation"]["state"]) == (before, "serving")
    assert status["last_failed"]["number"] > before
    assert status["state"] == "failed"
    assert box.ctl("generations", str(status["last_failed"]["number"])).returncode == 0


def reloads(box, daemon, version):
    with under_load(daemon):
        result = box.ctl("reload")
        assert result.returncode == 0, result.stderr
        assert apps.version_of(daemon.get()) == version
    assert daemon.status()["state"] == "serving"
