"""The lifespan protocol (ASGI specs/lifespan.rst 2.0): the application is told when it starts and when it ends."""

import asyncio
import contextvars

from blackbulld import errors

# An application may raise just after it said that it failed; its traceback is better than its message.
LAST_WORDS = 0.5  # seconds

STARTUP = ("lifespan.startup.complete", "lifespan.startup.failed")
SHUTDOWN = ("lifespan.shutdown.complete", "lifespan.shutdown.failed")


class LifespanError(errors.Refusal):
    """The application does not start. `cause` is its own exception, if there is one."""

    def __init__(self, message, cause=None):
        super().__init__(message)
        self.cause = cause


class Lifespan:
    """One application's lifespan. `mode` is "auto", "on" or "off"; requests are given `state` and `context`."""

    def __init__(self, app, mode):
        self.app = app
        self.mode = mode
        self.state = {}
        self.context = contextvars.copy_context()
        self.error = None  # what the application raised
        self.task = None
        self.orders = asyncio.Queue()  # to the application
        self.answers = asyncio.Queue()  # from it: messages, and None when it has ended

    async def startup(self):
        """Return when the application is ready for requests; raise LifespanError if it never will be."""
        if self.mode == "off":
            return
        self.orders.put_nowait({"type": "lifespan.startup"})
        self.task = asyncio.ensure_future(self._run())
        answer = await self.answers.get()
        if answer is None:
            self._ended_early()
        elif answer["type"] == "lifespan.startup.failed":
            await asyncio.wait({self.task}, timeout=LAST_WORDS)
            raise LifespanError(answer.get("message") or "the application's startup failed", self.error)

    async def shutdown(self):
        """Tell the application to end, and wait until it has."""
        if self.task is None or self.task.done():
            return
        self.orders.put_nowait({"type": "lifespan.shutdown"})
        answer = await self.answers.get()
        if answer is not None and answer["type"] == "lifespan.shutdown.failed":
            message = answer.get("message", "")
            errors.log("error", f"lifespan: shutdown failed: {errors.last_line(message)}", message)
        await asyncio.wait({self.task}, timeout=LAST_WORDS)

    def _ended_early(self):
        """The application ended before it said that it had started: most often it knows no lifespan."""
        if self.mode == "on" and self.error is None:
            raise LifespanError("the application returned without 'lifespan.startup.complete'")
        if self.error is not None and (self.mode == "on" or not isinstance(self.error, Exception)):
            raise LifespanError(errors.summary(self.error), self.error)
        reason = errors.summary(self.error) if self.error else "it returned"
        errors.log("debug", f"lifespan: the application does without: {reason}")

    async def _run(self):
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        said = []

        async def send(message):
            self._check(message, said)
            said.append(message["type"])
            if message["type"] == "lifespan.startup.complete":
                # What the application has set in its context so far is there in every request.
                self.context = contextvars.copy_context()
            self.answers.put_nowait(message)

        try:
            await self.app(scope, self.orders.get, send)
        except BaseException as error:  # a SystemExit must not end the loop from within a task
            self.error = error
            if said == ["lifespan.startup.complete"]:
                errors.log("error", f"lifespan: {errors.summary(error)}", errors.format_traceback(error))
        finally:
            self.answers.put_nowait(None)

    def _check(self, message, said):
        expected = SHUTDOWN if said else STARTUP
        if message["type"] not in expected or len(said) > 1:
            raise RuntimeError(f"unexpected message {message['type']!r} after {said}")
