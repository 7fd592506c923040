"""One possible room: who is there, what is still to be carried out, what is due.

The state table of section 4 as a pure function: a world and the next input of
somebody give the worlds that may follow. Written from the specification, and shared
with no implementation; `oracle.py` keeps the set of all worlds that agree with what
has been seen.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from batepapo_conformance.codec import (
    ClientMessage,
    Enter,
    Leave,
    ListParticipants,
    Private,
    Public,
    fold_nick,
)


class State(Enum):
    """Where a connection stands (section 4.1).

    `LEAVING` is between `ERRO 03`, or the end of the stream, and the `SAIU` that the
    others see: the sender hears nothing more, the nick is still taken.
    """

    WAITING = auto()
    PARTICIPANT = auto()
    LEAVING = auto()
    CLOSED = auto()


# ---- what reaches the server ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line; `message` is `None` where it is malformed, by `rule`."""

    number: int
    message: ClientMessage | None
    rule: str = "FRAME-4"


@dataclass(frozen=True, slots=True)
class Fault:
    """A partial line that no more octets can mend: it may be answered now (FRAME-4)."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The client's end of stream (FIN)."""


@dataclass(frozen=True, slots=True)
class Break:
    """A full close or a reset: what was sent before it may be lost (section 6.4)."""


@dataclass(frozen=True, slots=True)
class Departure:
    """The server's own: the others have still to be told (LEAVE-3)."""


Input = Line | Fault | Finish | Break | Departure


# ---- what a connection receives ---------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """A line with time and origin.

    `who` and `number` name the event: the connection that caused it, and with which
    of its lines (0: with none). `text` is `None` where it may be any.
    """

    keyword: str
    who: str
    number: int
    nick: str
    text: str | None
    rule: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A line for the sender alone: a form, in which `<explanation>` may be any."""

    form: str
    rule: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One whole list, or what is left of it, in as many lines as the server likes."""

    nicks: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class End:
    """The server's end of stream."""

    rule: str


Due = Event | Answer | Listing | End


class Person(NamedTuple):
    """One connection.

    Attributes:
        name: what the transcript calls it.
        state: where it stands.
        nick: as it was entered; empty before.
        pending: what it sent and the server has not carried out.
        due: what it has still to receive.
        deaf: whether it has closed its side, and reads no more.
    """

    name: str
    state: State = State.WAITING
    nick: str = ""
    pending: tuple[Input, ...] = ()
    due: tuple[Due, ...] = ()
    deaf: bool = False

    @property
    def is_inside(self) -> bool:
        """Whether lists show it and its nick is taken."""
        return self.state in (State.PARTICIPANT, State.LEAVING)


