"""From files to generations: what belongs together is one, what is no change is none, nothing half-written is served."""

import itertools
import json
import os
import shutil
import time
from datetime import datetime

import pytest

from support import apps, build, editors, http
from support.crowd import Listener
from support.editors import Folder
from support.sp import Admin
from support.wait import pause, until

# Starts at once, and does not when a.py is not whole.
COMMAND = ("--ready", "delay:1", "--", "sh", "-c", 'tail -n 1 a.py | grep -q "^# end" || exit 1; exec sleep 3600')
ROUNDS = build.amount(normal=1, sanitized=1, soak=50)
ATTEMPTS = 4
BURSTS = build.amount(normal=40, sanitized=10, soak=1000)
FILES_A_BURST = 10


class Counter:
    """The generations that changes of files have made, and what they came to."""

    def __init__(self, box):
        self.box = box
        self.number = self.settled()

    def settled(self):
        self.box.ctl_json("wait", "--idle")
        return self.box.ctl_json("generations")["generations"][-1]["number"]

    def new(self):
        """Those since it was last asked, every write of before included."""
        self.box.ctl("sync")
        found = [g for g in self.box.ctl_json("generations")["generations"] if g["number"] > self.number]
        self.number = max([self.number, *(g["number"] for g in found)])
        return found

    def one(self, act):
        """
        The one that act() is to make, by itself and not because somebody asked for what was written. A busy machine
        may stop the writer between two calls for longer than any window is open: then it has another try.
        """
        for _ in range(ATTEMPTS):
            act()
            until(lambda: self.settled() > self.number, 20 * build.SLOWNESS, "a generation")
            found = self.new()
            assert all(g["reason"] == "change" for g in found), found
            if len(found) == 1 and found[0]["error"] is None:
                return found[0]
        raise AssertionError(f"{ATTEMPTS} times not one that serves: {found}")


@pytest.fixture
def watched(box):
    """A folder with a.py under a daemon that runs a command, which costs next to nothing to start."""
    folder = Folder(box.project)
    folder.content = b"# 0\n# end\n"
    folder.write("a.py")
    # The kernel stamps files by its ticks: what was written in the tick in which the daemon began may have come later.
    written = os.stat(box.project / "a.py").st_ctime_ns
    until(lambda: time.clock_gettime_ns(time.CLOCK_REALTIME) - written > 20_000_000)
    box.daemon("--reload", "--reload-include", "*.py", *COMMAND).wait_serving()
    return folder


def names(generation):
    return [os.path.basename(path) for path in generation["paths"]]


@pytest.mark.soak
@pytest.mark.parametrize("save", editors.SAVES, ids=lambda save: save.__name__)
def test_every_way_of_saving_is_exactly_one_generation(box, watched, save):
    counter, versions = Counter(box), itertools.count(1)

    def act():
        watched.content = b"# %d\n# end\n" % next(versions)
        save(watched)

    for _ in range(ROUNDS):
        assert names(counter.one(act)) == ["a.py"]


@pytest.mark.soak
def test_what_changes_nothing_is_no_generation(box, watched):
    counter = Counter(box)
    for act in editors.NO_SAVES * ROUNDS:
        act(watched)
        assert counter.new() == [], act.__name__


REAL_PROGRAMS = ["sed -i 's/^# [0-9]*/# %d/' a.py", "perl -pi -e 's/^# [0-9]+/# %d/' a.py",
                 "printf '# %d\\n# end\\n' > b.txt; cp b.txt a.py", "printf '# %d\\n# end\\n' > a.py",
                 "vim -u NONE -N -es -c 'normal O# %d' -c wq a.py || test $? = 1",
                 "emacs -Q --batch a.py --eval '(insert \"# %d\\n\")' -f save-buffer"]


