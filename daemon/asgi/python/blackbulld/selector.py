"""The selector of the worker's asyncio loop: the standard interface around the one that serves HTTP in C."""

import selectors
from collections.abc import Mapping
from selectors import EVENT_READ, EVENT_WRITE, SelectorKey

from blackbulld import _blackbulld


class Selector(selectors.BaseSelector):
    def __init__(self):
        self.native = _blackbulld.Selector()
        self.keys = {}  # by descriptor
        # Shadows the method below: one call less in each turn of the loop.
        self.select = self.native.select

    def select(self, timeout=None):
        return self.native.select(timeout)

    def register(self, fileobj, events, data=None):
        fd = self._descriptor(fileobj)
        if fd in self.keys:
            raise KeyError(f"{fileobj!r} (descriptor {fd}) is already registered")
        return self._watch(SelectorKey(fileobj, fd, events, data))

    def modify(self, fileobj, events, data=None):
        return self._watch(self.get_key(fileobj)._replace(events=events, data=data))

    def unregister(self, fileobj):
        key = self.get_key(fileobj)
        del self.keys[key.fd]
        self.native.unwatch(key.fd)
        return key

    def get_key(self, fileobj):
        try:
            return self.keys[self._descriptor(fileobj)]
        except KeyError:
            raise KeyError(f"{fileobj!r} is not registered") from None

    def get_map(self):
        return Keys(self)

    def close(self):
        self.native.close()
        self.keys.clear()

    def _watch(self, key):
        if not key.events or key.events & ~(EVENT_READ | EVENT_WRITE):
            raise ValueError(f"invalid events: {key.events!r}")
        self.native.watch(key.fd, key.events, key)
        self.keys[key.fd] = key
        return key

    def _descriptor(self, fileobj):
        """The descriptor of a number or a file object; of a closed one, that under which it is registered."""
        try:
            fd = fileobj if isinstance(fileobj, int) else int(fileobj.fileno())
        except (AttributeError, TypeError, ValueError):
            fd = -1
        if fd >= 0:
            return fd
        for key in self.keys.values():
            if key.fileobj is fileobj:
                return key.fd
        raise ValueError(f"invalid file object: {fileobj!r}")


class Keys(Mapping):
    """What is registered with a selector, by file object or descriptor."""

    def __init__(self, selector):
        self.selector = selector

    def __getitem__(self, fileobj):
        return self.selector.get_key(fileobj)

    def __iter__(self):
        return iter(self.selector.keys)

    def __len__(self):
        return len(self.selector.keys)
