"""What a server may answer: every room that agrees with what has been seen so far.

The oracle is told what clients do and what they hear. It keeps the set of possible
worlds (`world.py`): where two lines are under way at the same time, in either order;
where a reset may have destroyed a line, with it and without. A line that is heard
leaves the worlds in which it was due. When none is left, a rule is broken, and what
was due in them is the set of legal answers.

Pure: there is no socket and no clock in here.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.model.lookahead import distinct, must_hear, settled, until_due
from batepapo_conformance.model.partial import can_become_a_line
from batepapo_conformance.model.surprise import blame
from batepapo_conformance.model.world import (
    Answer,
    Break,
    Due,
    End,
    Event,
    Fault,
    Finish,
    Input,
    Line,
    Listing,
    World,
)


class Oracle:
    """The legal answers to everything that has been sent so far."""

    def __init__(self) -> None:
        self._worlds: list[World] = [World()]
        self._partial: dict[str, bytes] = {}
        self._number: dict[str, int] = {}
        self._at: dict[str, str] = {}
        self._time: dict[str, str] = {}
        self._told: dict[tuple[str, int], bytes] = {}
        self._finished: dict[str, bool] = {}  # who has ended its own stream
        self._shows_addresses: bool | None = None

    def fork(self) -> "Oracle":
        """Give an oracle that knows the same, to be told of another course."""
        other = copy.copy(self)
        for name in ("_partial", "_number", "_at", "_time", "_told", "_finished"):
            setattr(other, name, dict(getattr(self, name)))
        return other

    def is_like(self, other: "Oracle") -> bool:
        """Whether both allow the same from now on."""
        known = (self._partial, self._at, self._shows_addresses)
        same = known == (other._partial, other._at, other._shows_addresses)
        return same and set(self._worlds) == set(other._worlds)

    # ---- what clients do ---------------------------------------------------

    def connects(self, name: str, at: str) -> None:
        """Somebody has connected; `at` is its own `address:port`."""
        self._worlds = [world.connected(name) for world in self._worlds]
        self._partial[name] = b""
        self._number[name] = 0
        self._at[name] = at

    def sends(self, name: str, octets: bytes) -> None:
        """Somebody has sent octets, in whatever pieces."""
        *lines, partial = (self._partial[name] + octets).split(b"\n")
        for line in lines:
            self._number[name] += 1
            self._give(name, Line(self._number[name], _read(line)))
        self._partial[name] = partial
        if len(partial) >= codec.LINE:
            self._give(name, Line(self._number[name] + 1, None, "FRAME-5"))
        elif not can_become_a_line(partial):
            self._give(name, Fault())

    def half_closes(self, name: str) -> None:
        """Somebody has ended its stream, and reads on; a partial line is dropped."""
        self._finished[name] = True
        self._give(name, Finish())

    def breaks(self, name: str) -> None:
        """Somebody has closed its connection, or reset it, and reads no more."""
        self._give(name, Break())

    def _give(self, name: str, what: Input) -> None:
        self._worlds = [world.given(name, what) for world in self._worlds]

    # ---- what clients hear -------------------------------------------------

    def is_due(self, name: str) -> bool:
        """Whether something must come to this connection, whatever else happens."""
        return all(must_hear(world, name) for world in self._worlds)

    def expected(self, name: str) -> list[Due]:
        """Give the set of what may come to this connection next."""
        return list(dict.fromkeys(_head(one, name) for one in self._ready(name)))

    def forms(self, name: str) -> str:
        """Give the same in words, for a failure."""
        forms = dict.fromkeys(self.form(due) for due in self.expected(name))
        return "; or ".join(forms) or "nothing"

    def hears(self, name: str, line: bytes) -> Due:
        """Somebody has received a line, given without its LF; says what it was.

        Raises:
            RuleBroken: nothing like it was due.
        """
        try:
            message = codec.parse_server_line(line)
        except codec.NotALine as wrong:
            raise wrong.broken() from None
        ready = self._ready(name)
        left = [world for world in ready if self._fits(_head(world, name), message)]
        if not left:
            raise self._surprise(name, message, line, ready)
        due = _head(left[0], name)
        self._learn(name, due, message, line)
        self._worlds = distinct(_without_head(world, name, message) for world in left)
        return due

    def hears_end(self, name: str, how: str = "end of stream") -> None:
        """Somebody has received the end of its stream.

        Raises:
            RuleBroken: something else was due.
        """
        ready = self._ready(name)
        left = [world for world in ready if isinstance(_head(world, name), End)]
        if not left:
            rule = self._rule(name, [_head(one, name) for one in ready])
            raise RuleBroken(rule, self.forms(name), how)
        self._worlds = distinct(_without_head(world, name, None) for world in left)

    def hears_nothing(self, name: str, seconds: float) -> RuleBroken:
        """What is broken when a line that is due has not come in so many seconds."""
        rule = self._rule(name, self.expected(name))
        return RuleBroken(rule, self.forms(name), f"nothing for {seconds:g} s")

    # ---- what is known of somebody -----------------------------------------

    def inside(self) -> dict[str, str]:
        """Give the nicks of those who are present in every world, by connection."""
        everywhere = [set(world.present) for world in self._worlds]
        surely = set.intersection(*everywhere)
        world = self._worlds[0]
        present = [name for name in world.present if name in surely]
        return {name: world.person(name).nick for name in present}

    def origin(self, name: str, nick: str) -> str:
        """Give the origin of a connection as this server shows it."""
        at = self._at[name] if self._shows_addresses is not False else "-"
        return f"{nick}@{at}"

    def form(self, due: Due) -> str:
        """Give what is due as a line with placeholders, or in words."""
        match due:
            case Event(keyword, who, _, nick, text):
                form = f"{keyword} <time> {self.origin(who, nick)}"
                if keyword == "ENTROU":
                    return form
                return f"{form} :{'<reason>' if text is None else text}"
            case Answer(form):
                return form
            case Listing(nicks):
                return " ".join(("USUARIOS 0", *nicks))
            case End():
                return "the end of the stream"

    # ---- inside ------------------------------------------------------------

    def _ready(self, name: str) -> list[World]:
        """Give the nearest worlds in which something is due to this connection."""
        found: list[World] = []
        for world in self._worlds:
            found += until_due(world, name)
        return found

    def _fits(self, due: Due, message: codec.ServerMessage) -> bool:
        match due, message:
            case Event("ENTROU"), codec.Entered(_, origin):
                return self._is_event(due, message, origin)
            case Event("SAIU"), codec.Left(_, origin):
                return self._is_event(due, message, origin)
            case Event("PUBLICA"), codec.Said(_, origin, text):
                return text == due.text and self._is_event(due, message, origin)
            case Event("PRIVADA"), codec.Whispered(_, origin, text):
                return text == due.text and self._is_event(due, message, origin)
            case Listing(nicks), codec.Participants(remaining, some):
                is_begun = nicks[: len(some)] == some and bool(some or not nicks)
                return is_begun and remaining == len(nicks) - len(some)
            case Answer(form), _:
                return form == _form(message)
            case _:
                return False

    def _is_event(
        self, due: Event, message: codec.ServerMessage, origin: codec.Origin
    ) -> bool:
        told = self._told.get((due.who, due.number))
        if told is not None:  # EVENT-1
            return told == codec.encode(message).removesuffix(b"\n")
        hidden = f"{due.nick}@-"
        legal = {f"{due.nick}@{self._at[due.who]}": True, hidden: False}
        shows = legal.get(str(origin))
        return shows is not None and self._shows_addresses in (None, shows)

    def _learn(
        self, name: str, due: Due, message: codec.ServerMessage, line: bytes
    ) -> None:
        """Keep what must be the same from now on.

        Raises:
            RuleBroken: time goes backwards on this connection (ORDER-4).
        """
        if not isinstance(due, Event):
            return
        assert isinstance(
            message, codec.Entered | codec.Left | codec.Said | codec.Whispered
        )
        self._shows_addresses = message.origin.address is not None
        self._told[due.who, due.number] = line
        before = self._time.get(name, "")
        if message.time < before:
            expected = f"a time not before {before}"
            raise RuleBroken("ORDER-4", expected, line, at=len(due.keyword) + 1)
        self._time[name] = message.time

    def _surprise(
        self,
        name: str,
        message: codec.ServerMessage,
        line: bytes,
        ready: list[World],
    ) -> RuleBroken:
        due = [settled(world).person(name).due for world in ready]
        forms = [[self.form(one) for one in queue] for queue in due]
        nick = self._worlds[0].person(name).nick
        rule = blame(due, forms, message, nick)
        return RuleBroken(rule, self.forms(name), line)

    def _rule(self, name: str, due: Sequence[Due]) -> str:
        """Which rule is broken when nothing of this comes."""
        if self._finished.get(name):
            return "EOF-1"
        return due[0].rule if due else "STATE-3"

    def forget(self) -> None:
        """Forget events that nobody is still to hear: for whoever says millions."""
        wanted = {
            (due.who, due.number)
            for world in self._worlds
            for person in world
            for due in person.due
            if isinstance(due, Event)
        }
        self._told = {key: self._told[key] for key in wanted & self._told.keys()}


def _read(line: bytes) -> codec.ClientMessage | None:
    try:
        return codec.parse_client_line(line.removesuffix(b"\r"))
    except codec.NotALine:
        return None


def _form(message: codec.ServerMessage) -> str:
    """The form that a message with free words has."""
    match message:
        case codec.Refused():
            message = replace(message, explanation="<explanation>")
        case codec.Greeting():
            message = codec.Greeting("<software>")
        case _:
            pass
    return codec.encode(message).decode("ascii").removesuffix("\n")


def _head(world: World, name: str) -> Due:
    return world.person(name).due[0]


def _without_head(
    world: World, name: str, message: codec.ServerMessage | None
) -> World:
    """The world after that; a list of which more is to come is due on."""
    person = world.person(name)
    head, *rest = person.due
    if isinstance(head, Listing) and isinstance(message, codec.Participants):
        left = head.nicks[len(message.nicks) :]
        if left:
            rest = [Listing(left, "LIST-2"), *rest]
    return world.put(person._replace(due=tuple(rest)))
