"""Who is where: a request becomes deliveries (sections 4 and 5).

Pure: there is no socket, no thread and no clock in here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from .errors import NickInUse, NoSuchDestination, OutOfState
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

_NICKS_PER_LINE = 28
"""28 nicks of 16 octets, their spaces and the count stay under 512 octets."""


class State(Enum):
    """Where a connection stands (section 4.1)."""

    WAITING = auto()
    PARTICIPANT = auto()
    CLOSED = auto()


@dataclass(slots=True, eq=False)
class Visitor:
    """One connection, as the room knows it.

    `peer` is `address:port` for the log; `address` is what an origin shows of
    it, `-` where addresses are hidden (EVENT-3). `enter_by` is in seconds of
    the monotonic clock (LIMIT-1). `nick` is empty until it has entered.
    """

    peer: str
    address: str
    enter_by: float
    state: State = State.WAITING
    nick: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message, and who gets it: everyone present if `to` is None.

    "Everyone" includes whoever this message lets in or out, but for a
    departure that was not asked for (LEAVE-3).
    """

    to: Visitor | None
    message: ServerMessage


class Room:
    """All participants, in order of entry; the state machine of section 4.

    `goodbye` is the reason shown for those who leave by word (LEAVE-1).
    """

    def __init__(self, goodbye: str) -> None:
        self._goodbye = goodbye
        self._present: dict[str, Visitor] = {}

    @property
    def present(self) -> Iterable[Visitor]:
        """Give all participants in order of entry."""
        return self._present.values()

    def carry_out(
        self, visitor: Visitor, request: Request, time: str
    ) -> list[Delivery]:
        """Carry out one request and give what is to be delivered, in order.

        Raises:
            NickInUse, NoSuchDestination: to be answered; nothing has changed.
            OutOfState: the request is not legal now; the sender has to depart.
        """
        match visitor.state:
            case State.WAITING:
                return self._while_waiting(visitor, request, time)
            case State.PARTICIPANT:
                return self._while_present(visitor, request, time)
            case State.CLOSED:  # STATE-3
                return []

    def depart(self, visitor: Visitor, reason: str, time: str) -> list[Delivery]:
        """End a connection's part in the room, however it came about.

        Gives the `SAIU` if it was a participant, and nothing otherwise.
        """
        entered = visitor.state is State.PARTICIPANT
        visitor.state = State.CLOSED
        if not entered:
            return []
        del self._present[fold_nick(visitor.nick)]  # ENTER-5
        return [Delivery(None, Left(time, visitor.nick, visitor.address, reason))]

    def _while_waiting(
        self, visitor: Visitor, request: Request, time: str
    ) -> list[Delivery]:
        match request:
            case Enter(nick):
                return self._enter(visitor, nick, time)
            case Leave():  # LEAVE-2
                return self.depart(visitor, self._goodbye, time)
            case Public() | Private() | ListParticipants():  # STATE-1
                raise OutOfState

    def _while_present(
        self, visitor: Visitor, request: Request, time: str
    ) -> list[Delivery]:
        match request:
            case Public(text):
                said = Said(time, visitor.nick, visitor.address, text)
                return [Delivery(None, said)]
            case Private(nick, text):
                return self._whisper(visitor, nick, text, time)
            case ListParticipants():
                return self._list_for(visitor)
            case Leave():  # LEAVE-1
                return self.depart(visitor, self._goodbye, time)
            case Enter():  # STATE-2
                raise OutOfState

    def _enter(self, visitor: Visitor, nick: str, time: str) -> list[Delivery]:
        if fold_nick(nick) in self._present:
            raise NickInUse(nick)
        deliveries = self._list_for(visitor)  # ENTER-1: those present before it
        visitor.nick = nick
        visitor.state = State.PARTICIPANT
        self._present[fold_nick(nick)] = visitor
        entered = Entered(time, nick, visitor.address)
        return [*deliveries, Delivery(None, entered)]

    def _whisper(
        self, visitor: Visitor, nick: str, text: str, time: str
    ) -> list[Delivery]:
        destination = self._present.get(fold_nick(nick))
        if destination is None:
            raise NoSuchDestination(nick)
        whispered = Whispered(time, visitor.nick, visitor.address, text)
        return [
            Delivery(destination, whispered),  # PRIVATE-3: before the ENVIADA
            Delivery(visitor, Sent(destination.nick)),
        ]

    def _list_for(self, visitor: Visitor) -> list[Delivery]:
        nicks = tuple(participant.nick for participant in self._present.values())
        deliveries = []
        for start in range(0, max(len(nicks), 1), _NICKS_PER_LINE):
            some = nicks[start : start + _NICKS_PER_LINE]
            remaining = len(nicks) - start - len(some)  # LIST-2
            deliveries.append(Delivery(visitor, Participants(remaining, some)))
        return deliveries
