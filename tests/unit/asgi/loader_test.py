"""Finding applications, telling interfaces apart, describing errors: the parts that need no worker."""

import functools
import os
import sys
import tempfile
import unittest

from blackbulld import errors, fresh, interface, loader


class InterfaceTest(unittest.TestCase):
    def test_interfaces_are_told_by_how_an_application_is_called(self):
        async def asgi(scope, receive, send):
            pass

        async def wide(*arguments):
            pass

        class Asgi:
            async def __call__(self, scope, receive, send):
                pass

        class Asgi2:
            def __init__(self, scope):
                pass

        class Wsgi:
            def __call__(self, environ, start_response):
                pass

        class Awaited:
            def __init__(self, scope, receive, send):
                pass

            def __await__(self):
                yield

        def more(extra, environ, start_response):
            pass

        cases = [
            (asgi, "asgi"),
            (wide, "asgi"),
            (Asgi(), "asgi"),
            (Asgi().__call__, "asgi"),
            (Awaited, "asgi"),
            (functools.partial(wide, 1), "asgi"),
            (lambda scope, receive, send: None, "asgi"),
            (lambda *arguments: None, "asgi"),
            (Asgi2, "asgi"),
            (lambda scope: None, "asgi"),
            (Wsgi(), "wsgi"),
            (lambda environ, start_response: [], "wsgi"),
            (functools.partial(more, 1), "wsgi"),
        ]
        for app, kind in cases:
            with self.subTest(app=app):
                self.assertEqual(interface.detect(app, "main:app"), kind)

    def test_what_is_no_application_is_refused(self):
        for app in (lambda: None, lambda a, b, c, d: None):
            with self.assertRaises(loader.TargetError):
                interface.detect(app, "main:app")
        for app in (None, 1, "app", sys):
            with self.assertRaises(loader.TargetError):
                interface.adapt(app, {"interface": None, "target": "main:app", "workers": 1})


class FreshTest(unittest.TestCase):
    def test_watched_is_what_lies_under_a_root_and_is_not_installed(self):
        roots = ["/srv/app", "/"]
        library = os.path.dirname(os.__file__)
        self.assertTrue(fresh.is_watched("/srv/app", roots))
        self.assertTrue(fresh.is_watched("/srv/app/pkg/sub", roots))
        self.assertTrue(fresh.is_watched("/elsewhere", roots))
        self.assertFalse(fresh.is_watched("/elsewhere", roots[:1]))
        self.assertFalse(fresh.is_watched("/srv/application", roots[:1]))
        self.assertFalse(fresh.is_watched("/srv/app/.venv/lib/python3/site-packages/x", roots[:1]))
        self.assertFalse(fresh.is_watched(library, roots))
        self.assertFalse(fresh.is_watched(library + "/json", roots))


class ErrorsTest(unittest.TestCase):
    def test_an_error_is_summed_up_in_one_line(self):
        class Odd(Exception):
            def __str__(self):
                return "\n  first\nsecond"

        cases = [
            (ValueError("x"), "ValueError: x"),
            (ValueError(), "ValueError"),
            (KeyError("k"), "KeyError: 'k'"),
            (Odd(), f"{__name__}.{Odd.__qualname__}: first"),
            (SystemExit(), "SystemExit: None (the application called sys.exit)"),
            (SyntaxError("invalid syntax", ("f.py", 1, 1, "x")), "SyntaxError: invalid syntax"),
        ]
        for error, text in cases:
            self.assertEqual(errors.summary(error), text)

    def test_an_error_that_cannot_be_printed_is_still_told(self):
        class Broken(Exception):
            def __str__(self):
                raise RuntimeError

        self.assertIn("Broken", errors.summary(Broken()))
        self.assertIn("Broken", errors.format_traceback(Broken()))

    def test_causes_and_groups_are_kept_in_the_traceback(self):
        try:
            try:
                raise KeyError("inner")
            except KeyError as error:
                raise ValueError("outer") from error
        except ValueError as error:
            text = errors.format_traceback(error)
        self.assertLess(text.index("KeyError: 'inner'"), text.index("ValueError: outer"))

    def test_the_place_is_the_innermost_frame_of_the_users_code(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "mine.py")
            with open(path, "w") as file:
                file.write("import json\n\njson.loads(1)\n")
            try:
                with open(path) as file:
                    exec(compile(file.read(), path, "exec"), {})
            except TypeError as error:
                self.assertEqual(errors.place(error, [folder]), (path, 3))

    def test_text_for_c_is_valid_utf8_without_nul(self):
        self.assertEqual(errors.clean("a\0\udc80é"), "a\\0\\udc80é")
        self.assertIsNone(errors.clean(None))

    def test_the_last_line_of_a_message_is_the_one_that_counts(self):
        self.assertEqual(errors.last_line("Traceback:\n  x\nOSError: y\n\n"), "OSError: y")
        self.assertEqual(errors.last_line(None), "no reason was given")


if __name__ == "__main__":
    unittest.main()
