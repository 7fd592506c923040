"""Octets for one reader: offered at once, bounded, watched (section 6.3)."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from .blocking import (
    reset_when_closed,
    send_now,
    wait_until_writable,
    wake_and_end,
)

_PIECE = 65_536
"""Octets offered in one write: more would be copied for nothing, mostly."""


class Outbox:
    """What is due to one connection and the system has not accepted yet.

    Whoever puts something in offers it to the system at once and never waits.
    What the system refuses is left to a writer thread, which exists
    just while something is left. Safe to use from every thread.

    `limit` is in octets; `on_empty` is called by the writer when it is done.
    """

    def __init__(
        self,
        sock: socket.socket,
        limit: int,
        on_empty: Callable[[], None] = lambda: None,
    ) -> None:
        self._sock = sock
        self._limit = limit
        self._on_empty = on_empty
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = bytearray()
        self._advanced = monotonic()
        self._has_writer = False
        self._finishing_since: float | None = None
        self._ended_at: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the system has accepted all that can still be sent."""
        return not self._waiting

    @property
    def size(self) -> int:
        """Octets that wait."""
        return len(self._waiting)

    @property
    def finishing_since(self) -> float | None:
        """Since when the connection is being ended (monotonic), if so."""
        return self._finishing_since

    @property
    def ended_at(self) -> float | None:
        """Since when nothing can be sent any more (monotonic), if so."""
        return self._ended_at

    def put(self, octets: bytes) -> bool:
        """Send octets: now what the system takes, the rest when it does.

        Gives False if more waits than the bound allows: then the reader is to be
        cut off (SLOW-2). A connection that cannot be written to takes
        everything and keeps nothing (EOF-3).
        """
        with self._lock:
            if self._ended_at is not None:
                return True
            if not self._waiting:
                octets = octets[self._send(octets) :]
                self._advanced = monotonic()
            if octets and self._ended_at is None:
                self._waiting += octets
                if len(self._waiting) > self._limit:
                    self._offer()
                self._have_a_writer()
            return len(self._waiting) <= self._limit

    def offer(self) -> None:
        """Offer once more what waits: systems may report room late (SLOW-5)."""
        with self._changed:
            self._offer()

    def stuck_for(self, now: float) -> float:
        """Give the seconds without an octet accepted while some are due."""
        return now - self._advanced if self._waiting else 0.0

    def finish(self) -> None:
        """Let what waits be sent, and then shut down writing (CLOSE-1)."""
        with self._changed:
            self._advanced = monotonic()
            self._begin_to_finish()
            self._settle()
            self._changed.notify_all()

    def abort(self) -> None:
        """Drop what waits and end the connection in both directions.

        If anything was dropped, closing the socket will reset the connection.
        """
        with self._changed:
            self._begin_to_finish()
            if self._waiting:
                reset_when_closed(self._sock)
            wake_and_end(self._sock)
            self._end()

    def wait_until_finishing(self, timeout: float) -> None:
        """Wait until the connection is being ended, at most so many seconds."""
        with self._changed:
            self._changed.wait_for(self._is_finishing, timeout)

    def wait_until_empty(self) -> None:
        """Wait until nothing is left, or the connection is being ended."""
        if self.is_empty:
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._is_finishing())

    def wait_until_ended(self) -> None:
        """Wait until all was sent and writing is shut down, or it has failed.

        After that nobody uses the socket here, and it may be closed.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended_at is not None and not self._has_writer
            )

    # Everything below is called with the lock held, but for `_write`.

    def _is_finishing(self) -> bool:
        return self._finishing_since is not None

    def _begin_to_finish(self) -> None:
        if self._finishing_since is None:
            self._finishing_since = monotonic()

    def _send(self, octets: bytes) -> int:
        try:
            return send_now(self._sock, octets)
        except OSError:  # EOF-3: reading goes on and will find the end
            self._end()
            return len(octets)

    def _offer(self) -> None:
        while self._waiting:
            sent = self._send(bytes(self._waiting[:_PIECE]))
            if not sent:
                break
            del self._waiting[:sent]
            self._advanced = monotonic()
        self._settle()

    def _settle(self) -> None:
        if self._waiting:
            return
        if self._is_finishing() and self._ended_at is None:
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_WR)
            self._end()
        self._changed.notify_all()

    def _end(self) -> None:
        self._waiting.clear()
        if self._ended_at is None:
            self._ended_at = monotonic()
        self._changed.notify_all()

    def _have_a_writer(self) -> None:
        if self._has_writer or not self._waiting:
            return
        # No thread to be had: the housekeeper offers what waits, now and then.
        with suppress(RuntimeError):
            threading.Thread(target=self._write, name="writer").start()
            self._has_writer = True

    def _write(self) -> None:
        """Write until nothing is left: the body of the writer thread."""
        while True:
            wait_until_writable(self._sock)
            with self._changed:
                self._offer()
                if not self._waiting:
                    self._has_writer = False
                    self._changed.notify_all()
                    break
        self._on_empty()
