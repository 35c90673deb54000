"""Importing ahead: what is recorded, what is worth taking, what spoils it, and when it may not stand for the real thing."""

import builtins
import importlib
import os
import sys
import tempfile
import textwrap
import time
import types
import unittest
from importlib.machinery import ModuleSpec

from blackbulld import claims, freshness, imports, preload


class Folders(unittest.TestCase):
    """Two folders on sys.path: `lib`, where modules are installed, and `app`, which is the user's own."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.root = os.path.realpath(holder.name)
        self.lib, self.app = (os.path.join(self.root, name) for name in ("lib", "app"))
        for folder in (self.lib, self.app):
            os.mkdir(folder)
        before = {"path": sys.path[:], "meta": sys.meta_path[:], "modules": set(sys.modules),
                  "environment": dict(os.environ), "folder": os.getcwd(), "import": builtins.__import__}
        self.addCleanup(self.restore, before)
        sys.path.insert(0, self.lib)
        self.own = imports.Ownership([self.app])

    def restore(self, before):
        sys.path[:], sys.meta_path[:] = before["path"], before["meta"]
        for name in set(sys.modules).difference(before["modules"]):
            del sys.modules[name]
        preload.restore_environment(before["environment"])
        os.chdir(before["folder"])
        builtins.__import__ = before["import"]
        importlib.invalidate_caches()

    def write(self, folder, name, text=""):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(textwrap.dedent(text))
        importlib.invalidate_caches()
        return path

    def record(self, source):
        """Runs the user's main module under a recorder. Returns the recorder."""
        sys.path.insert(0, self.app)
        self.write(self.app, "usersmain.py", source)
        recorder = imports.Recorder()
        recorder.start()
        try:
            importlib.import_module("usersmain")
        finally:
            recorder.stop()
        return recorder

    def chosen(self, source):
        recorder = self.record(source)
        return imports.choose(recorder.steps, recorder.askers, self.own, sys.modules)


class RecorderTest(Folders):
    def test_what_is_installed_is_chosen_in_the_order_of_its_imports(self):
        self.write(self.lib, "liba.py", "import libb")
        self.write(self.lib, "libb.py")
        self.write(self.lib, "libc/__init__.py")
        self.write(self.lib, "libc/part.py")
        self.write(self.app, "usersown.py")
        steps = self.chosen("import liba, usersown, libc.part")
        self.assertEqual(steps, ["iliba", "ilibb", "ilibc", "ilibc.part"])

    def test_changes_of_the_environment_and_of_the_path_are_steps_of_their_own(self):
        self.write(self.lib, "liba.py")
        self.write(self.lib, "libb.py")
        os.environ["BB_TEST_GONE"] = "1"
        steps = self.chosen("""
            import os, sys
            import liba
            os.environ["BB_TEST_NEW"] = "2"
            del os.environ["BB_TEST_GONE"]
            sys.path.append("/nowhere")
            import libb
            os.environ["BB_TEST_LATER"] = "3"
        """)
        path = "\0".join([self.app, self.lib, *sys.path[2:-1], "/nowhere"])
        self.assertEqual(steps, ["iliba", "eBB_TEST_NEW=2", "uBB_TEST_GONE", f"p{path}", "ilibb"])

    def test_nothing_counts_after_a_change_that_cannot_be_repeated(self):
        self.write(self.lib, "liba.py")
        self.write(self.lib, "libb.py")
        changes = ["os.chdir('/')", "sys.meta_path.append(object())", "sys.path_hooks.append(None)"]
        for number, change in enumerate(changes):
            with self.subTest(change):
                steps = self.chosen(f"import os, sys, liba\n{change}\nimport libb")
                self.assertEqual(steps, ["iliba"])
                if change.startswith("sys.path_hooks"):
                    sys.path_hooks.pop()
                sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder) is not object]
                os.chdir(self.root)
                for name in ("liba", "libb", "usersmain"):
                    sys.modules.pop(name, None)

    def test_a_module_that_imports_the_users_code_is_left_out_with_those_that_import_it(self):
        self.write(self.lib, "libhost.py", "import libplugins")
        self.write(self.lib, "libplugins.py", "import usersplugin")
        self.write(self.lib, "libother.py")
        self.write(self.app, "usersplugin.py")
        steps = self.chosen("import libhost, libother")
        self.assertEqual(sorted(steps), ["ilibother", "xlibhost", "xlibplugins"])

    def test_a_module_whose_function_imports_the_users_code_is_not(self):
        self.write(self.lib, "libtool.py", "def load():\n    import usersplugin")
        self.write(self.app, "usersplugin.py")
        self.assertEqual(self.chosen("import libtool; libtool.load()"), ["ilibtool"])

    def test_a_module_that_took_anothers_name_is_not_chosen(self):
        self.write(self.lib, "libreal.py")
        steps = self.chosen("""
            import sys, types
            from importlib.machinery import ModuleSpec
            import libreal
            sys.modules["libreal"] = types.ModuleType("other")
            sys.modules["libreal"].__spec__ = ModuleSpec("other", None)
        """)
        self.assertEqual(steps, [])

    def test_finders_that_only_know_their_own_package_are_no_change(self):
        self.write(self.lib, "libsix.py", """
            import sys
            class _SixMetaPathImporter:
                def find_spec(self, name, path=None, target=None): return None
            sys.meta_path.append(_SixMetaPathImporter())
        """)
        self.write(self.lib, "liba.py")
        self.assertEqual(self.chosen("import libsix, liba"), ["ilibsix", "iliba"])

    def test_the_recorder_leaves_no_trace(self):
        finders = sys.meta_path[:]
        self.record("import json")
        self.assertEqual(sys.meta_path, finders)

    def test_what_replaces_the_standard_library_forbids_a_nursery(self):
        self.assertEqual(imports.forbidding({"json": None}), [])
        self.assertEqual(imports.forbidding({"gevent": None}), ["!gevent replaces parts of the standard library"])


