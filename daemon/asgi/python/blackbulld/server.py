"""The asyncio loop of a worker: startup, serving, and an orderly end."""

import asyncio
import os
import signal
import sys

from blackbulld import _blackbulld, boot, errors, request
from blackbulld.lifespan import Lifespan

# Seconds. The master waits a second longer than the drain time before it kills.
HURRY = 0.4  # for each step, once requests had to be cut off
GRACE = 0.2  # for tasks to end that were cancelled
REPORT_AFTER = 0.05


def run(config, app, serving, journal):
    """Serve on the loop of `serving` until the master says that it is over. Returns the exit status."""
    # The master decides what Ctrl-C means; here Python is told too, which put a handler of its own in place.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    loop = serving.loop()
    asyncio.set_event_loop(loop)
    server = Server(config, app, loop, serving.selector, journal)
    try:
        loop.run_until_complete(server.start())
    except BaseException as error:
        boot.fail("lifespan", error, boot.roots(config))
    # Tasks take their context from here: they see what the lifespan set, and nothing of each other.
    server.lifespan.context.run(server.serve)
    return 0


def takes_first_step_at_once():
    """Whether a request's task runs up to its first wait when it is made (asyncio.Task(eager_start=True))."""
    return sys.version_info >= (3, 12) and os.environ.get("BLACKBULLD_EAGER_TASKS", "1") != "0"


class Server:
    def __init__(self, config, app, loop, selector, journal):
        self.config = config
        self.app = app
        self.loop = loop
        self.selector = selector
        self.journal = journal  # or None
        self.stopping = loop.create_future()

    async def start(self):
        self.lifespan = Lifespan(self.app, self.config["lifespan"] or "auto")
        await self.lifespan.startup()

    def serve(self):
        respond = request.responder(self.config["debug_errors"])
        try:
            _blackbulld.serve(self.selector.native, self.loop, self.app, respond, self.lifespan.state,
                              self.stop, takes_first_step_at_once())
        except Exception as error:
            boot.fail("serve", error, boot.roots(self.config))
        if self.journal:
            self.journal.ready()
            # When the first requests have been answered.
            self.loop.call_later(REPORT_AFTER, self.journal.report)
        try:
            self.loop.run_until_complete(self.stopping)
            self.loop.run_until_complete(self.end())
        finally:
            _blackbulld.close()
            self.loop.close()

    def stop(self, cut):
        """The worker has drained, or had to cut off what was left. Called from C, on the loop."""
        if not self.stopping.done():
            self.stopping.set_result(cut)

    async def end(self):
        """What requests left behind first, then the application, then everything else."""
        if self.journal:
            self.journal.report_late()
        cut = self.stopping.result()
        end = self.loop.time() + (0 if cut else self.config["drain_timeout_ms"] / 1000)
        await finish(_blackbulld.tasks(), end - self.loop.time())
        await self.end_lifespan(max(end - self.loop.time(), HURRY))
        await finish(asyncio.all_tasks() - {asyncio.current_task()}, 0)
        await self.loop.shutdown_asyncgens()
        # Threads cannot be cancelled; the master's patience is what ends this.
        await self.loop.shutdown_default_executor()

    async def end_lifespan(self, patience):
        try:
            await asyncio.wait_for(self.lifespan.shutdown(), patience)
        except asyncio.TimeoutError:
            errors.log("warn", f"lifespan: shutdown did not end within {patience:.1f} s; leaving without")


async def finish(tasks, patience):
    """Give the tasks some time, then cancel those that are left."""
    tasks = set(tasks)
    if tasks and patience > 0:
        _, tasks = await asyncio.wait(tasks, timeout=patience)
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=GRACE)
