"""The room behind its lock, and the outbox of everyone who is connected.

What all threads that wait for the lock have read is one batch: its lines are carried
out, each event is formatted once, and then everyone gets one write with all
that is due. The lock is held for the batch and its writes. Nobody waits for a
slow reader, because under the lock nobody waits at all.
"""

import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from time import monotonic

from .batch import Batch
from .blocking import give_way
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


@dataclass(slots=True, eq=False)
class _Turn:
    """Lines that wait to be carried out, at most so many; then how many were."""

    visitor: Visitor
    lines: Iterator[bytes]
    at_most: int
    taken: int = 0
    has_more: bool = True
    is_over: bool = False


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
        self._turns: deque[_Turn] = deque()
        self._leaving: list[Visitor] = []

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
        """Carry out the next lines of one connection.

        Whoever gets the lock carries out the lines of all who wait for it: ten people
        who speak at once cost as many writes as one.

        Gives how many lines were taken, and whether there may be more. Faults of the
        sender, also those that `lines` raises, are answered and end its part.
        """
        turn = _Turn(visitor, lines, at_most)
        self._turns.append(turn)
        give_way()  # who has read something by now may queue it, too
        with self._lock:
            if not turn.is_over:
                self._carry_out_all()
        return turn.taken, turn.has_more and visitor.state is not State.CLOSED

    def force_out(self, visitor: Visitor, error: ForcedOut) -> None:
        """Answer `ERRO 03` and end a connection's part, unless it has ended."""
        with self._lock:
            if visitor in self._outboxes:
                batch = self._new_batch()
                self._force_out(visitor, error, batch)
                self._deliver(batch)

    def expire(self, visitor: Visitor) -> None:
        """Force out who has not entered in time (LIMIT-1)."""
        with self._lock:
            try:
                self._check_in_time(visitor)
            except TooLate as error:
                batch = self._new_batch()
                self._force_out(visitor, error, batch)
                self._deliver(batch)

    def hang_up(self, visitor: Visitor, reason: str) -> None:
        """End a connection's part without a word to it, unless it has ended."""
        with self._lock:
            if visitor in self._outboxes:
                batch = self._new_batch()
                self._depart(visitor, reason, batch)
                self._deliver(batch)

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

    def _new_batch(self) -> Batch:
        return Batch(self._clock.now())

    def _carry_out_all(self) -> None:
        batch = self._new_batch()
        while self._turns:
            self._carry_out_turn(self._turns.popleft(), batch)
            if batch.size > self._full:
                self._deliver(batch)
                batch = self._new_batch()
        self._deliver(batch)

    def _carry_out_turn(self, turn: _Turn, batch: Batch) -> None:
        visitor = turn.visitor
        try:
            while (
                visitor.state is not State.CLOSED
                and turn.taken < turn.at_most
                and batch.size <= self._full
            ):
                self._check_in_time(visitor)
                line = next(turn.lines, None)
                if line is None:
                    turn.has_more = False
                    break
                turn.taken += 1
                self._carry_out_line(visitor, line, batch)
        except ForcedOut as error:
            self._force_out(visitor, error, batch)
        turn.is_over = True

    def _check_in_time(self, visitor: Visitor) -> None:
        if visitor.state is State.WAITING and monotonic() >= visitor.enter_by:
            raise TooLate

    def _carry_out_line(self, visitor: Visitor, line: bytes, batch: Batch) -> None:
        request = parse_request(line)
        before = visitor.state
        try:
            deliveries = self._room.carry_out(visitor, request, batch.time)
        except (NickInUse, NoSuchDestination) as error:
            self._log.write(self._words.log_answered(visitor.peer, error))
            explanation = self._words.explanation(error)
            refused = Refused(error.code, error.nick, explanation)
            batch.add(Delivery(visitor, refused))
            return
        if before is State.WAITING and visitor.state is State.PARTICIPANT:
            self._log.write(self._words.log_entered(visitor.peer, visitor.nick))
            batch.enter(visitor)
        for delivery in deliveries:
            batch.add(delivery)
        if visitor.state is State.CLOSED:
            if before is State.PARTICIPANT:
                batch.leave(visitor)  # who leaves by word has seen its own `SAIU`
            self._log_left(visitor, self._words.goodbye())
            self._leaving.append(visitor)

    def _force_out(self, visitor: Visitor, error: ForcedOut, batch: Batch) -> None:
        self._log.write(self._words.log_answered(visitor.peer, error))
        explanation = self._words.explanation(error)
        batch.add(Delivery(visitor, Refused(error.code, error.cause, explanation)))
        self._depart(visitor, self._words.forced_out(error), batch)

    def _depart(self, visitor: Visitor, reason: str, batch: Batch) -> None:
        if visitor.state is State.PARTICIPANT:
            batch.leave(visitor)
        for delivery in self._room.depart(visitor, reason, batch.time):
            batch.add(delivery)
        self._log_left(visitor, reason)
        self._leaving.append(visitor)

    def _deliver(self, batch: Batch) -> None:
        """Give everyone what is due; close who leaves, cut off whom that was too much.

        Who leaves gets all of it, and its connection is closed politely.
        """
        if overflowed := self._put(batch):
            self._cut_off(overflowed, self._words.overflowed())
        leaving, self._leaving = self._leaving, []
        for visitor in leaving:
            if visitor in self._outboxes:  # unless that cut it off
                self._outboxes.pop(visitor).finish()

    def _put(self, batch: Batch) -> list[Visitor]:
        """Put a batch into the outboxes, and give those that it was too much for."""
        return [
            visitor
            for visitor, octets in batch.portions(self._room.present)
            if visitor in self._outboxes and not self._outboxes[visitor].put(octets)
        ]

    def _cut_off(self, visitors: list[Visitor], reason: str) -> None:
        """Cut off; the departures come after what caused them (ORDER-5)."""
        while visitors:
            batch = self._new_batch()
            for visitor in visitors:
                self._outboxes.pop(visitor).abort()
                if visitor.state is not State.CLOSED:  # it may be leaving anyway
                    self._log_left(visitor, reason)
                for delivery in self._room.depart(visitor, reason, batch.time):
                    batch.add(delivery)
            reason = self._words.overflowed()
            visitors = self._put(batch)

    def _log_left(self, visitor: Visitor, reason: str) -> None:
        self._log.write(self._words.log_left(visitor.peer, visitor.nick, reason))
