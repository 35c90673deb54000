"""The asyncio loop that serves, made when it is needed: by the server, or by code that asks for it while imported.

Applications are imported before there is a loop. Those that call asyncio.get_event_loop() at the top of a module, or on
Python 3.9 just make a Lock there, must get the one that will run them and not another.
"""

import asyncio
import sys

from blackbulld.selector import Selector


class Serving:
    """The one loop. `selector` is None until there is one."""

    def __init__(self):
        self.selector = None
        self.made = None

    def loop(self):
        if self.made is None:
            self.selector = Selector()
            self.made = asyncio.SelectorEventLoop(self.selector)
        return self.made


def offer(serving):
    """Make asyncio.get_event_loop() in the main thread mean this loop. From 3.14 on it makes none by itself."""
    if sys.version_info >= (3, 14):
        return

    class Policy(asyncio.DefaultEventLoopPolicy):
        asked = False

        def get_event_loop(self):
            self.asked = True
            try:
                return super().get_event_loop()
            finally:
                self.asked = False

        def new_event_loop(self):
            return serving.loop() if self.asked else super().new_event_loop()

    asyncio.set_event_loop_policy(Policy())
