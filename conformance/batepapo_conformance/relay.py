"""Carries octets between pairs of sockets, and says what passes before it passes on.

One loop serves any number of pairs. What one side ends, is ended towards the other:
an end of stream when everything before it has been handed over, a reset as a reset,
where the system lets a program do that.
"""

import contextlib
import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from batepapo_conformance.recording import Kind
from batepapo_conformance.resetting import reset_when_closed

_CHUNK: Final = 1 << 16
_HELD: Final = 1 << 18
"""Octets that may wait for one reader; then its sender is read no more (as a system
without a proxy between would have it)."""


class Watcher(Protocol):
    """Is told what happens on one pair, before its receiver can know."""

    def sent(self, octets: bytes) -> None:
        """The client sent octets."""

    def received(self, octets: bytes) -> None:
        """The server sent octets."""

    def happened(self, kind: Kind) -> None:
        """A stream ended, a side reset, or the client takes nothing for a while."""


class _Gone(Exception):
    """One side has reset its connection."""

    def __init__(self, *, client: bool) -> None:
        super().__init__("client" if client else "server")
        self.client = client


class _Pipe:
    """One direction: from where, to where, and what waits in between."""

    def __init__(
        self,
        source: socket.socket,
        sink: socket.socket,
        see: Callable[[bytes], None],
        *,
        from_client: bool,
    ) -> None:
        self.source = source
        self.sink = sink
        self.see = see
        self.from_client = from_client
        self.waiting = bytearray()
        self.is_full = False
        self.has_ended = False
        self.is_done = False
        """Whether the end of the stream has been passed on."""

    def take(self) -> None:
        """Read once; notice the end of the stream."""
        try:
            octets = self.source.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            raise _Gone(client=self.from_client) from None
        if octets:
            self.see(octets)
            self.waiting += octets
        else:
            self.has_ended = True

    def give(self) -> None:
        """Hand over what waits, as far as the sink takes it; and then the end."""
        try:
            while self.waiting:
                del self.waiting[: self.sink.send(self.waiting)]
            if self.has_ended and not self.is_done:
                self.is_done = True
                self.sink.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            raise _Gone(client=not self.from_client) from None
        if self.is_full:
            self.is_full = len(self.waiting) > _HELD // 2
        else:
            self.is_full = len(self.waiting) >= _HELD


class Pair:
    """A client's connection and the one that leads on to the server.

    Args:
        client: accepted; owned from now on.
        server: connected; owned from now on.
        watcher: who is told.
    """

    def __init__(
        self, client: socket.socket, server: socket.socket, watcher: Watcher
    ) -> None:
        self.client = client
        self.server = server
        self.watcher = watcher
        self.to_server = _Pipe(client, server, watcher.sent, from_client=True)
        self.to_client = _Pipe(server, client, watcher.received, from_client=False)
        self.is_stalled = False
        for side in (client, server):
            side.setblocking(False)
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def is_holding(self) -> bool:
        """Whether octets wait to be handed over."""
        return bool(self.to_server.waiting or self.to_client.waiting)

    def interests(self) -> dict[socket.socket, int]:
        """Give what to wait for, by socket."""
        wanted = {self.client: 0, self.server: 0}
        for pipe in (self.to_server, self.to_client):
            if not pipe.has_ended and not pipe.is_full:
                wanted[pipe.source] |= selectors.EVENT_READ
            if pipe.waiting:
                wanted[pipe.sink] |= selectors.EVENT_WRITE
        return wanted


