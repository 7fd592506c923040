"""Who is here, and what becomes of a request (sections 4 and 5)."""

import sys
from asyncio import StreamWriter
from datetime import UTC, datetime
from enum import Enum, auto

from messages import Enter, Leave, ListParticipants, Private, Public, Request

NICKS_PER_LINE = 28
"""28 nicks of 16 octets, and what stands before them, fit into 512 octets (LIST-2)."""


class OutOfState(Exception):
    """A good line at the wrong time: the fault of its sender (STATE-1, STATE-2)."""


class State(Enum):
    """Where a connection stands (section 4.1)."""

    WAITING = auto()
    PARTICIPANT = auto()
    CLOSED = auto()


class Visitor:
    """One connection: its writer, and what the room knows of it.

    `address` is where it comes from, as `address:port`; the nick is "" until it
    has entered.
    """

    def __init__(self, writer: StreamWriter, address: str) -> None:
        self.writer = writer
        self.address = address
        self.nick = ""
        self.state = State.WAITING

    @property
    def origin(self) -> str:
        """What others see of it (EVENT-3)."""
        return f"{self.nick}@{self.address}"

    def send(self, line: str) -> None:
        """Send one line, now or later: nobody waits for it here (SLOW-1)."""
        log(f"{self.address} <- {line.partition(' ')[0]}")
        self.writer.write(f"{line}\n".encode("ascii"))


class Room:
    """All participants, in order of entry.

    Whoever calls it sees to it that nobody else does so at the same time: what looks
    like one step in here is many, and each line goes out to one after the other.
    """

    def __init__(self) -> None:
        self._latest = ""  # the time of the last event
        self._present: dict[str, Visitor] = {}  # by nick, in lower case

    def carry_out(self, visitor: Visitor, request: Request) -> None:
        """Do what a visitor asks for: the table of section 4.1.

        Raises:
            OutOfState: it must not ask for that now.
        """
        match visitor.state, request:
            case _, Leave():
                self.depart(visitor, "saiu porque quis (LEAVE-1)", by_word=True)
            case State.WAITING, Enter(nick):
                self._enter(visitor, nick)
            case State.PARTICIPANT, Public(text):  # PUBLIC-1: to the sender, too
                self._tell_all(f"PUBLICA {self._time()} {visitor.origin} :{text}")
            case State.PARTICIPANT, Private(nick, text):
                self._whisper(visitor, nick, text)
            case State.PARTICIPANT, ListParticipants():
                self._send_list(visitor)  # LIST-1: to the one that asked
            case _:
                raise OutOfState

    def depart(self, visitor: Visitor, reason: str, *, by_word: bool = False) -> None:
        """End a visitor's part, however it came about.

        If it was a participant, the others see `SAIU`; itself, if it said goodbye.
        """
        entered = visitor.state is State.PARTICIPANT
        visitor.state = State.CLOSED
        if entered:
            log(f"{visitor.origin} sai: {reason}")
            del self._present[visitor.nick.lower()]  # before anybody hears: ENTER-5
            line = f"SAIU {self._time()} {visitor.origin} :{reason}"
            self._tell_all(line)  # LEAVE-3
            if by_word:
                visitor.send(line)  # LEAVE-1

    def _enter(self, visitor: Visitor, nick: str) -> None:
        if nick.lower() in self._present:  # ENTER-3
            visitor.send(f"ERRO 01 {nick} :este nick ja esta em uso (ENTER-3)")
            return
        log(f"{visitor.address} entra como {nick}")
        self._send_list(visitor)  # ENTER-1: those who were here before
        visitor.nick, visitor.state = nick, State.PARTICIPANT
        self._present[nick.lower()] = visitor
        self._tell_all(f"ENTROU {self._time()} {visitor.origin}")

    def _whisper(self, visitor: Visitor, nick: str, text: str) -> None:
        receiver = self._present.get(nick.lower())
        if receiver is None:
            visitor.send(f"ERRO 02 {nick} :nao ha ninguem com este nick (PRIVATE-2)")
            return
        receiver.send(f"PRIVADA {self._time()} {visitor.origin} :{text}")  # PRIVATE-1
        visitor.send(f"ENVIADA {receiver.nick}")  # after it, also to oneself: PRIVATE-3

    def _send_list(self, visitor: Visitor) -> None:
        """Send everyone's nick, in as many lines as it takes (LIST-2)."""
        nicks = [one.nick for one in self._present.values()]
        while True:
            some, nicks = nicks[:NICKS_PER_LINE], nicks[NICKS_PER_LINE:]
            visitor.send(" ".join([f"USUARIOS {len(nicks)}", *some]))
            if not nicks:
                return

    def _time(self) -> str:
        """Give the time of the next event: never before the last one (ORDER-4)."""
        self._latest = max(self._latest, now())
        return self._latest

    def _tell_all(self, line: str) -> None:
        """Send everyone the same line: one event, one time (EVENT-1)."""
        for one in self._present.values():
            one.send(line)


def now() -> str:
    """Give the time: UTC, with milliseconds (EVENT-2)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def log(text: str) -> None:
    """Tell the operator, with the time (LOG-1); never what people say (LOG-2)."""
    print(f"{now()} {text}\n", end="", file=sys.stderr)  # in one piece
