"""One accepted socket: lines in, room, outbox, the polite close (sections 4 and 6)."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from .errors import ForcedOut, OverLimit, TooLate
from .limits import DRAIN, FLUSH, LINE, ServerLimits
from .lines import LineBuffer
from .outbox import Outbox
from .pace import Pace
from .room import State, Visitor
from .switchboard import Switchboard
from .words import Words

_CHUNK = 16_384
"""Octets of one read: many lines for one system call, and still soon the next one's
turn; what they become for their own sender fits its outbox."""

_BATCH = 65_536
"""Octets of a batch after which it is dealt out: a line may ask for a long list."""


class Connection:
    """Serves one client, from the greeting to the close.

    Args:
        sock: the accepted socket; owned, non-blocking.
        visitor: the client as the room knows it.
        switchboard: shared with all others.
        limits: those that options change.
        words: for people.
        on_closed: called once, when the close begins (LIMIT-2).
    """

    def __init__(
        self,
        sock: socket.socket,
        visitor: Visitor,
        *,
        switchboard: Switchboard,
        limits: ServerLimits,
        words: Words,
        on_closed: Callable[["Connection"], None],
    ) -> None:
        self.visitor = visitor
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._switchboard = switchboard
        self._limits = limits
        self._words = words
        self._on_closed = on_closed
        self._outbox = Outbox(sock, limits.outbox)
        self._lines = LineBuffer()
        self._pace = Pace(limits.rate)
        self._conversation = asyncio.timeout(None)  # no time: ended by others, or not
        self._is_reading = False
        self._rude = False

    def start(self, refusal: ForcedOut | None = None) -> None:
        """Greet (GREET-1); then `serve` it, be it refused or not."""
        self._switchboard.connect(self.visitor, self)
        self._switchboard.deal_out_soon()
        if refusal:
            self._switchboard.force_out(self.visitor, refusal)

    async def serve(self) -> None:
        """Serve until the connection is closed; no error of a peer comes out of it."""
        with self._sock, self._outbox:
            try:
                await self._converse()
            finally:
                self._switchboard.disconnect(self.visitor)
                self._on_closed(self)
            if not self._rude:
                with suppress(OSError):  # a reset: then it is closed already
                    await self._close()

    def check(self) -> None:
        """Enforce what has a deadline; called now and then by the housekeeper."""
        state = self.visitor.state
        if state is State.WAITING and self._loop.time() >= self.visitor.enter_by:
            self._switchboard.force_out(self.visitor, TooLate())
        elif state is not State.CLOSED and self._outbox.has_stalled(self._limits.stall):
            self._switchboard.cut_off(self.visitor, OverLimit("SLOW-5"))

    # ---- what the switchboard asks of its readers ------------------------------------

    def take(self, octets: bytes) -> None:
        """Put octets into the outbox; raises OverLimit (SLOW-2)."""
        self._outbox.put(octets)

    def stop_reading(self) -> None:
        """Begin the close, now; what waits in the outbox is still sent (CLOSE-1)."""
        if self._is_reading:
            self._is_reading = False
            self._conversation.reschedule(self._loop.time())

    def abort(self) -> None:
        """Close without politeness, and without what waits in the outbox."""
        self._rude = True
        self._outbox.discard()
        self.stop_reading()

    # ---- reading ---------------------------------------------------------------------

    async def _converse(self) -> None:
        try:
            async with self._conversation:
                if self.visitor.state is not State.CLOSED:
                    self._is_reading = True
                    await self._read()
        except TimeoutError:
            if self.visitor.state is not State.CLOSED:  # TCP's: keepalive gave up
                self._switchboard.hang_up(self.visitor, self._words.reset())
        except OSError:
            self._switchboard.hang_up(self.visitor, self._words.reset())
        finally:
            self._is_reading = False
            self._switchboard.deal_out_soon()

    async def _read(self) -> None:
        while chunk := await self._loop.sock_recv(self._sock, _CHUNK):
            try:
                await self._carry_out(chunk)
            except ForcedOut as error:
                self._switchboard.force_out(self.visitor, error)
            await self._switchboard.dealt_out()
            if len(chunk) > LINE:  # there is more to come: with others, in one batch
                await asyncio.sleep(0)
            if self.visitor.state is State.CLOSED:
                return
            await self._outbox.emptied()  # SLOW-6
        self._switchboard.hang_up(self.visitor, self._words.hung_up())  # EOF-1, EOF-2
        await self._switchboard.dealt_out()

    async def _carry_out(self, chunk: bytes) -> None:
        for line in self._lines.feed(chunk):
            if wait := self._pace.wait(self._loop.time()):  # LIMIT-4
                self._switchboard.deal_out()
                await asyncio.sleep(wait)
            elif self._switchboard.size > _BATCH:
                self._switchboard.deal_out()
                await asyncio.sleep(0)  # SERVE-1: one read may ask for very much
                await self._outbox.emptied()
            waiting = self.visitor.state is State.WAITING
            if waiting and self._loop.time() >= self.visitor.enter_by:
                raise TooLate
            self._switchboard.carry_out(self.visitor, line)
            if self.visitor.state is State.CLOSED:
                return

    async def _close(self) -> None:
        if not await self._outbox.flush(FLUSH):
            return
        self._sock.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):  # CLOSE-2
                while await self._next_chunk():
                    pass

    async def _next_chunk(self) -> bytes:
        await asyncio.sleep(0)  # SERVE-1: a socket that is always ready never awaits
        return await self._loop.sock_recv(self._sock, _CHUNK)