class Relay:
    """The loop. `carry`, `close` and `wake` may be called by any thread."""

    def __init__(self) -> None:
        self.pairs: set[Pair] = set()
        self._selector = selectors.DefaultSelector()
        self._orders: deque[Callable[[], None]] = deque()
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)
        self._ringer.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ, self._answer)
        self._thread: threading.Thread | None = None
        self._ends = False

    def wake(self) -> None:
        """Let a wait end now."""
        with contextlib.suppress(OSError):  # it rings already
            self._ringer.send(b"!")

    def listen(self, listener: socket.socket, accept: Callable[[], None]) -> None:
        """Call `accept` whenever somebody connects to a listening socket."""
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, lambda _: accept())

    def carry(self, pair: Pair) -> None:
        """Begin to carry between the two."""
        self._orders.append(lambda: self._begin(pair))
        self.wake()

    def run(self, seconds: float) -> None:
        """Carry what there is; come back when something happened, or in time."""
        for key, events in self._selector.select(seconds):
            key.data(events)
        while self._orders:
            self._orders.popleft()()

    def run_in_a_thread(self) -> None:
        """Run until `stop`."""
        self._thread = threading.Thread(target=self._run_on, name="relay")
        self._thread.start()

    def stop(self) -> None:
        """Close every pair that is left, and the loop."""
        self._ends = True
        self.wake()
        if self._thread is not None:
            self._thread.join()
        for pair in list(self.pairs):
            self._end(pair)
        self._selector.close()
        self._bell.close()
        self._ringer.close()

    def _run_on(self) -> None:
        while not self._ends:
            self.run(1)

    def _answer(self, _: int) -> None:
        with contextlib.suppress(BlockingIOError):
            self._bell.recv(_CHUNK)

    # ---- one pair ----------------------------------------------------------------

    def _begin(self, pair: Pair) -> None:
        self.pairs.add(pair)
        for side, reading, writing in (
            (pair.client, pair.to_server, pair.to_client),
            (pair.server, pair.to_client, pair.to_server),
        ):
            move = self._mover(pair, reading, writing)
            self._selector.register(side, selectors.EVENT_READ, move)

    def _mover(
        self, pair: Pair, reading: _Pipe, writing: _Pipe
    ) -> Callable[[int], None]:
        """Give what is done when one side of a pair is ready."""

        def move(events: int) -> None:
            if pair not in self.pairs:
                return  # the other side has ended it, in this very round
            try:
                if events & selectors.EVENT_WRITE:
                    writing.give()
                if events & selectors.EVENT_READ:
                    reading.take()
                    if reading.has_ended:
                        client = reading.from_client
                        ended = Kind.CLIENT_ENDED if client else Kind.SERVER_ENDED
                        pair.watcher.happened(ended)
                    reading.give()
            except _Gone as gone:
                self._reset(pair, by_client=gone.client)
            else:
                self._settle(pair)

        return move

    def _settle(self, pair: Pair) -> None:
        """Wait for the right things from now on; or for nothing more."""
        if pair.to_server.is_done and pair.to_client.is_done:
            self._end(pair)
            return
        full = pair.to_client.is_full
        if full != pair.is_stalled:
            pair.is_stalled = full
            pair.watcher.happened(Kind.STALLED if full else Kind.FLOWING)
        for side, events in pair.interests().items():
            key = self._selector.get_map().get(side.fileno())
            if key is None and events:
                reading = pair.to_server if side is pair.client else pair.to_client
                writing = pair.to_client if side is pair.client else pair.to_server
                move = self._mover(pair, reading, writing)
                self._selector.register(side, events, move)
            elif key is not None and not events:
                self._selector.unregister(side)
            elif key is not None and key.events != events:
                self._selector.modify(side, events, key.data)

    def _reset(self, pair: Pair, *, by_client: bool) -> None:
        """One side is gone: the other gets what it still can, and a reset."""
        left = pair.to_server if by_client else pair.to_client
        with contextlib.suppress(_Gone):
            waited = -1  # what it sent before may still be there to be read
            while not left.has_ended and waited != len(left.waiting):
                waited = len(left.waiting)
                left.take()
        pair.watcher.happened(Kind.CLIENT_RESET if by_client else Kind.SERVER_RESET)
        left.has_ended = False  # what comes is a reset: no end of stream before it
        with contextlib.suppress(_Gone):
            left.give()
        with contextlib.suppress(OSError):
            reset_when_closed(left.sink)
        self._end(pair)

    def _end(self, pair: Pair) -> None:
        self.pairs.discard(pair)
        for side in (pair.client, pair.server):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(side)
            side.close()