class OwnershipTest(Folders):
    def test_links_are_followed_and_single_files_can_be_watched(self):
        outside = self.write(self.lib, "outside.py")
        inside = self.write(self.app, "inside.py")
        os.symlink(inside, os.path.join(self.lib, "link.py"))
        own = imports.Ownership([self.app, outside])
        self.assertTrue(own.of_file(inside))
        self.assertTrue(own.of_file(os.path.join(self.lib, "link.py")))
        self.assertTrue(own.of_file(outside))
        self.assertFalse(own.of_file(os.path.join(self.lib, "other.py")))

    def test_modules_without_a_file_are_nobodys(self):
        self.assertIsNone(imports.file_of(sys))
        self.assertFalse(self.own.of_module(sys))
        lazy = types.ModuleType("lazy")
        lazy.__spec__ = ModuleSpec("lazy", None)
        self.assertIsNone(imports.file_of(lazy))


class PreloaderTest(Folders):
    def take(self, *steps):
        preloader = preload.Preloader([f"r{self.app}", f"s{self.app}", *steps])
        preloader.take()
        return preloader

    def assert_spoilt(self, preloader, names, reason):
        self.assertEqual(sorted(preloader.spoilers), names)
        self.assertIn(reason, preloader.reason)

    def test_modules_are_imported_in_the_surroundings_of_their_step(self):
        self.write(self.lib, "liba.py", "import os; seen = os.environ.get('BB_TEST')")
        self.write(self.lib, "libb.py", "import os, sys; seen = os.environ.get('BB_TEST'); path = sys.path[:]")
        self.write(self.lib, "libc.py", "import os; seen = os.environ.get('BB_TEST')")
        environment, path = dict(os.environ), sys.path[:]
        longer = "\0".join([self.app, *path, "/nowhere"])
        preloader = self.take("iliba", "eBB_TEST=1", f"p{longer}", "ilibb", "uBB_TEST", "ilibc")
        self.assertEqual([sys.modules[name].seen for name in ("liba", "libb", "libc")], [None, "1", None])
        # What is the user's own is not found, though workers look there.
        self.assertEqual(sys.modules["libb"].path, [*path, "/nowhere"])
        self.assertEqual(preloader.entries["libb"][1].path, [self.app, *path, "/nowhere"])
        self.assertEqual((dict(os.environ), sys.path), (environment, path))
        self.assertFalse(preloader.spoilers)

    def test_a_thread_spoils_and_who_imports_the_culprit_is_left_out_too(self):
        self.write(self.lib, "libhost.py", "import libthread, libinnocent")
        self.write(self.lib, "libinnocent.py")
        self.write(self.lib, "libthread.py", """
            import threading
            import libinnocent
            stop = threading.Event()
            thread = threading.Thread(target=stop.wait)
            thread.start()
        """)
        self.write(self.lib, "libfine.py")
        preloader = self.take("ilibhost", "ilibthread", "ilibfine")
        sys.modules["libthread"].stop.set()
        sys.modules["libthread"].thread.join()
        self.assert_spoilt(preloader, ["libhost", "libthread"], "libthread starts a thread")

    def test_an_open_file_spoils_and_one_that_was_closed_does_not(self):
        self.write(self.lib, "libopen.py", "import os; fd = os.open('/dev/null', os.O_RDONLY)")
        self.write(self.lib, "libclosed.py", "open('/dev/null').close()")
        preloader = self.take("ilibclosed", "ilibopen")
        os.close(sys.modules["libopen"].fd)
        self.assert_spoilt(preloader, ["libopen"], "libopen keeps something open")

    def test_a_changed_environment_or_path_spoils(self):
        self.write(self.lib, "libenv.py", "import os; os.environ['BB_TEST'] = '1'")
        self.write(self.lib, "libpath.py", "import sys; sys.path.append('/nowhere')")
        self.write(self.lib, "libmoment.py",
                   "import os; os.environ['BB_MOMENT'] = '1'; import libinner; del os.environ['BB_MOMENT']")
        self.write(self.lib, "libinner.py")
        preloader = self.take("ilibmoment", "ilibenv", "ilibpath")
        self.assert_spoilt(preloader, ["libenv", "libpath"], "libenv changes os.environ")

    def test_a_module_that_cannot_be_imported_spoils_with_those_it_was_imported_by(self):
        self.write(self.lib, "libhost.py", "import libbroken")
        self.write(self.lib, "libbroken.py", "raise SystemExit(3)")
        preloader = self.take("ilibhost")
        self.assert_spoilt(preloader, ["libbroken", "libhost"], "libhost cannot be imported ahead: SystemExit: 3")

    def test_what_is_left_out_is_not_imported_and_that_is_no_new_reason(self):
        self.write(self.lib, "libpkg/__init__.py")
        self.write(self.lib, "libpkg/part.py")
        self.write(self.lib, "libuser.py", "try:\n    import libpkg\nexcept ImportError:\n    pass")
        preloader = self.take("xlibpkg", "ilibpkg", "ilibpkg.part", "ilibuser")
        self.assertNotIn("libpkg", sys.modules)
        # Half of it was executed: it may have left anything behind.
        self.assertEqual((preloader.spoilers, preloader.reason), (set(), ""))
        self.write(self.lib, "libhalf.py", "import libother, libpkg")
        self.write(self.lib, "libother.py")
        preloader = self.take("xlibpkg", "ilibhalf")
        self.assertEqual((preloader.spoilers, preloader.reason), ({"libhalf"}, ""))

    def test_nothing_of_the_users_own_is_imported(self):
        sys.path.append(self.app)
        self.write(self.lib, "libhost.py", "import usersown")
        self.write(self.app, "usersown.py")
        self.assert_spoilt(self.take("ilibhost"), ["libhost", "usersown"], "which is the application's own")

    def test_a_module_of_the_users_hides_one_that_is_installed_even_one_that_is_missing(self):
        self.write(self.lib, "liba.py", "try:\n    import libmissing\nexcept ImportError:\n    pass")
        preloader = self.take("iliba")
        self.assertIsNone(preloader.hidden())
        for name in ("liba.py", "libmissing/__init__.py"):
            path = self.write(self.app, name)
            self.assertEqual(preloader.hidden()[0], name.partition(".")[0].partition("/")[0])
            os.remove(path)
        self.assertIsNone(preloader.hidden())


