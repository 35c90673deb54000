"""Waiting for a condition, with an end to it. The only place of the tests that pauses."""

import time


class TimedOut(AssertionError):
    pass


def until(condition, timeout=10.0, what="the condition", step=0.005):
    """Returns the first true value of condition(); raises TimedOut when there is none in time."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimedOut(f"{what}: not within {timeout:g} s")
        time.sleep(step)


def pause(seconds):
    """Lets time pass where time itself is what is tested: the pace of a client, the phase of a save."""
    time.sleep(seconds)
