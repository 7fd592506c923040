"""Where the main thread waits for whatever comes first."""

import os
import threading
from collections.abc import Callable
from queue import SimpleQueue
from time import monotonic

_LONGEST_WAIT = 0.5 if os.name == "nt" else None
"""Seconds: Windows hands a Ctrl-C to the main thread only between two waits."""


class Mailbox:
    """One condition for the keyboard, the server, the screen and signals.

    Each of them keeps its own queue and uses this as its lock, which is
    reentrant: who holds it may call `wake`, too.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._signals: SimpleQueue[None] = SimpleQueue()
        threading.Thread(target=self._relay, name="signals", daemon=True).start()

    def __enter__(self) -> None:
        self._changed.acquire()

    def __exit__(self, *raised: object) -> None:
        self._changed.release()

    def wake(self) -> None:
        """Make everyone who waits here look again."""
        with self._changed:
            self._changed.notify_all()

    def wake_from_signal(self) -> None:
        """Do the same from a signal handler.

        A handler runs in the main thread, maybe between its look at the
        predicate and its wait: there `wake` would wake nobody, and no lock keeps
        out the thread that holds it. Another thread has to stand in line for the
        lock, and gets it when the main thread waits.
        """
        self._signals.put(None)

    def wait_for(
        self, predicate: Callable[[], bool], deadline: float | None = None
    ) -> None:
        """Wait until the predicate holds or the deadline (monotonic) passes."""
        with self._changed:
            while not predicate():
                left = None if deadline is None else deadline - monotonic()
                if left is not None and left <= 0:
                    return
                limits = [limit for limit in (left, _LONGEST_WAIT) if limit is not None]
                self._changed.wait(min(limits, default=None))

    def _relay(self) -> None:
        while True:  # a daemon: a signal may come as long as the program runs
            self._signals.get()
            self.wake()
