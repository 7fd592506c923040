"""The vocabulary of the wire: frozen values, parsed and formatted (section 3).

The patterns below are `spec/grammar.abnf`, rule by rule. All are matched whole
(`fullmatch`), because `$` would let a line feed through.
"""

import re
from dataclasses import dataclass

from .errors import InvalidServer, Malformed, Problem


@dataclass(frozen=True, slots=True)
class Enter:
    """`/ENTRAR nick`: enter the room under this nick."""

    nick: str


@dataclass(frozen=True, slots=True)
class Public:
    """`:text`: a message for everyone."""

    text: str


@dataclass(frozen=True, slots=True)
class Private:
    """`nick:text`: a message for one participant."""

    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class ListParticipants:
    """`/USUARIOS`: who is here?"""


@dataclass(frozen=True, slots=True)
class Leave:
    """`/SAIR`, or `{quit}`, which means the same."""


Request = Enter | Public | Private | ListParticipants | Leave


@dataclass(frozen=True, slots=True)
class Greeting:
    """`BATEPAPO 1 software`: the first line of every connection."""

    software: str


@dataclass(frozen=True, slots=True)
class Participants:
    """`USUARIOS remaining nick ...`: a line of a list, in order of entry."""

    remaining: int
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """`ENTROU time nick@address`: somebody entered."""

    time: str
    nick: str
    address: str


@dataclass(frozen=True, slots=True)
class Left:
    """`SAIU time nick@address :reason`: somebody left."""

    time: str
    nick: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Said:
    """`PUBLICA time nick@address :text`: a public message."""

    time: str
    nick: str
    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Whispered:
    """`PRIVADA time nick@address :text`: a private message for the receiver."""

    time: str
    nick: str
    address: str
    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """`ENVIADA nick`: the private message was put on that nick's stream."""

    nick: str


@dataclass(frozen=True, slots=True)
class Refused:
    """`ERRO code subject :explanation`; the subject is a nick or a cause."""

    code: str
    subject: str
    explanation: str


ServerMessage = (
    Greeting | Participants | Entered | Left | Said | Whispered | Sent | Refused
)

_NICK = r"[A-Za-z][A-Za-z0-9_-]{0,15}"
_TEXT = r"[\x20-\x7e]{1,400}"
_TIME = (
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_DEC_OCTET = r"(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
_ADDRESS = rf"(?:{_DEC_OCTET}(?:\.{_DEC_OCTET}){{3}}|\[[0-9a-f:.]{{2,45}}\])"
_PORT = (
    r"(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}"
    r"|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
)
_ORIGIN = rf"({_NICK})@(-|{_ADDRESS}:{_PORT})"
_CAUSE = "sintaxe|estado|tempo|cheio|limite|fim"

_ENTER = re.compile(rf"/ENTRAR ({_NICK})".encode())
_MESSAGE = re.compile(rf"({_NICK})?:({_TEXT})".encode())
_GREETING = re.compile(rb"BATEPAPO 1 ([\x21-\x7e]{1,64})")
_PARTICIPANTS = re.compile(
    rf"USUARIOS (?:0|(0|[1-9][0-9]{{0,8}})((?: {_NICK})+))".encode()
)
_ENTERED = re.compile(rf"ENTROU ({_TIME}) {_ORIGIN}".encode())
_WITH_TEXT = re.compile(
    rf"(SAIU|PUBLICA|PRIVADA) ({_TIME}) {_ORIGIN} :({_TEXT})".encode()
)
_SENT = re.compile(rf"ENVIADA ({_NICK})".encode())
_REFUSED = re.compile(rf"ERRO (?:0[12] {_NICK}|03 (?:{_CAUSE})) :{_TEXT}".encode())
_WHOLE_NICK = re.compile(_NICK)


def parse_request(line: bytes) -> Request:
    """Read a client's line, given without its terminator.

    Raises:
        Malformed: the grammar does not derive it; the client's fault (FRAME-4).
    """
    if found := _MESSAGE.fullmatch(line):
        nick, text = found.groups()
        if nick is None:
            return Public(text.decode("ascii"))
        return Private(nick.decode("ascii"), text.decode("ascii"))
    if line == b"/USUARIOS":
        return ListParticipants()
    if line in (b"/SAIR", b"{quit}"):
        return Leave()
    if found := _ENTER.fullmatch(line):
        return Enter(found[1].decode("ascii"))
    raise Malformed


def parse_server_message(line: bytes) -> ServerMessage:
    """Read a server's line, given without its terminator.

    Raises:
        InvalidServer: the grammar does not derive it; the server's fault (FAIL-4).
    """
    keyword = line.partition(b" ")[0]
    match keyword:
        case b"PUBLICA" | b"PRIVADA" | b"SAIU" if found := _WITH_TEXT.fullmatch(line):
            return _with_text(*(group.decode("ascii") for group in found.groups()))
        case b"ENTROU" if found := _ENTERED.fullmatch(line):
            return Entered(*(group.decode("ascii") for group in found.groups()))
        case b"ENVIADA" if found := _SENT.fullmatch(line):
            return Sent(found[1].decode("ascii"))
        case b"USUARIOS" if found := _PARTICIPANTS.fullmatch(line):
            nicks = (found[2] or b"").decode("ascii").split()
            return Participants(int(found[1] or 0), tuple(nicks))
        case b"ERRO" if _REFUSED.fullmatch(line):
            _, code, subject, explanation = line.decode("ascii").split(" ", 3)
            return Refused(code, subject, explanation[1:])
        case b"BATEPAPO" if found := _GREETING.fullmatch(line):
            return Greeting(found[1].decode("ascii"))
        case _:
            raise InvalidServer(Problem.LINE)


def format_message(message: Request | ServerMessage) -> bytes:
    """Write a message as its line, LF included (FRAME-1)."""
    return f"{_line(message)}\n".encode("ascii")


def is_nick(text: str) -> bool:
    """Whether the grammar derives this text as a nick (ENTER-6)."""
    return _WHOLE_NICK.fullmatch(text) is not None


def fold_nick(nick: str) -> str:
    """Give the form under which two nicks compare equal (section 3)."""
    return nick.lower()  # a nick is ASCII: nothing but A to Z is folded


def _with_text(
    keyword: str, time: str, nick: str, address: str, text: str
) -> Left | Said | Whispered:
    match keyword:
        case "PUBLICA":
            return Said(time, nick, address, text)
        case "PRIVADA":
            return Whispered(time, nick, address, text)
        case _:
            return Left(time, nick, address, text)


def _line(message: Request | ServerMessage) -> str:
    match message:
        case Said(time, nick, address, text):
            return f"PUBLICA {time} {nick}@{address} :{text}"
        case Whispered(time, nick, address, text):
            return f"PRIVADA {time} {nick}@{address} :{text}"
        case Sent(nick):
            return f"ENVIADA {nick}"
        case Entered(time, nick, address):
            return f"ENTROU {time} {nick}@{address}"
        case Left(time, nick, address, reason):
            return f"SAIU {time} {nick}@{address} :{reason}"
        case Participants(remaining, nicks):
            return " ".join(("USUARIOS", str(remaining), *nicks))
        case Refused(code, subject, explanation):
            return f"ERRO {code} {subject} :{explanation}"
        case Greeting(software):
            return f"BATEPAPO 1 {software}"
        case Enter(nick):
            return f"/ENTRAR {nick}"
        case Public(text):
            return f":{text}"
        case Private(nick, text):
            return f"{nick}:{text}"
        case ListParticipants():
            return "/USUARIOS"
        case Leave():
            return "/SAIR"