def test_real_programs_make_one_generation_each(box, watched):
    counter, number = Counter(box), itertools.count(1)
    for script in REAL_PROGRAMS:
        def act():
            result = box.run("sh", "-c", script.replace("%d", str(next(number)), 1))
            assert result.returncode == 0, result.stderr

        if script.startswith("printf") or shutil.which(script.split()[0]):
            assert "a.py" in names(counter.one(act)), script


def git(box, *arguments):
    env = {**box.env, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true",
           **{f"GIT_{who}_{what}": f"{what}@example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}}
    result = box.run("git", *arguments, env=env)
    assert result.returncode == 0, f"{arguments}: {result.stderr}"


def commit(box, message, files):
    for name, text in files.items():
        box.write(name, text)
    git(box, "add", ".")
    git(box, "commit", "-q", "-m", message)


def delay_ms(generation, paths):
    """From the last write to the generation."""
    created = datetime.fromisoformat(generation["created_at"].replace("Z", "+00:00")).timestamp()
    return (created - max(os.stat(path).st_mtime_ns for path in paths) / 1e9) * 1000


@pytest.mark.soak
def test_a_checkout_of_a_thousand_files_is_one_generation(box, figures):
    git(box, "init", "-q", "-b", "main")
    files = [f"d{n % 20}/f{n}.py" for n in range(1000)]
    commit(box, "one", {"a.py": "# end\n", **{name: "x = 1\n" for name in files}})
    git(box, "checkout", "-q", "-b", "other")
    commit(box, "two", {name: "x = 2\n" for name in files})
    box.daemon("--reload", "--reload-include", "*.py", *COMMAND).wait_serving()
    counter, delays, branches = Counter(box), [], itertools.cycle(["main", "other"])
    for _ in range(2 * ROUNDS):
        generation = counter.one(lambda: git(box, "checkout", "-q", next(branches)))
        assert len(generation["paths"]) == 1000
        delays.append(delay_ms(generation, generation["paths"]))
    figures(f"git checkout of 1,000 files, {len(delays)} times one generation: "
            f"{max(delays):.0f} ms at most after the last write")


@pytest.mark.soak
def test_a_rebase_of_twenty_commits_is_one_generation(box, figures):
    git(box, "init", "-q", "-b", "main")
    commit(box, "base", {"a.py": "# end\n", **{f"f{n}.py": "x = 0\n" for n in range(5)}})
    git(box, "branch", "other")
    for number in range(1, 21):
        commit(box, f"change {number}", {f"f{n}.py": f"x = {number}\n" for n in range(5)})
    git(box, "checkout", "-q", "other")
    commit(box, "x", {"x.py": "x = 1\n"})
    git(box, "checkout", "-q", "main")
    git(box, "branch", "before")
    box.daemon("--reload", "--reload-include", "*.py", *COMMAND).wait_serving()
    counter, delays = Counter(box), []

    def rebase():
        git(box, "reset", "-q", "--hard", "before")
        counter.new()
        git(box, "rebase", "-q", "other")

    for _ in range(ROUNDS):
        generation = counter.one(rebase)
        assert {"f0.py", "f4.py"} <= set(names(generation))
        delays.append(delay_ms(generation, [box.project / "f0.py"]))
    figures(f"git rebase of 20 commits, {ROUNDS} times one generation: "
            f"{max(delays):.0f} ms at most after the last write")


class Changes(Listener):
    """Keeps the paths that the daemon says have changed, and counts how often it began anew."""

    def __init__(self, path):
        super().__init__(path)
        self.paths, self.images = set(), 0

    def hear(self, event):
        event = json.loads(event)
        assert "truncated" not in event, event
        if event["type"] == "change":
            self.paths |= set(event["paths"])
        elif event["type"] == "generation":
            self.images += event["generation"]["state"] == "booting"


@pytest.mark.soak
def test_no_file_is_missed_that_is_written_while_the_daemon_executes_itself(box, watched, figures):
    """Bursts of new files, each of which makes a new image, and in the middle of every second burst another is asked for."""
    path = box.admin_socket()
    with Admin(path) as admin, Changes(path.with_name("events.sock")) as changes:
        for burst in range(BURSTS):
            for number in range(FILES_A_BURST):
                (box.project / f"b{burst}_{number}.py").write_text("x = 1\n")
                if (burst % 2, number) == (1, FILES_A_BURST // 2):
                    admin.call("reload", wait="accepted")
            pause(0.035)
        box.ctl("sync")
        changes.wait(admin.call("events", max=0)["last"])
    assert changes.error is None
    missed = {str(file) for file in box.project.glob("b*.py")} - changes.paths
    assert missed == set() and changes.images > BURSTS
    figures(f"{BURSTS * FILES_A_BURST} files written during {changes.images} re-execs: none missed")


@pytest.mark.parametrize("policy", ["fresh", "overlap"])
def test_a_half_written_file_is_never_acted_on(box, policy):
    box.write("main.py", apps.asgi(0))
    daemon = box.daemon("--reload", "--handover", policy).wait_serving()
    address, counter = daemon.address, Counter(box)
    folder, versions = Folder(box.project), itertools.count(1)

    def write_in_two_steps(half):
        version = next(versions)
        with folder.opened("main.py") as fd:
            os.write(fd, half)
            pause(0.15)
            assert apps.version_of(http.fetch(address)) == version - 1
            os.ftruncate(fd, 0)
            os.pwrite(fd, apps.asgi(version).encode(), 0)

    for half in (b"", b"async def app(sco", b"raise SystemExit(7)\n"):
        assert names(counter.one(lambda: write_in_two_steps(half))) == ["main.py"]
    assert apps.version_of(http.fetch(address)) == next(versions) - 1
    assert all(g["error"] is None for g in box.ctl_json("generations")["generations"])


def test_a_symbolic_link_that_is_turned_to_another_release_reloads(box):
    for release in (1, 2):
        box.write(f"releases/{release}/main.py", apps.asgi(release))
    current = box.project / "current"
    current.symlink_to("releases/1")
    daemon = box.daemon("main:app", "--app-dir", "current", "--reload", "--reload-path", "current/").wait_serving()
    assert apps.version_of(daemon.get()) == 1
    counter = Counter(box)
    for release in (2, 1, 2):
        (box.project / "next").symlink_to(f"releases/{release}")
        (box.project / "next").replace(current)
        assert box.ctl("sync").returncode == 0
        assert apps.version_of(daemon.get()) == release
        assert len(counter.new()) == 1
    box.save("releases/2/main.py", apps.asgi(5))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 5
    counter.new()
    box.save("releases/1/main.py", apps.asgi(6))
    assert counter.new() == []


def test_a_root_that_is_deleted_and_made_again_is_watched_as_before(box):
    box.write("src/main.py", apps.asgi(1))
    daemon = box.daemon("main:app", "--app-dir", "src", "--reload", "--reload-path", "src/").wait_serving()
    assert apps.version_of(daemon.get()) == 1
    for version in (2, 3):
        shutil.rmtree(box.project / "src")
        box.ctl("sync")
        box.write("src/main.py", apps.asgi(version))
        assert box.ctl("sync").returncode == 0
        assert apps.version_of(daemon.get()) == version
    box.save("src/main.py", apps.asgi(4))
    assert box.ctl("sync").returncode == 0
    assert apps.version_of(daemon.get()) == 4


def test_a_root_that_is_replaced_at_once_is_watched_as_before(box):
    box.write("src/main.py", apps.asgi(1))
    daemon = box.daemon("main:app", "--app-dir", "src", "--reload", "--reload-path", "src/").wait_serving()
    for version in (2, 3):
        box.write("new/main.py", apps.asgi(version))
        (box.project / "src").rename(box.project / f"old{version}")
        (box.project / "new").rename(box.project / "src")
        assert box.ctl("sync").returncode == 0
        assert apps.version_of(daemon.get()) == version
