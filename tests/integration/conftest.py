"""Fixtures of the integration tests: each test gets a box of its own, and nothing outlives it."""

import pytest

from support import build
from support.daemon import Box

SOAK_TIMEOUT = 3600


def pytest_collection_modifyitems(items):
    """The long forms get an hour instead of the time limit of pytest.ini."""
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
