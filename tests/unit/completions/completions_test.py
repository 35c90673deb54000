"""The completions, tried in the shells that they are for."""

import os
import tempfile
import unittest
from pathlib import Path

from shells import SHELLS

# Stands for blackbullctl: notes how it is called, and answers like it.
CTL = """#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/asked"
case "$*" in
*generations) echo '{"schema":1,"generations":[{"number":41,"state":"retired"},{"number": 42,"paths":[]}]}' ;;
*paths) echo '{"schema":1,"paths":["/srv/app/src","/srv/app/templates"]}' ;;
*instances) echo '{"schema":1,"instances":[{"pid":3,"socket":"/run/user/7/web/admin.sock"}]}' ;;
esac
"""
# A daemon that is stopped: whoever asks waits for ever.
HANGING = """#!/bin/sh
echo asked >>"$HOME/asked"
[ -p "$HOME/never" ] || mkfifo "$HOME/never"
read -r line <"$HOME/never"
"""
GONE = """#!/bin/sh
echo 'blackbullctl: no blackbulld of yours is running' >&2
exit 3
"""

RELOAD_OPTIONS = {"--reload", "--reload-path", "--reload-include", "--reload-exclude", "--reload-delay",
                  "--reload-poll"}
COMMANDS = {"events", "generations", "instances", "logs", "paths", "pause", "reload", "resume", "status", "stop",
            "sync", "wait", "why", "workers"}


