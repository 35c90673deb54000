"""Every C file is as clang-format writes it; `./dev format` makes it so."""

import subprocess
from pathlib import Path

import lint

STYLE = Path(__file__).resolve().parents[2] / ".clang-format"


def check(root):
    paths = lint.files(root, ".c", ".h")
    if not paths:
        return
    command = ["clang-format", f"--style=file:{STYLE}", "--dry-run", "--Werror"]
    result = subprocess.run([*command, *paths], cwd=root, capture_output=True, text=True, timeout=120)
    first = {}
    for line in result.stderr.splitlines():
        if ": error:" in line:
            first.setdefault(line.split(":")[0], line.split(": error:")[0])
    yield from (f"{place}: not formatted (./dev format)" for place in first.values())
    if result.returncode != 0 and ": error:" not in result.stderr:
        yield f"clang-format failed: {result.stderr.strip()}"


CLEAN = {"common/a.c": "/* a */\nint f(int x)\n{\n\treturn x;\n}\n"}

BROKEN = [
    ("common/b.c:2", {"common/b.c": "/* b */\nint f(int x) { return  x; }\n"}),
    ("common/b.c:", {"common/b.c": "/* b */\nint f(int x)\n{\n    return x;\n}\n"}),
]

if __name__ == "__main__":
    lint.main(check, CLEAN, BROKEN)
