"""Small rules of docs/style.md that a machine can read: what is written, and how long files are."""

import re

import lint

LINES_MAX = 400

C_RULES = [
    (r"\bextern\b", "extern: put the declaration into the header of the module that owns it"),
    (r"\b(atoi|atol|atoll|atof)\s*\(", "no atoi: common/parse.h reports what it cannot read"),
    (r"\btypedef\s+(struct|union|enum)\b[^(;]*[{;]", "typedef of a struct, union or enum"),
    (r"\b(sleep|usleep|nanosleep)\s*\(", "sleeps: wait for an event instead"),
]
SHIPPED_RULES = [
    (r"\b(strcpy|strcat|sprintf|vsprintf|gets)\s*\(", "knows no size: use common/str.h or snprintf"),
]
PYTHON_RULES = [
    (r"\b(time|asyncio)\.sleep\(|^\s*from time import .*\bsleep\b", "sleeps: wait for an event instead"),
]
NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")

# The one place that may pause, between two looks at a condition.
SLEEPERS = ["tests/support/wait.py"]


def check_rules(path, text, rules):
    if path.as_posix() in SLEEPERS or "lint" in path.parts:
        return
    for pattern, message in rules:
        for line, match in lint.matches(re.compile(pattern, re.M), text):
            yield f"{path}:{line}: {match.group().strip()}: {message}"


def check_file(root, path):
    text = lint.read(root, path)
    count = text.count("\n")
    if count > LINES_MAX:
        yield f"{path}: {count} lines, more than {LINES_MAX}: one noun a file"
    if path.suffix == ".py":
        yield from check_rules(path, text, PYTHON_RULES)
    else:
        shipped = path.parts[0] not in ("tests", "docs")
        yield from check_rules(path, lint.code_of(text), C_RULES + SHIPPED_RULES * shipped)
        if not text.startswith("/*"):
            yield f"{path}:1: the first line says what the module is, in a comment"
    for line, match in lint.matches(NOTES, text):
        yield f"{path}:{line}: {match.group()}: do it, or open an issue"


def check(root):
    for path in lint.files(root, ".c", ".h", ".py"):
        yield from check_file(root, path)


CLEAN = {
    "common/buf.h": '/* Bytes; an "extern" or atoi() in a comment is fine. */\nint f(void);\n',
    "common/list.h": "/* A list. */\ntypedef enum found list_find_fn(const void *item);\n",
    "common/buf.c": '/* Bytes. */\nconst char *s = "extern atoi(";\n',
    "tests/support/wait.py": "import time\ntime.sleep(0.01)\n",
}

BROKEN = [
    ("common/a.h:2: extern", {"common/a.h": "/* a */\nextern int debug;\n"}),
    ("common/a.c:3: atoi(", {"common/a.c": "/* a\n*/\nint x = atoi(s);\n"}),
    ("sprintf(", {"common/a.c": "/* a */\nint x = sprintf(s);\n"}),
    ("typedef struct", {"common/a.h": "/* a */\ntypedef struct a {\n} a;\n"}),
    ("typedef struct", {"common/a.h": "/* a */\ntypedef struct a a_t;\n"}),
    ("sleep(", {"tests/unit/common/a_test.c": "/* a */\nint x = sleep(1);\n"}),
    ("time.sleep(", {"tests/integration/test_a.py": "time.sleep(1)\n"}),
    ("tests/integration/test_a.py:2: ", {"tests/integration/test_a.py": "\n# TO" "DO: this\n"}),
    ("the first line says", {"common/a.c": "int x;\n"}),
    ("401 lines", {"common/a.c": "/* a */\n" + "\n" * 400}),
]

if __name__ == "__main__":
    lint.main(check, CLEAN, BROKEN)
