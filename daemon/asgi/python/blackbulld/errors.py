"""What went wrong, told so that the place to fix it is found: exceptions with our own frames left out."""

import os
import sys
import traceback

from blackbulld import _blackbulld

OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep
INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
MACHINERY = ("<frozen importlib", os.path.join(os.path.dirname(os.__file__), "importlib", "__init__.py"))


class Refusal(Exception):
    """Why we do not serve, in words for people. Its own traceback says nothing, that of `cause` does."""

    cause = None


def describe(error, roots):
    """(message, file, line, detail) of an exception, for the master. The last three are None, 0, None if unknown."""
    if isinstance(error, Refusal) and error.cause is not None:
        error = error.cause
    if isinstance(error, Refusal):
        text = str(error)
        return clean(last_line(text)), None, 0, clean(text) if "\n" in text.strip() else None
    file, line = place(error, roots)
    return clean(summary(error)), clean(file), line, clean(format_traceback(error))


def summary(error):
    """One line: "ValueError: not a number"."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, SystemExit):
        return f"{name}: {error.code} (the application called sys.exit)"
    lines = text_of(error).strip().splitlines()
    return f"{name}: {lines[0]}" if lines else name


def text_of(error):
    if isinstance(error, SyntaxError):
        return str(error.msg)
    try:
        return str(error)
    except Exception:  # code of the application, too
        return "(an error without a text)"


def place(error, roots):
    """The file and line to look at: of a syntax error, else the innermost frame of the user's own code."""
    if isinstance(error, SyntaxError) and error.filename and not error.filename.startswith("<"):
        return os.path.abspath(error.filename), error.lineno or 0
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    foreign = [frame for frame in frames if not is_own(frame[0])]
    own_code = [frame for frame in foreign if is_users(frame[0], roots)]
    for file, line in reversed(own_code or foreign):
        return os.path.abspath(file), line or 0
    return None, 0


def is_users_fault(error, roots):
    """Whether the user's own code raised it, as far as one can tell, and nothing that it called."""
    if isinstance(error, Refusal):
        return True
    if isinstance(error, SyntaxError) and error.filename:
        return is_users(error.filename, roots)
    frames = (frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__))
    foreign = [file for file in frames if not is_own(file)]
    return not foreign or is_users(foreign[-1], roots)


def is_own(file):
    return file.startswith(OWN) or file.startswith(MACHINERY)


def is_users(file, roots):
    path = os.path.abspath(file)
    if any(part in path for part in INSTALLED):
        return False
    return any(path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)


def format_traceback(error):
    """The traceback as Python prints it, without the frames of this package and of the import system."""
    told = traceback.TracebackException.from_exception(error)
    strip(told, set())
    return "".join(told.format())


def strip(told, seen):
    if told is None or id(told) in seen:
        return
    seen.add(id(told))
    told.stack[:] = [frame for frame in told.stack if not is_own(frame.filename)]
    strip(told.__cause__, seen)
    strip(told.__context__, seen)
    for member in getattr(told, "exceptions", None) or ():
        strip(member, seen)


def clean(text):
    """Text that C can take: valid UTF-8 without NUL."""
    if text is None:
        return None
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\0")


def last_line(text):
    """The line of a traceback that says what happened."""
    lines = [line for line in (text or "").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "no reason was given"


def log(level, message, detail=None):
    """One line to the worker's log, and what belongs to it, in full, to stderr after it."""
    _blackbulld.log(level, clean(message))
    if detail:
        sys.stderr.write(detail if detail.endswith("\n") else detail + "\n")
        sys.stderr.flush()


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # replaced by the application, closed, or a full disk
            pass


def leave():
    """End at once: threads that a half-imported application started must not delay it."""
    flush()
    os._exit(1)
