"""A client that asks all the time and remembers every answer: whoever loses a request, it notices."""

import threading
from collections import Counter

from support import http
from support.wait import pause


class Poller:
    """Asks for `path` in a thread of its own while the `with` block runs, and reports afterwards.

    With keep_alive it goes on using one connection; when the server closes that between two answers it
    opens another, and counts it in `closed`.
    """

    def __init__(self, address, path="/", keep_alive=False, interval=0.002, timeout=30.0):
        self.address, self.path, self.keep_alive = address, path, keep_alive
        self.interval, self.timeout = interval, timeout
        self.answers = []
        self.closed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._connection = None

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(self.timeout + 5)
        assert not self._thread.is_alive(), "the poller hangs in a request"
        if self._connection:
            self._connection.close()

    def _run(self):
        while not self._stop.is_set():
            self.answers.append(self._kept() if self.keep_alive else self._fresh())
            pause(self.interval)

    def _fresh(self):
        return http.fetch(self.address, self.path, timeout=self.timeout)

    def _kept(self):
        if self._connection is None:
            try:
                self._connection = http.Connection(self.address, self.timeout)
            except ConnectionRefusedError:
                return http.Answer(http.REFUSED)
        answer = self._connection.request(self.path)
        goes_on = answer.headers.get("connection", "").lower() != "close"
        if answer.kind != http.OK or not goes_on:
            self.closed += answer.kind == http.OK
            self._connection.close()
            self._connection = None
        return answer

    def lost(self):
        """Requests without a whole answer, by how they were lost."""
        return dict(Counter(a.kind for a in self.answers if a.kind != http.OK))

    def statuses(self):
        return dict(Counter(a.status for a in self.answers if a.kind == http.OK))

    def backward(self, number_of):
        """Answers older than one that had already arrived when they were asked for."""
        newest, late = -1, []
        for answer in self.answers:
            if answer.kind == http.OK and answer.status == 200:
                number = number_of(answer)
                if number < newest:
                    late.append((newest, number))
                newest = max(newest, number)
        return late
