"""Who may include whom. The table is the architecture: see docs/architecture.md."""

import re
from pathlib import PurePosixPath

import lint

# Folder: what it may include besides itself.
LAYERS = {
    "common": [],
    "ctl": ["common"],
    "daemon/config": ["common"],
    "daemon/ipc": ["common"],
    "daemon/http": ["common"],
    "daemon/worker": ["common", "daemon/config", "daemon/ipc", "daemon/http"],
    "daemon/asgi": ["common", "daemon/ipc", "daemon/http", "daemon/worker"],
    "daemon/master": ["common", "daemon/config", "daemon/ipc"],
    "daemon": ["common", "daemon/config", "daemon/master", "daemon/worker"],
}

# System header: the only folders or files that may name it.
OWNERS = {
    "ev.h": ["daemon/http", "daemon/worker", "daemon/master", "daemon/asgi"],
    "llhttp.h": ["daemon/http/parser.c"],
    "nng/": ["ctl/client.c"],
    "Python.h": ["daemon/asgi"],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.M)


def layer_of(path):
    """The layer of a file; a unit test belongs to the layer that it tests. None: bound by no layer."""
    parts = PurePosixPath(path).parts
    if parts[:2] == ("tests", "unit"):
        parts = parts[2:]
        if "daemon/" + parts[0] in LAYERS:
            parts = ("daemon", *parts)
    for depth in (2, 1):
        folder = "/".join(parts[:-1][:depth])
        if folder in LAYERS:
            return folder
    return None


def includes(root, path):
    for line, match in lint.matches(INCLUDE, lint.read(root, path)):
        yield line, match.group(1) == '"', match.group(2)


def check_project(root, path, target):
    if not (root / target).is_file() and not (root / (target + ".in")).is_file():
        yield f'"{target}" is not spelled from the root, or not there'
        return
    own, other = layer_of(path.as_posix()), layer_of(target)
    if path.parts[0] == "tests" and target.startswith("tests/support/"):
        return
    if own and other != own and other not in LAYERS[own]:
        yield f'"{target}": {own} may not include {other or PurePosixPath(target).parent}'


def check_system(path, target):
    layer = layer_of(path.as_posix())
    if path.parts[0] == "tests" and layer is None:
        return
    for header, owners in OWNERS.items():
        if not (target == header or header.endswith("/") and target.startswith(header)):
            continue
        if path.as_posix() not in owners and layer not in owners and path.parts[0] != "docs":
            yield f"<{target}> belongs to {', '.join(owners)}"


def find_cycle(graph):
    """A list of nodes that ends where it begins, or None."""
    done, trail = set(), []

    def visit(node):
        if node in trail:
            return trail[trail.index(node):] + [node]
        if node in done:
            return None
        trail.append(node)
        cycle = next(filter(None, map(visit, graph.get(node, []))), None)
        trail.pop()
        done.add(node)
        return cycle

    return next(filter(None, map(visit, graph)), None)


def check(root):
    cycle = find_cycle(LAYERS)
    if cycle:
        yield f"the table itself has a cycle: {' -> '.join(cycle)}"
    graph = {}
    for path in lint.files(root, ".c", ".h"):
        for line, project, target in includes(root, path):
            graph.setdefault(path.as_posix(), []).append(target if project else "")
            found = check_project(root, path, target) if project else check_system(path, target)
            for problem in found:
                yield f"{path}:{line}: {problem}"
    cycle = find_cycle(graph)
    if cycle:
        yield f"include cycle: {' -> '.join(cycle)}"


CLEAN = {
    "common/buf.h": "#include <stddef.h>\n",
    "common/version.h.in": "",
    "ctl/client.c": '#include "common/buf.h"\n#include <nng/nng.h>\n',
    "daemon/http/app.h": '#include "common/buf.h"\n',
    "daemon/http/parser.c": '#include "daemon/http/app.h"\n#include <ev.h>\n#include <llhttp.h>\n',
    "daemon/main.c": '#include "common/version.h"\n',
    "tests/support/unit.h": "#include <cmocka.h>\n",
    "tests/unit/http/app_test.c": '#include "daemon/http/app.h"\n#include "tests/support/unit.h"\n',
}

BROKEN = [
    ("common may not include daemon/http", {"common/a.c": '#include "daemon/http/app.h"\n'}),
    ("daemon/http may not include ctl",
     {"daemon/http/a.c": '#include "ctl/a.h"\n', "ctl/a.h": ""}),
    ("common may not include daemon/http",
     {"tests/unit/common/a_test.c": '#include "daemon/http/app.h"\n'}),
    ("daemon/http may not include tests/support", {"daemon/http/a.c": '#include "tests/support/unit.h"\n'}),
    ("is not spelled from the root", {"daemon/http/a.c": '#include "app.h"\n'}),
    ("is not spelled from the root", {"daemon/http/a.c": '# include "http/app.h"\n'}),
    ("<llhttp.h> belongs to daemon/http/parser.c", {"daemon/http/conn.c": "#include <llhttp.h>\n"}),
    ("<nng/nng.h> belongs to ctl/client.c", {"daemon/master/a.c": "#include <nng/nng.h>\n"}),
    ("<ev.h> belongs to", {"daemon/config/a.c": "#include <ev.h>\n"}),
    ("<Python.h> belongs to", {"daemon/worker/a.c": "#include <Python.h>\n"}),
    ("include cycle: common/x.h -> common/y.h -> common/x.h",
     {"common/x.h": '#include "common/y.h"\n', "common/y.h": '#include "common/x.h"\n'}),
]

if __name__ == "__main__":
    lint.main(check, CLEAN, BROKEN)