@dataclass(frozen=True, slots=True)
class World:
    """Everybody who ever connected, and those present in order of entry."""

    people: tuple[Person, ...] = ()
    present: tuple[str, ...] = ()

    def person(self, name: str) -> Person:
        """Give the connection of this name.

        Raises:
            KeyError: there is none.
        """
        for one in self.people:
            if one.name == name:
                return one
        raise KeyError(name)

    def put(self, changed: Person) -> "World":
        """The world in which this one is so."""
        people = tuple(changed if one.name == changed.name else one for one in self)
        return World(people, self.present)

    def __iter__(self) -> Iterator[Person]:
        return iter(self.people)

    def tell(self, names: Collection[str], *due: Due) -> "World":
        """The world in which this is due to these, as far as they hear anything."""
        people = tuple(
            one._replace(due=one.due + due)
            if one.name in names and not one.deaf
            else one
            for one in self
        )
        return World(people, self.present)

    @property
    def participants(self) -> tuple[str, ...]:
        """Those who hear the events."""
        hearing = {one.name for one in self if one.state is State.PARTICIPANT}
        return tuple(name for name in self.present if name in hearing)

    def nicks(self) -> tuple[str, ...]:
        """The nicks of all who are present, in order of entry."""
        return tuple(self.person(name).nick for name in self.present)

    def owner(self, nick: str) -> Person | None:
        """Who has this nick, compared without case."""
        wanted = fold_nick(nick)
        people = (self.person(name) for name in self.present)
        return next((one for one in people if fold_nick(one.nick) == wanted), None)

    # ---- what happens ------------------------------------------------------

    def connected(self, name: str) -> "World":
        """Somebody has connected, and is greeted (GREET-1)."""
        greeting = Answer("BATEPAPO 1 <software>", "GREET-1")
        return World((*self.people, Person(name, due=(greeting,))), self.present)

    def given(self, name: str, what: Input) -> "World":
        """Something more has been sent; it counts only while the connection is open."""
        person = self.person(name)
        if isinstance(what, Break):
            person = person._replace(due=(), deaf=True)
        if person.state in (State.WAITING, State.PARTICIPANT):
            person = person._replace(pending=(*person.pending, what))
        return self.put(person)

    def next_worlds(self) -> Iterator["World"]:
        """Every world that may follow when the server carries out one input more."""
        for person in self:
            if person.pending:
                yield from self._after(person)

    def _after(self, person: Person) -> Iterator["World"]:
        first, *rest = person.pending
        carrying_out = person._replace(pending=tuple(rest))
        if any(isinstance(one, Break) for one in rest):  # all before it may be lost
            yield self.put(person._replace(pending=(Break(),)))
        world = self.put(carrying_out)
        match first:
            case Line(number, message, _) if message is not None:
                yield world._carried_out(carrying_out, number, message)
            case Line(_, _, rule):
                yield world._forced_out(carrying_out, "sintaxe", rule)
            case Fault():
                yield world._forced_out(carrying_out, "sintaxe", "FRAME-4")
                yield world  # it waits for the end of the line
            case Finish():
                yield world._ending(carrying_out, End("EOF-1"))
            case Break() | Departure():
                yield world._departed(carrying_out)

    def _carried_out(
        self, sender: Person, number: int, message: ClientMessage
    ) -> "World":
        """The state table of section 4.1, for lines that the grammar derives."""
        match sender.state, message:
            case State.WAITING, Enter(nick):
                return self._entered(sender, number, nick)
            case State.WAITING, Leave():
                closed = sender._replace(state=State.CLOSED, pending=())
                return self.put(closed).tell([sender.name], End("LEAVE-2"))
            case State.WAITING, _:
                return self._forced_out(sender, "estado", "STATE-1")
            case _, Enter():
                return self._forced_out(sender, "estado", "STATE-2")
            case _, Public(text):
                said = _event("PUBLICA", sender, number, text, "PUBLIC-1")
                return self.tell(self.participants, said)
            case _, Private(nick, text):
                return self._whispered(sender, number, nick, text)
            case _, ListParticipants():
                return self.tell([sender.name], Listing(self.nicks(), "LIST-1"))
            case _, Leave():
                return self._left(sender, number)
        raise AssertionError(f"no row of the state table: {sender.state}, {message}")

    def _entered(self, sender: Person, number: int, nick: str) -> "World":
        if self.owner(nick) is not None:
            taken = Answer(f"ERRO 01 {nick} :<explanation>", "ENTER-3")
            return self.tell([sender.name], taken)
        newcomer = sender._replace(state=State.PARTICIPANT, nick=nick)
        before = self.tell([sender.name], Listing(self.nicks(), "ENTER-1"))
        newcomer = newcomer._replace(due=before.person(sender.name).due)
        inside = World(before.put(newcomer).people, (*self.present, sender.name))
        entered = _event("ENTROU", newcomer, number, None, "ENTER-1")
        return inside.tell(inside.participants, entered)

    def _whispered(self, sender: Person, number: int, nick: str, text: str) -> "World":
        owner = self.owner(nick)
        if owner is None:
            absent = Answer(f"ERRO 02 {nick} :<explanation>", "PRIVATE-2")
            return self.tell([sender.name], absent)
        rule = "PRIVATE-3" if owner.name == sender.name else "PRIVATE-1"
        whispered = _event("PRIVADA", sender, number, text, rule)
        hears = [owner.name] if owner.state is State.PARTICIPANT else []
        sent = Answer(f"ENVIADA {owner.nick}", rule)
        return self.tell(hears, whispered).tell([sender.name], sent)

    def _left(self, sender: Person, number: int) -> "World":
        left = _event("SAIU", sender, number, None, "LEAVE-1")
        world = self.tell(self.participants, left)
        return world.tell([sender.name], End("LEAVE-1"))._without(sender.name)

    def _forced_out(self, sender: Person, cause: str, rule: str) -> "World":
        error = Answer(f"ERRO 03 {cause} :<explanation>", rule)
        return self.tell([sender.name], error)._ending(sender, End("ERROR-1"))

    def _ending(self, sender: Person, end: End) -> "World":
        """Nothing more is carried out, nor heard but the end; the others learn it."""
        world = self.tell([sender.name], end)
        person = world.person(sender.name)
        if person.state is State.PARTICIPANT:
            leaving = person._replace(state=State.LEAVING, pending=(Departure(),))
            return world.put(leaving)
        return world.put(person._replace(state=State.CLOSED, pending=()))

    def _departed(self, sender: Person) -> "World":
        if not sender.is_inside:
            return self._without(sender.name)
        left = _event("SAIU", sender, 0, None, "LEAVE-3")
        others = [name for name in self.participants if name != sender.name]
        return self.tell(others, left)._without(sender.name)

    def _without(self, name: str) -> "World":
        closed = self.person(name)._replace(state=State.CLOSED, pending=())
        present = tuple(one for one in self.present if one != name)
        return World(self.put(closed).people, present)


def _event(
    keyword: str, sender: Person, number: int, text: str | None, rule: str
) -> Event:
    return Event(keyword, sender.name, number, sender.nick, text, rule)
