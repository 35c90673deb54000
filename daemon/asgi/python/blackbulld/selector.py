"""The selector of the worker's asyncio loop: the standard interface around the one that serves HTTP in C."""

import selectors
from selectors import EVENT_READ, EVENT_WRITE, SelectorKey

from blackbulld import _blackbulld


class Keys(dict):
    """Registered keys by descriptor; file objects find theirs too."""

    def __missing__(self, fileobj):
        if not isinstance(fileobj, int):
            fd = descriptor(fileobj, self)
            if fd in self:
                return self[fd]
        raise KeyError(f"{fileobj!r} is not registered")


class Selector(selectors.BaseSelector):
    def __init__(self):
        self.native = _blackbulld.Selector()
        self.keys = Keys()
        # Shadows the method below: one call less in each turn of the loop.
        self.select = self.native.select

    def select(self, timeout=None):
        return self.native.select(timeout)

    def register(self, fileobj, events, data=None):
        if not events or events & ~(EVENT_READ | EVENT_WRITE):
            raise ValueError(f"invalid events: {events!r}")
        fd = descriptor(fileobj, self.keys)
        if fd in self.keys:
            raise KeyError(f"{fileobj!r} (descriptor {fd}) is already registered")
        return self._watch(SelectorKey(fileobj, fd, events, data))

    def modify(self, fileobj, events, data=None):
        if not events or events & ~(EVENT_READ | EVENT_WRITE):
            raise ValueError(f"invalid events: {events!r}")
        key = self.keys[descriptor(fileobj, self.keys)]
        return self._watch(key._replace(events=events, data=data))

    def unregister(self, fileobj):
        key = self.keys[descriptor(fileobj, self.keys)]
        del self.keys[key.fd]
        self.native.unwatch(key.fd)
        return key

    def get_key(self, fileobj):
        return self.keys[fileobj]

    def get_map(self):
        return self.keys

    def close(self):
        self.native.close()
        self.keys.clear()

    def _watch(self, key):
        self.native.watch(key.fd, key.events, key)
        self.keys[key.fd] = key
        return key


def descriptor(fileobj, keys):
    """The descriptor of a number or a file object; of a closed one, that under which it is registered."""
    fd = fileobj
    if not isinstance(fd, int):
        try:
            fd = int(fileobj.fileno())
        except (AttributeError, TypeError, ValueError):
            raise ValueError(f"invalid file object: {fileobj!r}") from None
    if fd >= 0:
        return fd
    for key in keys.values():
        if key.fileobj is fileobj:
            return key.fd
    raise ValueError(f"invalid file descriptor: {fd}")
