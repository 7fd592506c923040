"""What is said to a server, in its own language, and what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

_CHANNEL: Final = b"#bench"
# As long as that of a participant with five digits, on this machine.
_ORIGIN: Final = b"PUBLICA 2026-01-01T00:00:00.000Z n00000@127.0.0.1:50000"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that is sent, and what the answer contains once it is done."""

    sends: bytes
    until: bytes


class Dialect(Protocol):
    """How one kind of server is talked to. Every line has its terminator."""

    end: bytes
    """What ends the lines that it sends."""
    echoes: bool
    """Whether who says something to all receives it, too."""
    whispers: bool
    """Whether there are messages for one participant, lists, and departures."""

    def entering(self, nick: bytes) -> Sequence[Step]:
        """From a fresh connection to a participant of the room."""
        ...

    def to_all(self, text: bytes) -> bytes:
        """A message for everyone."""
        ...

    def to_one(self, nick: bytes, text: bytes) -> bytes:
        """A message for one participant."""
        ...

    def who(self) -> bytes:
        """The question who is here."""
        ...

    def leaving(self) -> bytes:
        """A polite departure."""
        ...


class Batepapo:
    """Our protocol: sections 5.2 to 5.6 of the specification."""

    end = b"\n"
    echoes = True
    whispers = True

    def entering(self, nick: bytes) -> Sequence[Step]:
        """One's own `ENTROU` is the acknowledgement (ENTER-1)."""
        return (Step(b"/ENTRAR %b\n" % nick, b" %b@" % nick),)

    def to_all(self, text: bytes) -> bytes:
        """Everyone receives it, the sender included (PUBLIC-1)."""
        return b":%b\n" % text

    def to_one(self, nick: bytes, text: bytes) -> bytes:
        """The destination receives it, and the sender `ENVIADA` (PRIVATE-1)."""
        return b"%b:%b\n" % (nick, text)

    def who(self) -> bytes:
        """The list comes in one or more lines (LIST-2)."""
        return b"/USUARIOS\n"

    def leaving(self) -> bytes:
        """The server closes after the last line (LEAVE-1)."""
        return b"/SAIR\n"


class Irc:
    """IRC: everyone is in one channel. Who says something does not receive it."""

    end = b"\r\n"
    echoes = False
    whispers = True

    def entering(self, nick: bytes) -> Sequence[Step]:
        """Registration is done with numeric 001, joining with the end of the list."""
        register = b"NICK %b\r\nUSER %b 0 * :%b\r\n" % (nick, nick, nick)
        return (
            Step(register, b" 001 "),
            Step(b"JOIN %b\r\n" % _CHANNEL, b" 366 "),
        )

    def to_all(self, text: bytes) -> bytes:
        """Everyone in the channel receives it but the sender."""
        return b"PRIVMSG %b :%b\r\n" % (_CHANNEL, text)

    def to_one(self, nick: bytes, text: bytes) -> bytes:
        """The destination receives it; the sender hears nothing."""
        return b"PRIVMSG %b :%b\r\n" % (nick, text)

    def who(self) -> bytes:
        """The list comes in one or more lines."""
        return b"NAMES %b\r\n" % _CHANNEL

    def leaving(self) -> bytes:
        """The server says ERROR and closes."""
        return b"QUIT :bye\r\n"


class Bare:
    """The bare relay: whatever line anybody sends, everyone receives as it is."""

    end = b"\n"
    echoes = True
    whispers = False

    def entering(self, nick: bytes) -> Sequence[Step]:
        """Nothing is to be done but to be connected; the line proves that one is."""
        return (Step(b"/%b\n" % nick, b"/%b\n" % nick),)

    def to_all(self, text: bytes) -> bytes:
        """As long as what our servers make of it: the same octets are to be carried."""
        return b"%b :%b\n" % (_ORIGIN, text)

    def to_one(self, nick: bytes, text: bytes) -> bytes:
        """There is no such thing: `whispers` is false."""
        raise NotImplementedError

    def who(self) -> bytes:
        """There is no such thing: `whispers` is false."""
        raise NotImplementedError

    def leaving(self) -> bytes:
        """There is no such thing: `whispers` is false."""
        raise NotImplementedError