class CompletionTest(unittest.TestCase):
    """One folder and one of each shell for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="bb-complete-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.home = cls.folder / "public"  # where shells leave their traces
        cls.home.mkdir()
        cls.write("main.py", "'''app = 0'''\napp: FastAPI = FastAPI()\n")
        cls.write("asgi.py", "async def application(scope, receive, send):\n    pass\n")
        cls.write("library.py", "def f(app=1):\n    pass\n")
        cls.write("notes.txt", "")
        env = {"PATH": f"{cls.home}/bin:{os.environ['PATH']}", "HOME": str(cls.home), "LC_ALL": "C.UTF-8"}
        cls.shells = {}
        for name, make in SHELLS.items():
            cls.shells[name] = make(cls.folder, env)
            cls.addClassCleanup(cls.shells[name].close)

    @classmethod
    def write(cls, name, text):
        (cls.folder / name).write_text(text)

    def setUp(self):
        self.install(CTL)
        (self.home / "asked").unlink(missing_ok=True)

    def install(self, script):
        program = self.home / "bin/blackbullctl"
        program.parent.mkdir(exist_ok=True)
        program.write_text(script)
        program.chmod(0o755)

    def asked(self):
        return (self.home / "asked").read_text().splitlines()

    def complete(self, shell, line):
        return self.shells[shell].complete(line)

    def offered(self, shell, line):
        """The values alone: fish repeats "--option=", directories may end in a slash."""
        words = self.complete(shell, line)[0]
        prefix = line.split()[-1].partition("=")[0] + "=" if "=" in line else ""
        return {word.removeprefix(prefix).rstrip("/") for word in words}

    def each(self, line, expected):
        for shell in SHELLS:
            with self.subTest(shell=shell, line=line):
                self.assertEqual(self.offered(shell, line), set(expected))

    def each_has(self, line, expected, without=()):
        for shell in SHELLS:
            with self.subTest(shell=shell, line=line):
                offered = self.offered(shell, line)
                self.assertLessEqual(set(expected), offered)
                self.assertFalse(offered & set(without))


class Blackbulld(CompletionTest):
    def test_options_are_offered_by_their_beginning(self):
        self.each("blackbulld --relo", RELOAD_OPTIONS)
        self.each("blackbulld main:app --no-", {"--no-reload", "--no-access-log", "--no-detach"})

    def test_a_dash_offers_every_option(self):
        self.each_has("blackbulld -", {"-b", "--bind", "-n", "--check", "--timeout-keep-alive", "--help"})

    def test_values_are_offered_where_there_is_a_choice(self):
        self.each("blackbulld --handover ", {"fresh", "overlap"})
        self.each("blackbulld --interface=", {"auto", "asgi", "wsgi"})
        self.each("blackbulld --lifespan o", {"on", "off"})
        self.each("blackbulld --log-level ", {"error", "warn", "info", "debug"})
        self.each("blackbulld --log-format=j", {"json"})
        self.each("blackbulld --ready ", {"notify", "delay:", "auto"})

    def test_a_value_that_goes_on_gets_no_blank(self):
        for shell in ("bash", "zsh"):
            with self.subTest(shell=shell):
                self.assertEqual(self.complete(shell, "blackbulld --ready de")[1], "blackbulld --ready delay:")
                self.assertEqual(self.complete(shell, "blackbulld -b un")[1], "blackbulld -b unix:")

    def test_addresses_keep_their_colons(self):
        for shell in ("bash", "zsh"):
            with self.subTest(shell=shell):
                self.assertEqual(self.complete(shell, "blackbulld --bind 127")[1],
                                 "blackbulld --bind 127.0.0.1:8000 ")
                self.assertEqual(self.complete(shell, "blackbulld --bind=unix:no")[1],
                                 "blackbulld --bind=unix:notes.txt ")

    def test_files_and_directories_are_offered_where_they_belong(self):
        self.each("blackbulld --config no", {"notes.txt"})
        self.each_has("blackbulld --reload-path ", {"notes.txt", "public"})
        self.each_has("blackbulld --app-dir ", {"public"}, without={"notes.txt"})

    def test_the_target_is_an_application_or_a_directory(self):
        self.each("blackbulld ", {"main:app", "asgi:application", "public"})
        self.each("blackbulld --reload -w 2 ma", {"main:app"})

    def test_there_is_one_target_only(self):
        for shell in SHELLS:
            with self.subTest(shell=shell):
                self.assertNotIn("asgi:application", self.offered(shell, "blackbulld main:app "))

    def test_what_follows_two_dashes_is_another_command(self):
        self.each_has("blackbulld --reload -- mkdir --par", {"--parents"})
        self.each_has("blackbulld -- mkdir pub", {"public"})


class Blackbullctl(CompletionTest):
    def test_commands_are_offered_once(self):
        self.each("blackbullctl ", COMMANDS)
        self.each("blackbullctl --json re", {"reload", "resume"})
        self.each_has("blackbullctl workers ", set(), without=COMMANDS)

    def test_each_command_has_its_own_options(self):
        self.each("blackbullctl reload --no", {"--no-wait"})
        self.each("blackbullctl events --no", {"--no-follow"})
        self.each("blackbullctl status --wa", {"--watch"})
        self.each("blackbullctl workers --wa", set())
        self.each_has("blackbullctl stop -", {"--now", "--json", "-j", "--socket"})

    def test_values_are_offered_where_there_is_a_choice(self):
        self.each("blackbullctl reload --wait ", {"ready", "accepted", "drained"})
        self.each("blackbullctl --color=", {"auto", "always", "never"})
        self.each("blackbullctl paths ", {"add", "remove"})

    def test_files_are_offered_where_they_belong(self):
        self.each("blackbullctl why no", {"notes.txt"})
        self.each("blackbullctl paths add no", {"notes.txt"})

    def test_generations_are_those_of_the_daemon(self):
        self.each("blackbullctl wait ", {"41", "42"})
        self.each("blackbullctl generations ", {"41", "42"})
        self.each("blackbullctl reload --if-generation ", {"41", "42"})
        self.each("blackbullctl logs --generation=", {"41", "42"})

    def test_watched_paths_and_sockets_are_those_of_the_daemon(self):
        self.each("blackbullctl paths remove ", {"/srv/app/src", "/srv/app/templates"})
        self.each("blackbullctl paths remove /srv/app/t", {"/srv/app/templates"})
        self.each_has("blackbullctl -s ", {"/run/user/7/web/admin.sock", "notes.txt"})

    def test_the_daemon_asked_is_the_one_named_on_the_line(self):
        self.each("blackbullctl -s /run/other.sock wait ", {"41", "42"})
        self.assertEqual(self.asked(), ["-s /run/other.sock -t 0.15 -j generations"] * len(SHELLS))

    def test_a_daemon_that_is_gone_offers_nothing_and_says_nothing(self):
        self.install(GONE)
        self.each("blackbullctl wait ", set())

    def test_a_daemon_that_hangs_does_not_hang_the_shell(self):
        self.install(HANGING)
        self.each("blackbullctl wait ", set())
        self.assertEqual(len(self.asked()), len(SHELLS))


if __name__ == "__main__":
    unittest.main()
