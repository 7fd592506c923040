"""What is due to one connection and not sent yet: nobody waits for it (SLOW-1)."""

import selectors
import socket
import threading
from contextlib import suppress
from time import monotonic

LIMIT = 1 << 20
"""Octets that may wait for one reader (SLOW-2)."""
STALL = 60.0
"""Seconds in which a reader has to take something of what waits (SLOW-5)."""
FLUSH = 5.0
"""The same while the connection is being closed (CLOSE-2)."""
PIECE = 65_536
"""Octets offered to the system at once."""


def wait(sock: socket.socket, event: int, seconds: float | None = None) -> bool:
    """Wait until a socket can be read or written; gives False if time runs out."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, event)
        return bool(selector.select(seconds))


class Outbox:
    """Octets for one socket, which must not block.

    They are offered to the system at once. What it does not take waits here, and a
    thread of its own offers it again when there is room. If too much waits, or for
    too long, the connection is cut off.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.is_cut = False
        self._sock = sock
        self._waiting = bytearray()
        self._advanced = monotonic()  # when the system last took some of it
        self._finishing = False  # nothing more will be put in
        self._over = False  # nothing more can be sent
        # Guards all of this; nobody waits for the other side while holding it.
        self._changed = threading.Condition()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def put(self, octets: bytes) -> None:
        """Send octets, now or later, without waiting."""
        with self._changed:
            if self._over or self._finishing:
                return
            if not self._waiting:
                self._advanced = monotonic()
            self._waiting += octets
            self._offer()
            if len(self._waiting) > LIMIT:
                self._cut()  # SLOW-2
            self._changed.notify()

    def finish(self) -> None:
        """Let all that waits be sent, and end the stream then (CLOSE-1)."""
        with self._changed:
            self._finishing = True
            self._advanced = monotonic()
            self._changed.notify()

    def wait_until_over(self) -> None:
        """Wait until the stream has ended; for `FLUSH` at most, if nothing is taken."""
        self._writer.join()

    def _write(self) -> None:
        """Offer what waits until all is over: the body of the thread."""
        while not self._is_over():
            wait(self._sock, selectors.EVENT_WRITE, 1.0)  # some systems tell late

    def _is_over(self) -> bool:
        """Wait for something to do, and do what can be done at once."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._waiting or self._finishing or self._over
            )
            self._offer()
            if self._waiting:
                patience = FLUSH if self._finishing else STALL
                if monotonic() - self._advanced > patience:
                    self._cut()  # SLOW-5, CLOSE-2
            elif self._finishing and not self._over:
                self._over = True
                with suppress(OSError):
                    self._sock.shutdown(socket.SHUT_WR)
            return self._over

    def _offer(self) -> None:
        """Hand the system what it takes right now."""
        try:
            while self._waiting:
                sent = self._sock.send(self._waiting[:PIECE])
                del self._waiting[:sent]
                self._advanced = monotonic()
        except BlockingIOError:
            pass
        except OSError:  # EOF-3: it has gone; whoever reads will notice
            self._over = True
            self._waiting.clear()

    def _cut(self) -> None:
        """Forget what waits, and wake whoever reads: it will find the end."""
        self.is_cut = self._over = True
        self._waiting.clear()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
