"""The room behind its lock, and the outbox of everyone who is connected.

What one read brought in is one batch: its lines are carried out, each event is
formatted once, and then everyone gets one write with all that is due. The
lock is held for the batch and its writes. Nobody waits for a slow reader, because
under the lock nobody waits at all.
"""

import threading
from collections.abc import Iterator
from time import monotonic

from .batch import Batch
from .clock import Clock
from .errors import (
    ForcedOut,
    NickInUse,
    NoSuchDestination,
    ServerEnds,
    TooLate,
)
from .log import Log
from .messages import Refused, format_message, parse_request
from .outbox import Outbox
from .room import Delivery, Room, State, Visitor
from .words import Words

_FULL = 65_536
"""Octets after which a batch is delivered before further lines are carried out:
many short lines may ask for long answers, and an outbox may be small."""


class Switchboard:
    """Carries lines of connections into the room, and deliveries to outboxes.

    Every method takes the lock: what happens in here happens one after the
    other, and that is the one order of all events (ORDER-1).
    """

    def __init__(self, words: Words, log: Log, outbox_limit: int) -> None:
        self._words = words
        self._log = log
        self._full = min(_FULL, outbox_limit // 2)
        self._lock = threading.Lock()
        self._room = Room(words.goodbye())
        self._clock = Clock()
        self._outboxes: dict[Visitor, Outbox] = {}

    @property
    def connections(self) -> int:
        """Connections whose close has not begun (LIMIT-2)."""
        return len(self._outboxes)

    def connect(self, visitor: Visitor, outbox: Outbox) -> None:
        """Take in a new connection, which has been greeted."""
        with self._lock:
            self._outboxes[visitor] = outbox

    def carry_out(
        self, visitor: Visitor, lines: Iterator[bytes], at_most: int
    ) -> tuple[int, bool]:
        """Carry out the next lines of one connection as one batch.

        Gives how many lines were taken, and whether there may be more. Faults of the
        sender, also those that `lines` raises, are answered and end its part.
        """
        with self._lock:
            batch = Batch()
            taken = 0
            more = True
            try:
                while (
                    visitor.state is not State.CLOSED
                    and taken < at_most
                    and batch.size <= self._full
                ):
                    self._check_in_time(visitor)
                    line = next(lines, None)
                    if line is None:
                        more = False
                        break
                    taken += 1
                    self._carry_out_line(visitor, line, batch)
            except ForcedOut as error:
                self._force_out(visitor, error, batch)
            else:
                self._deliver(batch, visitor)
                self._release_if_closed(visitor)
            return taken, more and visitor.state is not State.CLOSED

    def force_out(self, visitor: Visitor, error: ForcedOut) -> None:
        """Answer `ERRO 03` and end a connection's part, unless it has ended."""
        with self._lock:
            if visitor in self._outboxes:
                self._force_out(visitor, error, Batch())

    def expire(self, visitor: Visitor) -> None:
        """Force out who has not entered in time (LIMIT-1)."""
        with self._lock:
            try:
                self._check_in_time(visitor)
            except TooLate as error:
                self._force_out(visitor, error, Batch())

    def hang_up(self, visitor: Visitor, reason: str) -> None:
        """End a connection's part without a word to it, unless it has ended."""
        with self._lock:
            if visitor in self._outboxes:
                self._depart(visitor, reason)
                self._outboxes.pop(visitor).finish()

    def cut_off(self, visitor: Visitor, reason: str) -> None:
        """End a connection that does not keep up (SLOW-2, SLOW-5)."""
        with self._lock:
            if visitor in self._outboxes:
                self._cut_off([visitor], reason)

    def end(self) -> None:
        """Tell everyone that the server ends (END-1)."""
        with self._lock:
            error = ServerEnds()
            refused = Refused(error.code, error.cause, self._words.explanation(error))
            octets = format_message(refused)
            for visitor, outbox in self._outboxes.items():
                visitor.state = State.CLOSED
                self._log.write(self._words.log_answered(visitor.peer, error))
                outbox.put(octets)
                outbox.finish()
            self._outboxes.clear()

    # Everything below is called with the lock held.

    def _check_in_time(self, visitor: Visitor) -> None:
        if visitor.state is State.WAITING and monotonic() >= visitor.enter_by:
            raise TooLate

    def _carry_out_line(self, visitor: Visitor, line: bytes, batch: Batch) -> None:
        request = parse_request(line)
        was_waiting = visitor.state is State.WAITING
        try:
            for delivery in self._room.carry_out(visitor, request, self._clock.now()):
                batch.add(delivery)
        except (NickInUse, NoSuchDestination) as error:
            self._log.write(self._words.log_answered(visitor.peer, error))
            explanation = self._words.explanation(error)
            refused = Refused(error.code, error.nick, explanation)
            batch.add(Delivery(visitor, refused))
        else:
            if was_waiting and visitor.state is State.PARTICIPANT:
                self._log.write(self._words.log_entered(visitor.peer, visitor.nick))

    def _release_if_closed(self, visitor: Visitor) -> None:
        """Close politely what has left by its own wish."""
        if visitor.state is State.CLOSED and visitor in self._outboxes:
            self._log_left(visitor, self._words.goodbye())
            self._outboxes.pop(visitor).finish()

    def _force_out(self, visitor: Visitor, error: ForcedOut, batch: Batch) -> None:
        self._log.write(self._words.log_answered(visitor.peer, error))
        explanation = self._words.explanation(error)
        batch.add(Delivery(visitor, Refused(error.code, error.cause, explanation)))
        self._deliver(batch, visitor)
        if visitor in self._outboxes:  # unless that cut it off
            self._depart(visitor, self._words.forced_out(error))
            self._outboxes.pop(visitor).finish()

    def _depart(self, visitor: Visitor, reason: str) -> None:
        batch = Batch()
        for delivery in self._room.depart(visitor, reason, self._clock.now()):
            batch.add(delivery)
        self._log_left(visitor, reason)
        self._deliver(batch)

    def _deliver(self, batch: Batch, *sender: Visitor) -> None:
        """Give everyone what is due, and cut off whom that is too much for."""
        overflowed = []
        for visitor in dict.fromkeys((*self._room.present, *sender)):
            octets = batch.octets_for(visitor)
            if octets and not self._outboxes[visitor].put(octets):
                overflowed.append(visitor)
        if overflowed:
            self._cut_off(overflowed, self._words.overflowed())

    def _cut_off(self, visitors: list[Visitor], reason: str) -> None:
        """Cut off; the departures come after what caused them (ORDER-5)."""
        while visitors:
            batch = Batch()
            for visitor in visitors:
                self._outboxes.pop(visitor).abort()
                for delivery in self._room.depart(visitor, reason, self._clock.now()):
                    batch.add(delivery)
                self._log_left(visitor, reason)
            reason = self._words.overflowed()
            visitors = [
                visitor
                for visitor in self._room.present
                if not self._outboxes[visitor].put(batch.octets_for(visitor))
            ]

    def _log_left(self, visitor: Visitor, reason: str) -> None:
        self._log.write(self._words.log_left(visitor.peer, visitor.nick, reason))
