"""The room, and everyone who is connected to it.

What one turn of the event loop brought in, from whomever, is one batch: its lines are
carried out, each event is formatted once, and then everyone gets one write with all
that is due. What changes the room does not await, so nothing else can happen between
two of its steps, and no lock is needed.
"""

import asyncio
from typing import Protocol

from . import SOFTWARE
from .batch import Batch
from .clock import Clock
from .errors import (
    ChatError,
    ForcedOut,
    NickInUse,
    NoSuchDestination,
    OverLimit,
    ServerEnds,
)
from .log import Log
from .messages import Enter, Greeting, Leave, Refused, parse_request
from .room import Delivery, Room, State, Visitor
from .words import Words


class _Reader(Protocol):
    """What the switchboard has to know of a connection."""

    def take(self, octets: bytes) -> None:
        """Send them; raises OverLimit if that one does not read (SLOW-2)."""

    def stop_reading(self) -> None:
        """Read nothing more; begin to close."""

    def abort(self) -> None:
        """Close without politeness, whatever is still to be sent."""


class Switchboard:
    """Carries lines of connections into the room, and deliveries to their readers.

    Whoever has carried out lines waits until they are `dealt_out`. That is in the next
    turn of the event loop: those whose lines came in the same turn as these have theirs
    carried out by then, and ten people who speak at once cost as many system calls as
    one.
    """

    def __init__(self, words: Words, log: Log) -> None:
        self._words = words
        self._log = log
        self._room = Room(words.goodbye())
        self._clock = Clock()
        self._batch = Batch()
        self._time = ""  # of the batch: it is one moment, once something has a time
        self._is_due = False
        self._readers: dict[Visitor, _Reader] = {}

    @property
    def size(self) -> int:
        """Octets collected and not dealt out yet."""
        return self._batch.size

    def connect(self, visitor: Visitor, reader: _Reader) -> None:
        """Take in a new connection, and greet it (GREET-1)."""
        self._readers[visitor] = reader
        self._batch.add([Delivery(visitor, Greeting(SOFTWARE))])

    def disconnect(self, visitor: Visitor) -> None:
        """Forget a connection whose close has begun."""
        del self._readers[visitor]

    def carry_out(self, visitor: Visitor, line: bytes) -> None:
        """Carry out a line; what it causes is collected, and dealt out later.

        Raises:
            ForcedOut: the line has no business here; its sender's fault.
        """
        request = parse_request(line)
        try:
            due = self._room.carry_out(visitor, request, self._now())
        except (NickInUse, NoSuchDestination) as error:
            self._answer(visitor, error)
            return
        if isinstance(request, Enter):
            self._batch.enter(visitor)
            self._log.write(self._words.log_entered(visitor.peer, visitor.nick))
        elif isinstance(request, Leave):
            if due:
                self._batch.leave(visitor)
            self._log_left(visitor, self._words.goodbye())
        self._batch.add(due)

    def deal_out_soon(self) -> None:
        """Deal out in the next turn of the event loop, if that is not due already."""
        if self._batch.size and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self.deal_out)

    async def dealt_out(self) -> None:
        """Wait until all that is collected is dealt out.

        The loop takes things in the order in which they came to it: in its next turn,
        `deal_out` stands before whoever waits here. Who has caused nothing gives way,
        too (SERVE-1).
        """
        self.deal_out_soon()
        await asyncio.sleep(0)

    def deal_out(self) -> None:
        """Send everybody what is due, and after it what that made happen (ORDER-5)."""
        self._is_due = False
        while self._batch.size:
            batch, self._batch, self._time = self._batch, Batch(), ""
            slow: list[tuple[Visitor, OverLimit]] = []
            for visitor, octets in batch.portions(self._room.present):
                if reader := self._readers.get(visitor):
                    try:
                        reader.take(octets)
                    except OverLimit as error:
                        slow.append((visitor, error))
            for visitor, why in slow:
                self._batch.add(self._cut_off(visitor, why))

    def force_out(self, visitor: Visitor, error: ForcedOut) -> None:
        """Answer `ERRO 03`, end the participation, and close politely (STATE-3).

        When the server ends, the others are not told: their turn comes too (END-1).
        """
        if visitor.state is State.CLOSED:
            return
        self.deal_out()
        self._answer(visitor, error)
        self.deal_out()
        departure = self._leave_room(visitor, self._words.explanation(error))
        if not isinstance(error, ServerEnds):
            self._batch.add(departure)
            self.deal_out()
        self._readers[visitor].stop_reading()

    def hang_up(self, visitor: Visitor, reason: str) -> None:
        """End a participation without a word to the one whose it is."""
        departure = self._leave_room(visitor, reason)
        if departure:
            self._batch.leave(visitor)
            self._batch.add(departure)

    def cut_off(self, visitor: Visitor, error: OverLimit) -> None:
        """End a connection that does not keep up (SLOW-5)."""
        self.deal_out()
        if visitor.state is not State.CLOSED:  # unless that has ended it already
            self._batch.add(self._cut_off(visitor, error))
            self.deal_out()

    def _now(self) -> str:
        if not self._time:
            self._time = self._clock.now()
        return self._time

    def _answer(self, visitor: Visitor, error: ChatError) -> None:
        explanation = self._words.explanation(error)
        refused = Refused(error.code, error.subject, explanation)
        self._batch.add([Delivery(visitor, refused)])
        self._log.write(self._words.log_answered(visitor.peer, error))

    def _cut_off(self, visitor: Visitor, error: OverLimit) -> list[Delivery]:
        """Cut off; gives what the others are to be told (SLOW-3)."""
        self._readers[visitor].abort()
        return self._leave_room(visitor, self._words.explanation(error))

    def _leave_room(self, visitor: Visitor, reason: str) -> list[Delivery]:
        if visitor.state is not State.CLOSED:
            self._log_left(visitor, reason)
        return self._room.depart(visitor, reason, self._now())

    def _log_left(self, visitor: Visitor, reason: str) -> None:
        self._log.write(self._words.log_left(visitor.peer, visitor.nick, reason))
