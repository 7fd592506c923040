"""Octets for one reader: offered at once, bounded, watched for progress (section 6.3).

The only part of the server that writes to a socket. A write never waits: what the
system refuses stays here until the event loop says that there is room again.
"""

import asyncio
import socket
from typing import Self

from .errors import OverLimit


class Outbox:
    """What one connection is still to be sent; a context that discards the rest.

    Args:
        sock: the connection's socket, non-blocking; not owned.
        limit: octets that may wait beyond what the system took (SLOW-2).
    """

    def __init__(self, sock: socket.socket, limit: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._limit = limit
        self._waiting = bytearray()
        self._empty = asyncio.Event()
        self._empty.set()
        self._progress_at = 0.0
        self._broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()  # before the socket is closed, or the loop would watch nothing

    @property
    def size(self) -> int:
        """Octets that wait."""
        return len(self._waiting)

    def put(self, octets: bytes) -> None:
        """Send `octets`, now or as soon as the system takes them.

        Raises:
            OverLimit: too much waits already; the reader's fault (SLOW-2).
        """
        if self._broken:
            return
        if self._waiting:
            self._waiting += octets
        else:
            sent = self._send(octets)
            if sent == len(octets) or self._broken:
                return
            self._waiting += octets[sent:]
            self._progress_at = self._loop.time()
            self._empty.clear()
            self._loop.add_writer(self._sock, self.offer)
        if len(self._waiting) > self._limit:
            raise OverLimit("SLOW-2")

    def offer(self) -> None:
        """Offer the system what waits."""
        if not self._waiting:
            return
        if sent := self._send(self._waiting):
            self._progress_at = self._loop.time()
            del self._waiting[:sent]
        if not self._waiting or self._broken:
            self.discard()

    def discard(self) -> None:
        """Forget what waits; nobody will wait for it any more."""
        if self._waiting:
            self._waiting.clear()
        self._loop.remove_writer(self._sock)
        self._empty.set()

    def has_stalled(self, seconds: float) -> bool:
        """Tell whether nothing was accepted for so long, by a last offer (SLOW-5)."""
        if not self._waiting or self._loop.time() - self._progress_at < seconds:
            return False
        self.offer()
        return bool(self._waiting) and (
            self._loop.time() - self._progress_at >= seconds
        )

    async def emptied(self) -> None:
        """Wait until nothing waits, be it that it was sent or that it never can be."""
        await self._empty.wait()

    async def flush(self, patience: float) -> bool:
        """Wait until all is sent, or until nothing advances for `patience` seconds."""
        give_up_at = self._loop.time() + patience
        while self._waiting and self._loop.time() < give_up_at:
            try:
                async with asyncio.timeout_at(give_up_at):
                    await self._empty.wait()
            except TimeoutError:
                give_up_at = self._progress_at + patience
        return not self._waiting and not self._broken

    def _send(self, octets: bytes | bytearray) -> int:
        try:
            return self._sock.send(octets)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:  # EOF-3: only reading tells that somebody is gone
            self._broken = True
            return 0
