"""One accepted socket: lines in, room, outbox, the polite close (sections 4 and 6)."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from . import SOFTWARE
from .batch import Batch
from .clock import utc_now
from .errors import (
    ChatError,
    ForcedOut,
    NickInUse,
    NoSuchDestination,
    OverLimit,
    ServerEnds,
    TooLate,
)
from .limits import DRAIN, FLUSH, ServerLimits
from .lines import LineBuffer
from .log import Log
from .messages import (
    Enter,
    Greeting,
    Leave,
    Refused,
    parse_request,
)
from .outbox import Outbox
from .room import Delivery, Room, State, Visitor
from .words import Words

_CHUNK = 16_384
"""Octets of one read: many lines for one system call, and still soon the next one's
turn; what they become for their own sender fits its outbox."""

_BATCH = 65_536
"""Octets of a batch after which it is dealt out: a line may ask for a long list."""


@dataclass(frozen=True, slots=True)
class Premises:
    """What all connections of one server share."""

    room: Room
    batch: Batch
    limits: ServerLimits
    words: Words
    log: Log


class Connection:
    """Serves one client, from the greeting to the close.

    Args:
        premises: shared with all others.
        peer: the accepted socket; owned, non-blocking.
        name: `address:port` of the client, for the log.
        visitor: the client as the room knows it.
    """

    def __init__(
        self, premises: Premises, peer: socket.socket, name: str, visitor: Visitor
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._shared = premises
        self._peer = peer
        self._name = name
        self._visitor = visitor
        self._outbox = Outbox(peer, premises.limits.outbox)
        self._lines = LineBuffer()
        self._pace = _Pace(premises.limits.rate)
        self._enter_until = self._loop.time() + premises.limits.entry
        self._conversation = asyncio.timeout(None)  # no time: ended by others, or not
        self._is_reading = False
        self._rude = False

    async def serve(self, closes: Callable[["Connection"], None]) -> None:
        """Serve until the connection is closed; no error of a peer comes out of here.

        Args:
            closes: called once, when the close begins (LIMIT-2).
        """
        with self._peer, self._outbox:
            try:
                await self._converse()
            finally:
                del self._shared.batch.readers[self._visitor]
                closes(self)
            if not self._rude:
                with suppress(OSError):  # a reset: then it is closed already
                    await self._close()

    def greet(self) -> None:
        """Send the greeting (GREET-1)."""
        self._shared.log.write(self._shared.words.log_connected(self._name))
        self._shared.batch.readers[self._visitor] = self
        self._shared.batch.add([Delivery(self._visitor, Greeting(SOFTWARE))])
        self._shared.batch.deal_out()

    def force_out(self, error: ForcedOut) -> None:
        """Answer `ERRO 03`, end the participation, and close politely (STATE-3).

        When the server ends, the others are not told: their turn comes too (END-1).
        """
        if self._visitor.state is State.CLOSED:
            return
        self._shared.batch.deal_out()
        self._answer(error)
        self._shared.batch.deal_out()
        departure = self._leave_room(self._shared.words.explain(error))
        if not isinstance(error, ServerEnds):
            self._shared.batch.add(departure)
            self._shared.batch.deal_out()
        self._stop_reading()

    def take(self, octets: bytes) -> None:
        """Put octets into the outbox; raises OverLimit (SLOW-2)."""
        self._outbox.put(octets)

    def cut_off(self, error: OverLimit) -> list[Delivery]:
        """Close without politeness; gives what the others are to be told (SLOW-3)."""
        self._rude = True
        self._outbox.discard()
        self._stop_reading()
        return self._leave_room(self._shared.words.explain(error))

    def check(self) -> None:
        """Enforce what has a deadline; called now and then by the housekeeper."""
        state = self._visitor.state
        if state is State.WAITING and self._loop.time() >= self._enter_until:
            self.force_out(TooLate())
        elif state is not State.CLOSED and self._outbox.has_stalled(
            self._shared.limits.stall
        ):
            self._shared.batch.add(self.cut_off(OverLimit("SLOW-5")))
            self._shared.batch.deal_out()

    # ---- reading ---------------------------------------------------------------------

    async def _converse(self) -> None:
        try:
            async with self._conversation:
                if self._visitor.state is not State.CLOSED:
                    self._is_reading = True
                    await self._read()
        except TimeoutError:
            if self._visitor.state is not State.CLOSED:  # TCP's: keepalive gave up
                self._depart(self._shared.words.lost())
        except OSError:
            self._depart(self._shared.words.lost())
        finally:
            self._is_reading = False

    def _stop_reading(self) -> None:
        if self._is_reading:
            self._is_reading = False
            self._conversation.reschedule(self._loop.time())

    async def _read(self) -> None:
        while chunk := await self._next_chunk():
            try:
                await self._carry_out(chunk)
            except ForcedOut as error:
                self.force_out(error)
            self._shared.batch.deal_out()
            if self._visitor.state is State.CLOSED:
                return
            await self._outbox.emptied()  # SLOW-6
        self._depart(self._shared.words.hung_up())  # EOF-1, EOF-2

    async def _next_chunk(self) -> bytes:
        await asyncio.sleep(0)  # SERVE-1: a socket that is always ready never awaits
        return await self._loop.sock_recv(self._peer, _CHUNK)

    async def _carry_out(self, chunk: bytes) -> None:
        for line in self._lines.feed(chunk):
            if wait := self._pace.wait(self._loop.time()):  # LIMIT-4
                self._shared.batch.deal_out()
                await asyncio.sleep(wait)
            elif self._shared.batch.size > _BATCH:
                self._shared.batch.deal_out()
                await self._outbox.emptied()
            self._carry_out_line(line)
            if self._visitor.state is State.CLOSED:
                return

    def _carry_out_line(self, line: bytes) -> None:
        waiting = self._visitor.state is State.WAITING
        if waiting and self._loop.time() >= self._enter_until:
            raise TooLate
        request = parse_request(line)
        if isinstance(request, Enter | Leave):  # these change who is in the room
            self._shared.batch.deal_out()
        try:
            due = self._shared.room.carry_out(self._visitor, request, utc_now())
        except (NickInUse, NoSuchDestination) as error:
            self._answer(error)
            return
        self._shared.batch.add(due)
        if isinstance(request, Enter):
            self._log(self._shared.words.log_entered(self._name, self._visitor.nick))
        elif isinstance(request, Leave):
            self._log_departure(self._shared.words.goodbye())

    # ---- answering and ending --------------------------------------------------------

    def _answer(self, error: ChatError) -> None:
        explanation = self._shared.words.explain(error)
        refused = Refused(error.code, error.subject, explanation)
        self._shared.batch.add([Delivery(self._visitor, refused)])
        self._log(self._shared.words.log_answered(self._name, error))

    def _depart(self, reason: str) -> None:
        self._shared.batch.deal_out()
        self._shared.batch.add(self._leave_room(reason))
        self._shared.batch.deal_out()

    def _leave_room(self, reason: str) -> list[Delivery]:
        if self._visitor.state is not State.CLOSED:
            self._log_departure(reason)
        return self._shared.room.depart(self._visitor, reason, utc_now())

    def _log_departure(self, reason: str) -> None:
        nick = self._visitor.nick
        self._log(self._shared.words.log_left(self._name, nick, reason))

    def _log(self, text: str) -> None:
        self._shared.log.write(text)

    async def _close(self) -> None:
        if not await self._outbox.flush(FLUSH):
            return
        self._peer.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN):  # CLOSE-2
                while await self._next_chunk():
                    pass


class _Pace:
    """Lines per second, with at most one second's worth at once (LIMIT-4)."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate if rate else 0.0
        self._ahead = max(0.0, 1 - self._interval)
        self._due = 0.0  # when the next line would be due at a perfectly even pace

    def wait(self, now: float) -> float:
        """Take one line's turn, and give the seconds until it comes."""
        if not self._interval:
            return 0.0
        self._due = max(self._due, now)
        wait = max(0.0, self._due - self._ahead - now)
        self._due += self._interval
        return wait