class ClaimsTest(Folders):
    def setUp(self):
        super().setUp()
        self.refused = []
        self.addCleanup(setattr, claims, "give_up", claims.give_up)
        claims.give_up = self.refused.append
        self.view = claims.View(sys.path[:])

    def install(self, entries):
        claimed = claims.Claims(entries, ("gevent",))
        claimed.install()
        self.addCleanup(claimed.remove)
        return claimed

    def test_a_module_may_be_taken_when_nothing_is_different(self):
        self.install({"json": ("json", self.view)})
        import json  # noqa: F401
        self.assertEqual(self.refused, [])

    def test_a_change_before_the_first_import_is_found(self):
        self.install({"json": ("json", self.view), "json.decoder": ("json", self.view)})
        os.environ["BB_TEST"] = "1"
        from json import decoder  # noqa: F401
        self.assertIn("json was imported ahead with another os.environ", self.refused[0])

    def test_a_change_after_it_is_not_and_neither_for_what_came_with_it(self):
        self.install({"json": ("json", self.view), "json.decoder": ("json", self.view)})
        import json
        os.environ["BB_TEST"] = "1"
        import json.decoder  # noqa: F401
        self.assertEqual(self.refused, [])

    def test_what_came_with_a_module_does_not_claim_that(self):
        self.install({"json": ("json", self.view), "re": ("json", self.view)})
        import re  # noqa: F401
        sys.path.append("/nowhere")
        import json  # noqa: F401
        self.assertIn("json was imported ahead with another sys.path", self.refused[0])

    def test_the_order_of_variables_is_no_difference(self):
        os.environ["BB_A"], os.environ["BB_B"] = "1", "2"
        view = claims.View(sys.path[:])
        del os.environ["BB_A"], os.environ["BB_B"]
        os.environ["BB_B"], os.environ["BB_A"] = "2", "1"
        self.assertIsNone(view.difference())

    def test_what_replaces_the_standard_library_comes_too_late(self):
        self.install({"json": ("json", self.view)})
        with self.assertRaises(ImportError):
            import gevent.monkey  # noqa: F401
        self.assertIn("gevent replaces", self.refused[0])

    def test_afterwards_import_is_what_it_was(self):
        original = builtins.__import__
        claimed = claims.Claims({}, ())
        claimed.install()
        self.assertIsNot(builtins.__import__, original)
        claimed.remove()
        self.assertIs(builtins.__import__, original)


