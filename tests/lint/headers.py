"""Every header compiles alone, and its include guard is its path.

    headers.py COMPILER ROOT|--self-test [FLAG...]
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import lint

GUARD = re.compile(r"^#ifndef (\w+)\n#define (\w+)\n", re.M)


def guard_of(path):
    return re.sub(r"\W", "_", path.as_posix()).upper()


def check_guard(root, path):
    match = GUARD.search(lint.read(root, path))
    if not match or match.group(1) != guard_of(path) or match.group(2) != guard_of(path):
        yield f"{path}: the include guard is to be {guard_of(path)}"


def compile_alone(command, root, path):
    result = subprocess.run([*command, f"-I{root}", "-x", "c", root / path],
                            capture_output=True, text=True, timeout=60)
    if result.returncode != 0:
        yield f"{path}: does not compile alone:\n{result.stderr.strip()}"


def check_with(compiler, flags):
    command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror",
               "-Wno-pragma-once-outside-header", *flags]

    def check(root):
        headers = lint.files(root, ".h")
        with ThreadPoolExecutor() as pool:
            found = pool.map(lambda path: [*check_guard(root, path),
                                           *compile_alone(command, root, path)], headers)
            for problems in found:
                yield from problems

    return check


CLEAN = {
    "common/buf.h": "#ifndef COMMON_BUF_H\n#define COMMON_BUF_H\n\n"
                    "#include <stddef.h>\n\nsize_t f(void);\n\n#endif\n",
}

BROKEN = [
    ("common/a.h: does not compile alone",
     {"common/a.h": "#ifndef COMMON_A_H\n#define COMMON_A_H\n\nsize_t f(void);\n\n#endif\n"}),
    ("common/a.h: the include guard is to be COMMON_A_H",
     {"common/a.h": "#ifndef A_H\n#define A_H\n\nint f(void);\n\n#endif\n"}),
]

if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    lint.main(check_with(sys.argv[1], sys.argv[3:]), CLEAN, BROKEN, [sys.argv[2]])
