"""What the lints share: the tree they read, how they report, and the proof that each can fail.

A lint is a function check(root) that yields problems, one line each, plus examples: a small tree that is
clean, and small trees that are not, each with words that the report must contain.

    layers.py ROOT           checks the tree, exit 1 if there are problems
    layers.py --self-test    checks the examples, exit 1 if the lint overlooks one
"""

import re
import sys
import tempfile
from pathlib import Path

FOLDERS = ("common", "ctl", "daemon", "tests", "docs")


def files(root, *suffixes):
    """The files of the project with one of these suffixes, relative to root, in order."""
    found = []
    for folder in FOLDERS:
        for path in (root / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file() and "__pycache__" not in path.parts:
                found.append(path.relative_to(root))
    return sorted(found)


def read(root, path):
    return (root / path).read_text(encoding="utf-8")


_COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_of(text):
    """C without comments and with empty literals; line numbers stay as they are."""

    def blank(match):
        kept = match.group()[0].replace("/", " ")
        return kept + "\n" * match.group().count("\n") + kept

    return _COMMENT_OR_TEXT.sub(blank, text)


def matches(pattern, text):
    """(line number, match) for each place of a compiled pattern in text."""
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match


def _check_example(check, tree):
    with tempfile.TemporaryDirectory(prefix="bb-lint-") as folder:
        root = Path(folder)
        for name, text in tree.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return list(check(root))


def _self_test(check, clean, broken):
    failures = [f"reported on the clean example: {p}" for p in _check_example(check, clean)]
    for expected, tree in broken:
        problems = _check_example(check, {**clean, **tree})
        if not any(expected in p for p in problems):
            failures.append(f'not reported: "{expected}"; reported instead: {problems}')
    print(*failures or [f"{len(broken)} broken examples, each reported"], sep="\n")
    return 1 if failures else 0


def main(check, clean, broken, arguments=None):
    """Exits. `clean` is {path: text}; `broken` is a list of (words of the report, {path: text})."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--self-test"]:
        sys.exit(_self_test(check, clean, broken))
    if len(arguments) != 1:
        sys.exit(__doc__)
    problems = list(check(Path(arguments[0]).resolve()))
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
