"""Which symbols the extension module takes and gives: CPython's stable ABI of 3.9 alone, and PyInit__blackbulld alone.

usage: symbols.py NM MODULE LIST
"""

import subprocess
import sys


def symbols(nm, module, which):
    lines = subprocess.run([nm, "-D", which, module], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split()[-1].partition("@")[0] for line in lines}


def complaints(taken, given, stable):
    python = {name for name in taken if name.startswith(("Py", "_Py"))}
    yield from (f"{name} is not in the stable ABI of Python 3.9" for name in sorted(python - stable))
    if not python:
        yield "no symbols of CPython were found"
    if given != {"PyInit__blackbulld"}:
        yield f"exported are {sorted(given)}"


def main(nm, module, listed):
    with open(listed) as file:
        stable = set(file.read().split())
    # That it can fail: PyObject_Vectorcall came with 3.12.
    assert len(list(complaints({"PyObject_Vectorcall"}, {"ev_run"}, stable))) == 2
    found = list(complaints(symbols(nm, module, "--undefined-only"), symbols(nm, module, "--defined-only"), stable))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
