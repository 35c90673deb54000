"""What the tests of app workers share: the Pythons, the applications, and a worker that serves asgi_apps/probe.py."""

import json
import os
import sys
from pathlib import Path

import pytest

from support.master import Worker
from support.wait import until

APPS = Path(__file__).parents[1] / "integration" / "asgi_apps"
# Paths of interpreters, ':' between them: the module is to work with every Python from 3.9 on.
PYTHONS = os.environ.get("BLACKBULL_PYTHONS", sys.executable).split(":")


@pytest.fixture
def probe(python):
    with Worker(APPS, "probe:app", python) as worker:
        yield worker.ready()


def notes(worker):
    """What requests have left at the probe."""
    return json.loads(worker.fetch("/notes").body)


def until_noted(worker, note):
    return until(lambda: note in notes(worker) and notes(worker), what=f"the note {note!r}")