class FreshnessTest(Folders):
    def identities(self, *paths, since=None):
        return freshness.Identities(paths, since=since or time.time_ns() + 10 * freshness.TICK)

    def test_a_clock_that_goes_wrong_does_not_make_files_change_for_ever(self):
        path = self.write(self.lib, "a.py", "1")
        os.utime(path, ns=(1, time.time_ns() + 10**12))
        self.assertIsNone(self.identities(path, since=time.time_ns()).changed())

    def test_the_file_that_changed_is_named(self):
        one, two = self.write(self.lib, "a.py", "1"), self.write(self.lib, "b.py", "1")
        missing = os.path.join(self.lib, "missing")
        identities = self.identities(one, two, missing)
        self.assertIsNone(identities.changed())
        os.utime(two, ns=(1, 1))
        self.assertEqual(identities.changed(), two)
        identities = self.identities(one, two, missing)
        self.write(self.lib, "missing")
        self.assertEqual(identities.changed(), missing)

    def test_what_changed_while_it_was_read_counts_as_changed(self):
        since = time.time_ns()
        path = self.write(self.lib, "a.py", "1")
        self.assertEqual(self.identities(path, since=since).changed(), path)

    def test_files_that_are_read_are_heard_of_and_those_that_are_written_are_not(self):
        read, written = self.write(self.lib, "data.txt"), os.path.join(self.lib, "log.txt")
        ear = freshness.Ear()
        sys.addaudithook(ear)
        open(read).close()
        open(written, "w").close()
        os.listdir(self.lib)
        os.listdir(self.app)
        open("/proc/self/stat").close()
        ear.listening = False
        open(os.path.join(self.lib, "data.txt")).close()
        self.assertEqual(sorted(ear.paths(self.own)), sorted([read, self.lib]))

    def test_a_module_is_made_of_its_file_and_a_package_of_its_folder_too(self):
        self.write(self.lib, "libpkg/__init__.py")
        import libpkg

        paths = set(freshness.of_modules({"libpkg": libpkg, "sys": sys}, self.own))
        self.assertEqual(paths, {os.path.join(self.lib, "libpkg", "__init__.py"), os.path.join(self.lib, "libpkg")})

    def test_the_installation_has_its_path_files_and_its_program(self):
        path_file = self.write(self.lib, "x.pth")
        paths = set(freshness.of_installation([self.lib, self.app], self.own))
        self.assertLessEqual({path_file, self.lib, sys.executable}, paths)
        self.assertNotIn(self.app, paths)


if __name__ == "__main__":
    unittest.main()
