"""Who broke a rule? Decided from the lines of one connection, in both directions.

Whoever stands between a client and a server sees a line before its receiver
does. So when a server's line is seen, every line of the client that it could
answer has been seen already, and the order of replies (ORDER-2) tells which
line each reply is for.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeVar

from batepapo_conformance.codec import (
    ClientMessage,
    Enter,
    Entered,
    Greeting,
    Leave,
    Left,
    ListParticipants,
    NotALine,
    Origin,
    Participants,
    Private,
    Public,
    Refused,
    Said,
    Sent,
    ServerMessage,
    Whispered,
    encode,
    fold_nick,
    parse_client_line,
    parse_server_line,
)
from batepapo_conformance.failure import RuleBroken, visible
from batepapo_conformance.testee import Endpoint, Role

Event = Entered | Left | Said


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that one of the two programs broke on the connection of `who`."""

    side: Role
    who: str
    broken: RuleBroken


class State(Enum):
    """How far a connection has come, from what has passed."""

    UNGREETED = auto()
    WAITING = auto()
    LISTING = auto()
    """The newcomer's list has begun; its `ENTROU` has not come."""
    PARTICIPANT = auto()
    OVER = auto()
    """The server's last line has passed."""


_Message = TypeVar("_Message", bound=ClientMessage)


