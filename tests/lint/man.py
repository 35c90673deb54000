"""The man pages are correct mdoc(7)."""

import subprocess

import lint


def check(root):
    pages = sorted((root / "docs/man").glob("*.[1-8]"))
    if not pages:
        yield "docs/man: no pages"
        return
    command = ["mandoc", "-Tlint", "-Wwarning", *(p.relative_to(root) for p in pages)]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    yield from (line.removeprefix("mandoc: ") for line in result.stdout.splitlines())
    if result.returncode != 0 and not result.stdout:
        yield f"mandoc failed: {result.stderr.strip()}"


PAGE = ".Dd November 23, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd y\n.Sh DESCRIPTION\n{}\n"

CLEAN = {"docs/man/x.1": PAGE.format("Text.")}

BROKEN = [
    ("docs/man/x.1:8:", {"docs/man/x.1": PAGE.format(".Nosuch macro")}),
    ("docs/man/x.1:8:", {"docs/man/x.1": PAGE.format(".Bl -tag -width Ds\n.It a")}),
]

if __name__ == "__main__":
    lint.main(check, CLEAN, BROKEN)
