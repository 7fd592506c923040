"""Who is where: a request becomes deliveries (sections 4 to 6).

Pure: no socket, no task, no clock of its own. Whoever calls it gives the time, and puts
the deliveries on the streams in the order in which they come.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from .errors import NickInUse, NoSuchDestination, OutOfState
from .limits import LINE, NICK
from .messages import (
    Enter,
    Entered,
    Leave,
    Left,
    ListParticipants,
    Participants,
    Private,
    Public,
    Request,
    Said,
    Sent,
    ServerMessage,
    Whispered,
    fold_nick,
)

_NICKS_A_LINE = (LINE - len("USUARIOS 999999999\n")) // (NICK + len(" "))
"""Nicks that fit a line of a list, however long they are (LIST-2)."""


class State(Enum):
    """The states of a connection (section 4.1)."""

    WAITING = auto()
    PARTICIPANT = auto()
    CLOSED = auto()


class Visitor:
    """Somebody at the door or in the room: one for each connection.

    Args:
        peer: `address:port` of the client, for the log.
        address: the part of an origin after the `@` (EVENT-3).
        enter_by: the time, in seconds of the event loop, to have entered by (LIMIT-1).

    Attributes:
        state: changed by the room and nobody else.
        nick: as its owner entered it (ENTER-2); empty before that.
        origin: the same in every event of this visitor (LEAVE-4).
    """

    __slots__ = ("address", "enter_by", "nick", "origin", "peer", "state")

    def __init__(self, peer: str, address: str, enter_by: float) -> None:
        self.peer = peer
        self.address = address
        self.enter_by = enter_by
        self.state = State.WAITING
        self.nick = ""
        self.origin = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message for one visitor, or for everyone who is in the room (`to` is None)."""

    to: Visitor | None
    message: ServerMessage


class Room:
    """All participants of one server, in order of entry.

    Args:
        goodbye: the reason shown for those who leave by word (LEAVE-1).
    """

    def __init__(self, goodbye: str) -> None:
        self._goodbye = goodbye
        self._present: dict[str, Visitor] = {}  # by folded nick, in order of entry

    @property
    def present(self) -> Iterable[Visitor]:
        """Everyone present; a view, not a copy."""
        return self._present.values()

    def carry_out(
        self, visitor: Visitor, request: Request, time: str
    ) -> list[Delivery]:
        """Do what a line asks for, and say who is to be told what, in order.

        Args:
            visitor: whose line it is.
            request: what the line says.
            time: the current UTC in 24 octets, not before any given earlier (ORDER-4).

        Raises:
            NickInUse: the nick is taken; the visitor goes on waiting (ENTER-3).
            NoSuchDestination: nobody present has that nick (PRIVATE-2).
            OutOfState: the request is not legal in the visitor's state, which is its
                sender's fault (STATE-1, STATE-2). Nothing has changed.
        """
        match visitor.state:
            case State.WAITING:
                return self._while_waiting(visitor, request, time)
            case State.PARTICIPANT:
                return self._while_present(visitor, request, time)
            case State.CLOSED:
                return []  # STATE-3: nothing has any effect any more

    def depart(self, visitor: Visitor, reason: str, time: str) -> list[Delivery]:
        """End a participation, if it is one, and tell those who stay (LEAVE-3).

        Args:
            visitor: closed from here on; its nick is free (ENTER-5).
            reason: for people; 1 to 400 octets of ASCII.
            time: as in `carry_out`.
        """
        state, visitor.state = visitor.state, State.CLOSED
        if state is not State.PARTICIPANT:
            return []  # LEAVE-2, LEAVE-4
        del self._present[fold_nick(visitor.nick)]
        return [Delivery(None, Left(time, visitor.origin, reason))]

    def _while_waiting(
        self, visitor: Visitor, request: Request, time: str
    ) -> list[Delivery]:
        match request:
            case Enter(nick):
                return self._enter(visitor, nick, time)
            case Leave():
                visitor.state = State.CLOSED  # LEAVE-2: without a word
                return []
            case Public() | Private() | ListParticipants():
                raise OutOfState("STATE-1")

    def _while_present(
        self, visitor: Visitor, request: Request, time: str
    ) -> list[Delivery]:
        match request:
            case Public(text):
                said = Said(time, visitor.origin, text)
                return [Delivery(None, said)]
            case Private(nick, text):
                return self._whisper(visitor, nick, text, time)
            case ListParticipants():
                return list(self._list_for(visitor))
            case Leave():
                departure = self.depart(visitor, self._goodbye, time)
                return departure + [Delivery(visitor, d.message) for d in departure]
            case Enter():
                raise OutOfState("STATE-2")

    def _enter(self, visitor: Visitor, nick: str, time: str) -> list[Delivery]:
        if fold_nick(nick) in self._present:
            raise NickInUse(nick)
        before = list(self._list_for(visitor))
        visitor.nick = nick
        visitor.origin = f"{nick}@{visitor.address}"
        visitor.state = State.PARTICIPANT
        self._present[fold_nick(nick)] = visitor
        entered = Entered(time, visitor.origin)
        return [*before, Delivery(None, entered)]  # ENTER-1: in this order

    def _whisper(
        self, visitor: Visitor, nick: str, text: str, time: str
    ) -> list[Delivery]:
        there = self._present.get(fold_nick(nick))
        if there is None:
            raise NoSuchDestination(nick)
        whispered = Whispered(time, visitor.origin, text)
        return [  # PRIVATE-3: in this order, which shows where both are one
            Delivery(there, whispered),
            Delivery(visitor, Sent(there.nick)),
        ]

    def _list_for(self, visitor: Visitor) -> Iterator[Delivery]:
        nicks = [present.nick for present in self._present.values()]
        if not nicks:
            yield Delivery(visitor, Participants(0, ()))
        for first in range(0, len(nicks), _NICKS_A_LINE):
            line = tuple(nicks[first : first + _NICKS_A_LINE])
            remaining = len(nicks) - first - len(line)
            yield Delivery(visitor, Participants(remaining, line))
