"""The suite's own reading of the grammar (section 3): lines to values and back.

Written from `grammar.abnf` alone, and shared with no implementation. A line
that the grammar does not derive is refused with the rule that it breaks and
the octet at which it does; its sender is to blame for it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn

from batepapo_conformance.failure import RuleBroken, visible

LINE: Final = 512
"""Octets of a line, its terminator included (FRAME-5)."""

TEXT: Final = 400
"""Octets of a text, an explanation or a reason (section 8)."""

_NICK = re.compile(rb"[A-Za-z][A-Za-z0-9_-]{0,15}")
_TIME = re.compile(
    rb"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    rb"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9][0-9]|[0-9])"
_IPV4 = re.compile(rb"%b(?:\.%b){3}" % (_OCTET, _OCTET))
_IPV6 = re.compile(rb"\[([0-9a-f:.]{2,45})\]")
_PORT = re.compile(
    rb"6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}"
    rb"|[1-5][0-9]{4}|[1-9][0-9]{0,3}"
)
_TEXT = re.compile(rb"[\x20-\x7E]{1,400}")
_SOFTWARE = re.compile(rb"[\x21-\x7E]{1,64}")
_REMAINING = re.compile(rb"0|[1-9][0-9]{0,8}")
_CODE = re.compile(rb"0[123]")
_CAUSE = re.compile(rb"sintaxe|estado|tempo|cheio|limite|fim")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who, and from where; `address` and `port` are `None` where hidden.

    An IPv6 address stands without its brackets. What is in brackets without
    a colon (the grammar does not look inside any further) keeps them.
    """

    nick: str
    address: str | None
    port: int | None

    def __str__(self) -> str:
        if self.address is None:
            return f"{self.nick}@-"
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.nick}@{address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Enter:
    """`/ENTRAR nick` (section 5.2)."""

    nick: str


@dataclass(frozen=True, slots=True)
class Public:
    """`:text`, for everyone (section 5.3)."""

    text: str


@dataclass(frozen=True, slots=True)
class Private:
    """`nick:text`, for one (section 5.4)."""

    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class ListParticipants:
    """`/USUARIOS` (section 5.5)."""


@dataclass(frozen=True, slots=True)
class Leave:
    """`/SAIR` or `{quit}` (section 5.6): `word` says which."""

    word: str = "/SAIR"


ClientMessage = Enter | Public | Private | ListParticipants | Leave


@dataclass(frozen=True, slots=True)
class Greeting:
    """`BATEPAPO 1 software` (section 5.1)."""

    software: str


@dataclass(frozen=True, slots=True)
class Participants:
    """`USUARIOS remaining nick nick ...` (section 5.5): one line of a list."""

    remaining: int
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """`ENTROU time origin` (section 5.2)."""

    time: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Left:
    """`SAIU time origin :reason` (section 5.6)."""

    time: str
    origin: Origin
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """`PUBLICA time origin :text` (section 5.3)."""

    time: str
    origin: Origin
    text: str


@dataclass(frozen=True, slots=True)
class Whispered:
    """`PRIVADA time origin :text` (section 5.4)."""

    time: str
    origin: Origin
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """`ENVIADA nick` (section 5.4)."""

    nick: str


@dataclass(frozen=True, slots=True)
class Refused:
    """`ERRO code subject :explanation` (section 7)."""

    code: str
    subject: str
    explanation: str


ServerMessage = (
    Greeting | Participants | Entered | Left | Said | Whispered | Sent | Refused
)


class NotALine(Exception):
    """A line that the grammar does not derive: the fault of who sent it.

    `rule` is the requirement that it breaks, `at` the index of the octet at
    which it does, `expected` what could have stood there.
    """

    def __init__(self, rule: str, line: bytes, at: int, expected: str) -> None:
        super().__init__(f"{rule}: {visible(line)} at octet {at}: expected {expected}")
        self.rule = rule
        self.line = line
        self.at = at
        self.expected = expected

    def broken(self) -> RuleBroken:
        """The same as a failure of the testee that sent the line."""
        expected = f"{self.expected} at octet {self.at}"
        return RuleBroken(self.rule, expected, self.line, at=self.at)


class _Cursor:
    """A line, and how far it has been read."""

    def __init__(self, line: bytes) -> None:
        self.line = line
        self.place = 0
        if len(line) >= LINE:
            self.place = LINE - 1
            self.refuse("FRAME-1", f"a line of at most {LINE} octets, LF included")

    def starts(self, literal: bytes) -> bool:
        return self.line.startswith(literal, self.place)

    def skip(self, literal: bytes, rule: str = "FRAME-1") -> None:
        if self.starts(literal):
            self.place += len(literal)
            return
        for octet in literal:
            if not self.starts(bytes([octet])):
                self.refuse(rule, f"`{visible(literal)}`")
            self.place += 1

    def take(self, form: re.Pattern[bytes], what: str, rule: str = "FRAME-1") -> str:
        match = form.match(self.line, self.place)
        if match is None:
            self.refuse(rule, what)
        self.place = match.end()
        return match[0].decode("ascii")

    def take_text(self, rule: str = "FRAME-1") -> str:
        text = self.take(_TEXT, "1 to 400 octets %x20-7E", rule)
        if len(text) < TEXT:
            self.end("%x20-7E, or the end of the line")
        self.end(f"no more than {TEXT} octets of text", rule)
        return text

    def take_nick(self) -> str:
        return self.take(_NICK, "a nick")

    def take_origin(self) -> Origin:
        nick = self.take_nick()
        self.skip(b"@", "EVENT-3")
        if self.starts(b"-"):
            self.skip(b"-")
            return Origin(nick, None, None)
        bracketed = self.starts(b"[")
        address = self.take(_IPV6 if bracketed else _IPV4, "an address", "EVENT-3")
        self.skip(b":", "EVENT-3")
        port = int(self.take(_PORT, "a port", "EVENT-3"))
        return Origin(nick, address.strip("[]") if ":" in address else address, port)

    def take_event(self) -> tuple[str, Origin]:
        time = self.take(_TIME, "a time like 2026-01-31T12:00:00.000Z", "EVENT-2")
        self.skip(b" ")
        return time, self.take_origin()

    def end(self, what: str = "the end of the line", rule: str = "FRAME-1") -> None:
        if self.line[self.place :] == b"\r":
            self.refuse("FRAME-1", "LF alone")
        if self.place != len(self.line):
            self.refuse(rule, what)

    def refuse(self, rule: str, expected: str) -> NoReturn:
        raise NotALine(rule, self.line, self.place, expected)


def is_nick(text: str) -> bool:
    """Whether the grammar derives `text` as a nick."""
    return text.isascii() and _NICK.fullmatch(text.encode()) is not None


def fold_nick(nick: str) -> str:
    """A nick as it is compared: `A` to `Z` equal `a` to `z` (section 3)."""
    return nick.lower()


def parse_client_line(line: bytes) -> ClientMessage:
    """What a client sent, without its terminator; nothing is stripped.

    Raises:
        NotALine: `client-message` does not derive it: the client's fault.
    """
    cursor = _Cursor(line)
    if cursor.starts(b"/E"):
        cursor.skip(b"/ENTRAR ")
        message: ClientMessage = Enter(cursor.take_nick())
    elif cursor.starts(b"/U"):
        cursor.skip(b"/USUARIOS")
        message = ListParticipants()
    elif cursor.starts(b"/") or cursor.starts(b"{"):
        word = b"/SAIR" if cursor.starts(b"/") else b"{quit}"
        cursor.skip(word)
        message = Leave(word.decode())
    elif cursor.starts(b":"):
        cursor.skip(b":")
        message = Public(cursor.take_text())
    else:
        nick = cursor.take(_NICK, "a nick, `:`, `/` or `{quit}`")
        cursor.skip(b":")
        message = Private(nick, cursor.take_text())
    cursor.end()
    return message


def parse_server_line(line: bytes) -> ServerMessage:
    """What a server sent, without its terminator; nothing is stripped.

    Raises:
        NotALine: `server-message` does not derive it: the server's fault.
    """
    cursor = _Cursor(line)
    keyword = line.partition(b" ")[0]
    if keyword in _PARTS:
        cursor.skip(keyword + b" ")
        message = _PARTS[keyword](cursor)
        cursor.end()
        return message
    cursor.refuse("FRAME-1", "a keyword of section 5")


def _greeting(cursor: _Cursor) -> ServerMessage:
    cursor.skip(b"1 ", "GREET-1")
    software = cursor.take(_SOFTWARE, "1 to 64 octets %x21-7E", "GREET-2")
    cursor.end("one token of 1 to 64 octets %x21-7E", "GREET-2")
    return Greeting(software)


def _participants(cursor: _Cursor) -> ServerMessage:
    remaining = int(cursor.take(_REMAINING, "how many nicks remain", "LIST-2"))
    nicks = []
    while cursor.starts(b" "):
        cursor.skip(b" ")
        nicks.append(cursor.take_nick())
    if remaining and not nicks:
        cursor.refuse("LIST-2", "at least one nick")
    return Participants(remaining, tuple(nicks))


def _entered(cursor: _Cursor) -> ServerMessage:
    return Entered(*cursor.take_event())


def _left(cursor: _Cursor) -> ServerMessage:
    time, origin = cursor.take_event()
    cursor.skip(b" :")
    return Left(time, origin, cursor.take_text("ERROR-2"))


def _said(cursor: _Cursor) -> ServerMessage:
    time, origin = cursor.take_event()
    cursor.skip(b" :")
    return Said(time, origin, cursor.take_text())


def _whispered(cursor: _Cursor) -> ServerMessage:
    time, origin = cursor.take_event()
    cursor.skip(b" :")
    return Whispered(time, origin, cursor.take_text())


def _sent(cursor: _Cursor) -> ServerMessage:
    return Sent(cursor.take_nick())


def _refused(cursor: _Cursor) -> ServerMessage:
    rule = "ERROR-4" if cursor.starts(b"04") or cursor.starts(b"05") else "FRAME-1"
    code = cursor.take(_CODE, "`01`, `02` or `03`", rule)
    cursor.skip(b" ")
    if code == "03":
        subject = cursor.take(_CAUSE, "a cause of section 7", "ERROR-1")
    else:
        subject = cursor.take_nick()
    cursor.skip(b" :")
    return Refused(code, subject, cursor.take_text("ERROR-2"))


_PARTS: Final[dict[bytes, Callable[[_Cursor], ServerMessage]]] = {
    b"BATEPAPO": _greeting,
    b"USUARIOS": _participants,
    b"ENTROU": _entered,
    b"SAIU": _left,
    b"PUBLICA": _said,
    b"PRIVADA": _whispered,
    b"ENVIADA": _sent,
    b"ERRO": _refused,
}


def encode(message: ClientMessage | ServerMessage) -> bytes:
    """The line of a message, with its LF; unchecked, so that a check can lie."""
    return f"{_written(message)}\n".encode("ascii")


def _written(message: ClientMessage | ServerMessage) -> str:
    match message:
        case Enter(nick):
            return f"/ENTRAR {nick}"
        case Public(text):
            return f":{text}"
        case Private(nick, text):
            return f"{nick}:{text}"
        case ListParticipants():
            return "/USUARIOS"
        case Leave(word):
            return word
        case Greeting(software):
            return f"BATEPAPO 1 {software}"
        case Participants(remaining, nicks):
            return " ".join(("USUARIOS", str(remaining), *nicks))
        case Entered(time, origin):
            return f"ENTROU {time} {origin}"
        case Left(time, origin, reason):
            return f"SAIU {time} {origin} :{reason}"
        case Said(time, origin, text):
            return f"PUBLICA {time} {origin} :{text}"
        case Whispered(time, origin, text):
            return f"PRIVADA {time} {origin} :{text}"
        case Sent(nick):
            return f"ENVIADA {nick}"
        case Refused(code, subject, explanation):
            return f"ERRO {code} {subject} :{explanation}"
