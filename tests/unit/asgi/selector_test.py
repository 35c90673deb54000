"""The selector against the contract of selectors.BaseSelector, and under asyncio."""

import asyncio
import gc
import os
import selectors
import signal
import socket
import threading
import time
import unittest
import weakref

from blackbulld.selector import Selector

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class SelectorTest(unittest.TestCase):
    def setUp(self):
        self.selector = Selector()
        self.addCleanup(self.selector.close)
        self.left, self.right = socket.socketpair()
        self.addCleanup(self.left.close)
        self.addCleanup(self.right.close)

    def ready(self, timeout=0):
        return [(key.fileobj, mask) for key, mask in self.selector.select(timeout)]

    def test_what_is_ready_is_told_as_long_as_it_is(self):
        self.selector.register(self.left, READ, "data")
        self.assertEqual(self.ready(), [])
        self.right.send(b"x")
        self.assertEqual(self.ready(None), [(self.left, READ)])
        self.assertEqual(self.ready(), [(self.left, READ)])
        self.left.recv(1)
        self.assertEqual(self.ready(), [])

    def test_both_events_of_a_descriptor_come_as_one(self):
        self.selector.register(self.left, READ | WRITE)
        self.right.send(b"x")
        self.assertEqual(self.ready(1), [(self.left, READ | WRITE)])
        self.selector.modify(self.left, READ)
        self.assertEqual(self.ready(1), [(self.left, READ)])
        self.selector.modify(self.left, WRITE)
        self.assertEqual(self.ready(1), [(self.left, WRITE)])

    def test_what_is_unregistered_is_forgotten(self):
        key = self.selector.register(self.left, WRITE)
        self.assertEqual(self.selector.unregister(self.left), key)
        self.assertEqual(self.ready(), [])
        with self.assertRaises(KeyError):
            self.selector.unregister(self.left)
        with self.assertRaises(KeyError):
            self.selector.modify(self.left, READ)

    def test_keys_are_found_by_object_and_by_number(self):
        key = self.selector.register(self.left, READ, "data")
        keys = self.selector.get_map()
        self.assertEqual(key, (self.left, self.left.fileno(), READ, "data"))
        for name in (self.left, self.left.fileno()):
            self.assertEqual(self.selector.get_key(name), key)
            self.assertEqual(keys[name], key)
            self.assertEqual(keys.get(name), key)
        self.assertIsNone(keys.get(self.right))
        self.assertEqual(list(keys), [self.left.fileno()])
        self.assertEqual(len(keys), 1)

    def test_wrong_registrations_are_refused(self):
        self.selector.register(self.left, READ)
        with self.assertRaises(KeyError):
            self.selector.register(self.left.fileno(), READ)
        for events in (0, 4, READ | 4):
            with self.assertRaises(ValueError):
                self.selector.register(self.right, events)
        for thing in (-1, object(), "x", None):
            with self.assertRaises(ValueError):
                self.selector.register(thing, READ)
        with self.assertRaises(OSError):
            self.selector.register(12345, READ)
        with open(__file__) as file, self.assertRaises(PermissionError):
            self.selector.register(file, READ)
        self.assertEqual(len(self.selector.get_map()), 1)

    def test_a_closed_object_can_still_be_unregistered(self):
        self.selector.register(self.left, READ)
        fd = self.left.fileno()
        self.left.close()
        self.assertEqual(self.selector.unregister(self.left).fd, fd)
        self.assertEqual(self.ready(), [])

    def test_a_reused_number_is_a_new_descriptor(self):
        self.selector.register(self.left, READ)
        fd = self.left.fileno()
        self.right.send(b"x")
        self.assertEqual(self.ready(1), [(self.left, READ)])
        self.selector.unregister(self.left)
        self.left.close()
        other, far = socket.socketpair()
        self.addCleanup(far.close)
        self.addCleanup(other.close)
        self.assertEqual(other.fileno(), fd)
        self.selector.register(other, READ)
        self.assertEqual(self.ready(), [])
        far.send(b"x")
        self.assertEqual(self.ready(1), [(other, READ)])

    def test_many_descriptors(self):
        pairs = [socket.socketpair() for _ in range(200)]
        for near, far in pairs:
            self.addCleanup(near.close)
            self.addCleanup(far.close)
            self.selector.register(near, READ)
        for _, far in pairs[::2]:
            far.send(b"x")
        seen = set()
        for _ in range(10):
            seen |= {fileobj for fileobj, _ in self.ready(0)}
        self.assertEqual(seen, {near for near, _ in pairs[::2]})

    def test_time_limits_are_kept(self):
        for limit in (0.001, 0.05):
            began = time.monotonic()
            self.assertEqual(self.ready(limit), [])
            self.assertGreaterEqual(time.monotonic() - began, limit * 0.99)
        began = time.monotonic()
        self.assertEqual(self.ready(-5), [])
        self.assertLess(time.monotonic() - began, 1)
        with self.assertRaises(TypeError):
            self.selector.select("soon")

    def test_waiting_lets_other_threads_run(self):
        self.selector.register(self.left, READ)
        thread = threading.Timer(0.02, self.right.send, [b"x"])
        thread.start()
        self.assertEqual(self.ready(None), [(self.left, READ)])
        thread.join()

    def test_signal_handlers_run_while_it_waits_and_may_raise(self):
        class Alarm(Exception):
            pass

        calls = []

        def handler(*_):
            calls.append(1)
            if len(calls) == 2:
                raise Alarm

        previous = signal.signal(signal.SIGALRM, handler)
        self.addCleanup(signal.signal, signal.SIGALRM, previous)
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        with self.assertRaises(Alarm):
            self.selector.select(None)
        self.assertEqual(len(calls), 2)

    def test_a_closed_selector_is_of_no_use(self):
        self.selector.register(self.left, READ)
        self.selector.close()
        with self.assertRaises(ValueError):
            self.selector.select(0)
        with self.assertRaises(ValueError):
            self.selector.register(self.right, READ)

    def test_no_descriptor_is_opened_before_the_first_use(self):
        before = os.listdir("/proc/self/fd")
        selector = Selector()
        self.assertEqual(os.listdir("/proc/self/fd"), before)
        selector.select(0)
        selector.close()
        self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_the_collector_sees_through_it(self):
        class Holder:
            pass

        holder = Holder()
        holder.selector = Selector()
        holder.selector.register(self.left, READ, holder)
        gone = weakref.ref(holder)
        del holder
        gc.collect()
        self.assertIsNone(gone())

    def test_a_standard_selector_would_do_the_same_under_asyncio(self):
        loop = asyncio.SelectorEventLoop(Selector())
        self.addCleanup(loop.close)

        async def work():
            reader, writer = await asyncio.open_connection(sock=self.left)
            writer.write(b"ping")
            self.assertEqual(await loop.run_in_executor(None, self.right.recv, 4), b"ping")
            self.right.send(b"pong")
            self.assertEqual(await reader.readexactly(4), b"pong")
            writer.close()
            return "done"

        self.assertEqual(loop.run_until_complete(asyncio.wait_for(work(), 10)), "done")


if __name__ == "__main__":
    unittest.main()
