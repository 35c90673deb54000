"""Fixtures of the integration tests: each test gets a box of its own, and nothing outlives it."""

import pytest

from support import build
from support.daemon import Box

SOAK_TIMEOUT = 2 * 3600
FIGURES = pytest.StashKey()


def pytest_collection_modifyitems(items):
    """The long forms get two hours instead of the time limit of pytest.ini."""
    for item in items:
        if build.SOAK and item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.timeout(SOAK_TIMEOUT))


@pytest.fixture
def box(request):
    box = Box()
    request.node.box = box
    yield box
    complaints = box.close()
    assert not complaints, "\n".join(complaints)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failure shows what the daemons said."""
    report = (yield).get_result()
    if report.failed and hasattr(item, "box"):
        report.sections += item.box.logs()


@pytest.fixture
def figures(request):
    """Call it with a line for the summary: what was measured, where the test itself only says yes or no."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter, config):
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("figures")
    for line in lines:
        terminalreporter.write_line(line)
