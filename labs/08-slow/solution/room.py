"""Who is here, and what becomes of a request (sections 4 and 5)."""

import queue
import socket
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from enum import Enum, auto

from messages import Enter, Leave, ListParticipants, Private, Public, Request
from outbox import Outbox

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
    """One connection: its socket, and what the room knows of it.

    `address` is where it comes from, as `address:port`; the nick is "" until it
    has entered.
    """

    def __init__(self, sock: socket.socket, address: str) -> None:
        self.sock = sock
        self.address = address
        self.nick = ""
        self.state = State.WAITING
        self.outbox = Outbox(sock)
        self.is_gone = threading.Event()  # set when its socket has been closed

    @property
    def origin(self) -> str:
        """What others see of it (EVENT-3)."""
        return f"{self.nick}@{self.address}"

    def send(self, line: str) -> None:
        """Send one line, now or later: nobody waits for it here (SLOW-1)."""
        log(f"{self.address} <- {line.partition(' ')[0]}")
        self.outbox.put(f"{line}\n".encode("ascii"))


class Room:
    """All participants, in order of entry.

    Whoever calls it sees to it that nobody else does so at the same time: what looks
    like one step in here is many, and each line goes out to one after the other.
    """

    def __init__(self) -> None:
        self._latest = ""  # the time of the last event
        self._present: dict[str, Visitor] = {}  # by nick, in lower case
        self._connected: set[Visitor] = set()  # also those who wait

    def greet(self, visitor: Visitor) -> None:
        """Begin with a connection: the server speaks first (GREET-1)."""
        self._connected.add(visitor)
        visitor.send("BATEPAPO 1 meu-servidor")

    def carry_out(self, visitor: Visitor, request: Request) -> None:
        """Do what a visitor asks for, and let those go who do not read.

        Raises:
            OutOfState: it must not ask for that now.
        """
        if not visitor.outbox.is_cut:
            self._carry_out(visitor, request)
        self._cut_off(visitor)

    def _carry_out(self, visitor: Visitor, request: Request) -> None:
        """Do what a visitor asks for: the table of section 4.1."""
        match visitor.state, request:
            case State.CLOSED, _:
                pass  # STATE-3
            case _, Leave():
                self._depart(visitor, "saiu porque quis (LEAVE-1)", by_word=True)
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

    def depart(self, visitor: Visitor, reason: str) -> None:
        """End a visitor's part, however it came about; its socket may be closed."""
        self._connected.discard(visitor)
        self._depart(visitor, reason)
        self._cut_off(visitor)

    def end(self) -> list[Visitor]:
        """Tell everyone that the server ends (END-1); gives whom it has told."""
        everyone = [one for one in self._connected if one.state is not State.CLOSED]
        for one in everyone:
            one.state = State.CLOSED
            one.send("ERRO 03 fim :o servidor termina (END-1)")
            one.outbox.finish()
        return everyone

    def _cut_off(self, visitor: Visitor) -> None:
        """Let those depart whose outbox was cut off, this visitor included (SLOW-2).

        Whatever filled it has been sent to all by now, so it comes first (ORDER-5).
        """
        for one in [visitor, *self._present.values()]:
            if one.outbox.is_cut and one.state is not State.CLOSED:
                self._depart(one, "nao le o que recebe (SLOW-2, SLOW-5)")
                self._cut_off(visitor)  # the SAIU may have filled another one
                return

    def _depart(self, visitor: Visitor, reason: str, *, by_word: bool = False) -> None:
        """The others see its `SAIU`, if it had entered; itself, if it said goodbye."""
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


_LOG: "queue.Queue[str]" = queue.Queue(1000)


def log(text: str) -> None:
    """Tell the operator, with the time (LOG-1); never what people say (LOG-2).

    A line is lost rather than waited for, if nobody reads the log (SLOW-7).
    """
    with suppress(queue.Full):
        _LOG.put_nowait(f"{now()} {text}")


def write_log() -> None:
    """Write the log for ever: the body of a thread."""
    while True:
        print(_LOG.get(), file=sys.stderr)
