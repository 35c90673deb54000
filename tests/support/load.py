"""Clients that ask all the time while something goes wrong, and what they may have noticed: nothing."""

import contextlib

from support.poller import Poller


@contextlib.contextmanager
def under_load(daemon, path="/"):
    """No request of a new or of a kept connection is lost, refused or answered by anything but 200 in this block."""
    address = daemon.address
    with Poller(address, path) as new, Poller(address, path, keep_alive=True) as kept:
        yield new, kept
    for poller in (new, kept):
        assert poller.lost() == {}, f"of {len(poller.answers)}\n{daemon.log.text()}"
        assert set(poller.statuses()) == {200}, poller.statuses()
    assert kept.closed == 0, "an idle connection was closed"
