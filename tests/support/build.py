"""The build under test: where its programs are, and how it was made."""

import os
import re
import shutil
import subprocess
import sys
import time
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BLACKBULL_BUILD", ROOT / "build")).resolve()
DAEMON = BUILD / "blackbulld"
CTL = BUILD / "blackbullctl"
EXAMPLES = ROOT / "docs" / "examples"
SOAK = os.environ.get("BLACKBULL_SOAK", "") not in ("", "0")
# How long each long form may last; 0: as long as it takes.
SOAK_MINUTES = float(os.environ.get("BLACKBULL_SOAK_MINUTES", "0"))


@lru_cache
def cache_entry(name):
    """A value of CMakeCache.txt, "" if it has none."""
    match = re.search(rf"^{name}:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return match.group(1) if match else ""


SANITIZED = bool(cache_entry("BB_SANITIZE"))
# What a slower build may take longer than a release build.
SLOWNESS = 4 if SANITIZED else 1


def amount(normal, sanitized, soak):
    """How often a repeated step is to be done."""
    return soak if SOAK else sanitized if SANITIZED else normal


def lasting(count):
    """Counts up to `count`; in a long run with a time limit as far as there is time."""
    end = time.monotonic() + SOAK_MINUTES * 60
    for number in range(count):
        if SOAK and SOAK_MINUTES and time.monotonic() > end:
            return
        yield number


@lru_cache
def _asan_runtime():
    """The shared sanitizer runtime of the compiler, which a Python that loads our module needs first."""
    compiler = cache_entry("CMAKE_C_COMPILER")
    names = ["libclang_rt.asan-x86_64.so", "libclang_rt.asan-aarch64.so", "libclang_rt.asan.so", "libasan.so"]
    for name in names:
        found = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True,
                               text=True, check=True).stdout.strip()
        if os.path.isabs(found):
            return found
    raise AssertionError(f"{compiler} has no shared address sanitizer runtime")


def python_folder(where):
    """A folder for the front of PATH whose python3 is the one that runs the tests."""
    folder = Path(where)
    folder.mkdir(exist_ok=True)
    program = folder / "python3"
    # CPython frees little at its end, so leaks are looked for in our own programs alone.
    preload = f"export LD_PRELOAD={_asan_runtime()} ASAN_OPTIONS=detect_leaks=0\n" if SANITIZED else ""
    program.write_text(f'#!/bin/sh\n{preload}exec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return folder


def program(name):
    """The path of a program that a test cannot do without."""
    found = shutil.which(name)
    assert found, f'"{name}" is not installed: ./dev test installs it'
    return found