@dataclass
class Referee:
    """Follows one connection, and finds the first rule that each side breaks.

    Args:
        who: what the record calls the connection.
        address: from where the server sees the connection.
    """

    who: str
    address: Endpoint
    state: State = State.UNGREETED
    nick: str = ""
    faults: list[Fault] = field(default_factory=list)
    events: list[tuple[Event, bytes]] = field(default_factory=list)
    """Everything that the whole room sees, as it came."""
    whispers: list[str] = field(default_factory=list)
    """The texts of all private messages that came."""
    _unanswered: deque[ClientMessage] = field(default_factory=deque)
    _members: list[str] = field(default_factory=list)
    _list: list[str] = field(default_factory=list)
    _to_come: int | None = None
    _latest: str = ""

    # ---- the client ----

    def client_sent(self, line: bytes) -> ClientMessage | None:
        """A line of the client passes, with its terminator."""
        try:
            message = parse_client_line(_without_end(line))
        except NotALine as wrong:
            self._blame(Role.CLIENT, wrong.broken())
            return None
        except RuleBroken as broken:
            self._blame(Role.CLIENT, broken)
            return None
        if self.state is State.OVER:
            return message
        try:
            self._client_may(message, line)
        except RuleBroken as broken:
            self._blame(Role.CLIENT, broken)
        self._unanswered.append(message)
        return message

    def _client_may(self, message: ClientMessage, line: bytes) -> None:
        inside = self.state is State.PARTICIPANT
        asked = any(isinstance(other, Enter) for other in self._unanswered)
        match message:
            case Enter() if inside or asked:
                raise RuleBroken("TYPE-11", "no further /ENTRAR", line)
            case Public() | Private() | ListParticipants() if not inside:
                raise RuleBroken("TYPE-11", "nothing before the own `ENTROU`", line)
            case _:
                pass

    def client_ended(self, partial: bytes) -> None:
        """The client's stream ends, after these octets of an incomplete line."""
        if partial:
            self._blame(
                Role.CLIENT, RuleBroken("FRAME-1", "lines ended by LF", partial)
            )
        left = any(isinstance(message, Leave) for message in self._unanswered)
        if self.state is State.PARTICIPANT and not left:
            note = "A participant leaves with `/SAIR` or `{quit}`."
            self._blame(
                Role.CLIENT, RuleBroken("QUIT-1", b"/SAIR", "end of stream", note)
            )

    # ---- the server ----

    def server_sent(self, line: bytes) -> ServerMessage | None:
        """A line of the server passes, with its terminator."""
        try:
            message = parse_server_line(_without_end(line))
            self._server_may(message, line)
        except NotALine as wrong:
            self._blame(Role.SERVER, wrong.broken())
            return None
        except RuleBroken as broken:
            self._blame(Role.SERVER, broken)
            return None
        return message

    def _server_may(self, message: ServerMessage, line: bytes) -> None:
        if self.state is State.UNGREETED:
            if not isinstance(message, Greeting):
                raise RuleBroken("GREET-1", "BATEPAPO 1 <software>", line[:-1])
            self.state = State.WAITING
            return
        if self.state is State.OVER:
            raise RuleBroken("STATE-3", "nothing after the last line", line)
        if self._to_come is not None and not isinstance(message, Participants):
            raise RuleBroken("LIST-2", "the rest of the list", line)
        match message:
            case Greeting():
                raise RuleBroken("GREET-1", "one greeting", line)
            case Refused("03"):
                self.state = State.OVER
            case Refused("01", subject):
                wanted = self._answers(Enter, "ENTER-3", line)
                _same(wanted.nick, subject, "ENTER-3", line)
            case Refused(_, subject):
                destination = self._answers(Private, "PRIVATE-2", line).nick
                _same(destination, subject, "PRIVATE-2", line)
                if self._has(destination):
                    raise RuleBroken("PRIVATE-1", f"{destination} is present", line)
            case Participants(remaining, nicks):
                self._take_list(remaining, nicks, line)
            case Entered() | Left() | Said():
                self._take_event(message, line)
                self.events.append((message, line))
            case Whispered(_, origin, text):
                self.whispers.append(text)
                self._take_time(message.time, line)
                if fold_nick(origin.nick) == fold_nick(self.nick):
                    note = self._first(Private, "PRIVATE-3", line)
                    _same(note.text, text, "PRIVATE-1", line)
            case Sent(nick):
                destination = self._answers(Private, "PRIVATE-1", line).nick
                if fold_nick(destination) != fold_nick(nick):
                    raise RuleBroken("PRIVATE-1", f"ENVIADA {destination}", line[:-1])

    def _take_list(self, remaining: int, nicks: tuple[str, ...], line: bytes) -> None:
        if self._to_come is None:
            kind = Enter if self.state is State.WAITING else ListParticipants
            self._first(kind, "LIST-1", line)
            if self.state is State.WAITING:
                self.state = State.LISTING
        elif self._to_come - len(nicks) != remaining:
            note = f"{self._to_come} were still to come before this line."
            raise RuleBroken("LIST-2", "how many remain", line, note)
        self._list += nicks
        self._to_come = remaining or None
        if remaining:
            return
        names, self._list = self._list, []
        if self.state is State.LISTING:
            self._members = names
            return
        self._unanswered.popleft()
        if names != self._members:
            expected = " ".join(("USUARIOS 0", *self._members))
            came = " ".join(("USUARIOS 0", *names))
            rule = "ORDER-3" if self.nick in names else "LIST-1"
            raise RuleBroken(rule, expected.encode(), came.encode())

    def _take_event(self, event: Event, line: bytes) -> None:
        self._take_time(event.time, line)
        mine = bool(self.nick) and event.origin.nick == self.nick
        if self.state is State.LISTING:
            self._take_own_entry(event, line)
            return
        if self.state is not State.PARTICIPANT:
            raise RuleBroken("ENTER-1", "no event before the own `ENTROU`", line)
        match event:
            case Entered(_, origin):
                if self._has(origin.nick):
                    raise RuleBroken("ENTER-3", "a nick that is free", line)
                self._members.append(origin.nick)
            case Left(_, origin) if mine:
                self._answers(Leave, "LEAVE-1", line)
                self.state = State.OVER
            case Left(_, origin):
                if origin.nick not in self._members:
                    raise RuleBroken("LEAVE-4", "`SAIU` of somebody present", line)
                self._members.remove(origin.nick)
            case Said(_, origin, text) if mine:
                _same(
                    self._answers(Public, "PUBLIC-1", line).text, text, "PUBLIC-2", line
                )
            case Said(_, origin, _):
                if origin.nick not in self._members:
                    raise RuleBroken("ORDER-1", "a message of somebody present", line)

    def _take_own_entry(self, event: Event, line: bytes) -> None:
        wanted = self._answers(Enter, "ENTER-1", line).nick
        if not isinstance(event, Entered):
            raise RuleBroken("ENTER-1", f"ENTROU <time> {wanted}@", line)
        _same(wanted, event.origin.nick, "ENTER-2", line)
        here = Origin(wanted, *self.address)
        if event.origin.address is not None and event.origin != here:
            raise RuleBroken("EVENT-3", f"ENTROU <time> {here}", line[:-1])
        self.nick = wanted
        self._members.append(wanted)
        self.state = State.PARTICIPANT

    def _take_time(self, time: str, line: bytes) -> None:
        if time < self._latest:
            raise RuleBroken("ORDER-4", f"a time not before {self._latest}", line)
        self._latest = time

    def server_ended(self, partial: bytes) -> None:
        """The server's stream ends, after these octets of an incomplete line."""
        if partial:
            self._blame(
                Role.SERVER, RuleBroken("FRAME-1", "lines ended by LF", partial)
            )
        if self.state is State.PARTICIPANT:
            broken = RuleBroken("LEAVE-1", "SAIU <time> <origin>", "end of stream")
            self._blame(Role.SERVER, broken)
        self.state = State.OVER

    # ---- what answers what ----

    def _first(self, kind: type[_Message], rule: str, line: bytes) -> _Message:
        """The line that this one answers, which has to be of this kind."""
        if not self._unanswered:
            raise RuleBroken(rule, "nothing: no line is unanswered", line)
        first = self._unanswered[0]
        if not isinstance(first, kind):
            note = f"The line to be answered is `{encode(first).decode().strip()}`."
            raise RuleBroken("ORDER-2", "the answer to an earlier line", line, note)
        return first

    def _answers(self, kind: type[_Message], rule: str, line: bytes) -> _Message:
        """The same, and with this it has been answered."""
        first = self._first(kind, rule, line)
        self._unanswered.popleft()
        return first

    def _has(self, nick: str) -> bool:
        return fold_nick(nick) in map(fold_nick, self._members)

    def _blame(self, side: Role, broken: RuleBroken) -> None:
        self.faults.append(Fault(side, self.who, broken))


def _same(expected: str, actual: str, rule: str, line: bytes) -> None:
    if expected != actual:
        note = f"In the line `{visible(line)}`."
        raise RuleBroken(rule, expected.encode(), actual.encode(), note)


def _without_end(line: bytes) -> bytes:
    """The line itself, which LF alone has to end (FRAME-1).

    Raises:
        RuleBroken: CR LF ends it, or nothing does.
    """
    if not line.endswith(b"\n") or line.endswith(b"\r\n"):
        raise RuleBroken("FRAME-1", "LF alone at the end", line)
    return line[:-1]
