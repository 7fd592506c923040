"""The wire's vocabulary: every message as a value, parsed and formatted (section 3).

A message that exists is well formed as far as `parse_request` or `parse_server_message`
made it. Texts and nicks are `str` of ASCII, so that their length is their octets.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .errors import InvalidServer, Malformed, Problem
from .limits import EXPLANATION, NICK, SOFTWARE, TEXT

# ---- what a client sends ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Enter:
    """`/ENTRAR nick`: enter the room (section 5.2)."""

    nick: str


@dataclass(frozen=True, slots=True)
class Public:
    """`:text`: say it to all (section 5.3)."""

    text: str


@dataclass(frozen=True, slots=True)
class Private:
    """`nick:text`: say it to one (section 5.4)."""

    nick: str
    text: str


@dataclass(frozen=True, slots=True)
class ListParticipants:
    """`/USUARIOS`: who is here? (section 5.5)."""


@dataclass(frozen=True, slots=True)
class Leave:
    """`/SAIR`, or `{quit}`, which means the same (section 5.6)."""


Request = Enter | Public | Private | ListParticipants | Leave

# ---- what a server sends ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Greeting:
    """`BATEPAPO 1 software`: the first line of every connection (section 5.1)."""

    software: str


@dataclass(frozen=True, slots=True)
class Participants:
    """`USUARIOS remaining nick ...`: one line of a list (section 5.5)."""

    remaining: int
    nicks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Stamped:
    time: str  # always 24 octets; the order of the texts is the order of the times
    origin: str

    @property
    def nick(self) -> str:
        return self.origin.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Entered(_Stamped):
    """`ENTROU time origin`: somebody entered (section 5.2)."""


@dataclass(frozen=True, slots=True)
class Left(_Stamped):
    """`SAIU time origin :reason`: somebody left (section 5.6)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Said(_Stamped):
    """`PUBLICA time origin :text`: said to all (section 5.3)."""

    text: str


@dataclass(frozen=True, slots=True)
class Whispered(_Stamped):
    """`PRIVADA time origin :text`: said to you alone (section 5.4)."""

    text: str


@dataclass(frozen=True, slots=True)
class Sent:
    """`ENVIADA nick`: your private message is on that one's stream (section 5.4)."""

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

# ---- the grammar, in the names of grammar.abnf --------------------------------------

_NICK = rb"[A-Za-z][A-Za-z0-9_-]{0,%d}" % (NICK - 1)
_TEXT = rb"[ -~]{1,%d}" % TEXT
_EXPLANATION = rb"[ -~]{1,%d}" % EXPLANATION
_TIME = (
    rb"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    rb"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_ADDRESS = rb"(?:%b(?:\.%b){3}|\[[0-9a-f:.]{2,45}\])" % (_OCTET, _OCTET)
_PORT = (
    rb"(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}"
    rb"|[1-9][0-9]{0,3})"
)
_ORIGIN = rb"%b@(?:-|%b:%b)" % (_NICK, _ADDRESS, _PORT)
_CAUSE = rb"sintaxe|estado|tempo|cheio|limite|fim"

_enter = re.compile(rb"/ENTRAR (%b)" % _NICK)
_public = re.compile(rb":(%b)" % _TEXT)
_private = re.compile(rb"(%b):(%b)" % (_NICK, _TEXT))

_greeting = re.compile(rb"BATEPAPO 1 ([!-~]{1,%d})" % SOFTWARE)
_participants = re.compile(rb"USUARIOS (?:0|(0|[1-9][0-9]{0,8})((?: %b)+))" % _NICK)
_entered = re.compile(rb"ENTROU (%b) (%b)" % (_TIME, _ORIGIN))
_left = re.compile(rb"SAIU (%b) (%b) :(%b)" % (_TIME, _ORIGIN, _EXPLANATION))
_said = re.compile(rb"PUBLICA (%b) (%b) :(%b)" % (_TIME, _ORIGIN, _TEXT))
_whispered = re.compile(rb"PRIVADA (%b) (%b) :(%b)" % (_TIME, _ORIGIN, _TEXT))
_sent = re.compile(rb"ENVIADA (%b)" % _NICK)
_nick_error = re.compile(rb"ERRO (01|02) (%b) :(%b)" % (_NICK, _EXPLANATION))
_cause_error = re.compile(rb"ERRO (03) (%b) :(%b)" % (_CAUSE, _EXPLANATION))

# ---- parse and format ---------------------------------------------------------------


def parse_request(line: bytes) -> Request:
    """Read a line of a client, without its end.

    Raises:
        Malformed: the grammar does not derive it; the client's fault (FRAME-4).
    """
    if found := _public.fullmatch(line):  # first, being the most frequent
        return Public(found[1].decode())
    if found := _private.fullmatch(line):
        return Private(found[1].decode(), found[2].decode())
    if found := _enter.fullmatch(line):
        return Enter(found[1].decode())
    match line:
        case b"/USUARIOS":
            return ListParticipants()
        case b"/SAIR" | b"{quit}":
            return Leave()
        case _:
            raise Malformed


def parse_server_message(line: bytes) -> ServerMessage:
    """Read a line of a server, without its end.

    Raises:
        InvalidServer: the grammar does not derive it; the server's fault (FAIL-4).
    """
    for grammar, kind in _SERVER_MESSAGES:
        if found := grammar.fullmatch(line):
            return kind(*(part.decode() for part in found.groups()))
    if found := _participants.fullmatch(line):
        remaining, nicks = found.groups(default=b"")
        return Participants(int(remaining or b"0"), tuple(nicks.decode().split()))
    raise InvalidServer(Problem.LINE)


_SERVER_MESSAGES: tuple[tuple[re.Pattern[bytes], Callable[..., ServerMessage]], ...] = (
    (_said, Said),
    (_entered, Entered),
    (_left, Left),
    (_whispered, Whispered),
    (_sent, Sent),
    (_nick_error, Refused),
    (_cause_error, Refused),
    (_greeting, Greeting),
)


def format_message(message: Request | ServerMessage) -> bytes:
    """Write a message as it goes over the wire, with its LF (FRAME-1)."""
    return f"{_line(message)}\n".encode("ascii")


def _line(message: Request | ServerMessage) -> str:
    match message:
        case Said(time, origin, text):
            return f"PUBLICA {time} {origin} :{text}"
        case Whispered(time, origin, text):
            return f"PRIVADA {time} {origin} :{text}"
        case Sent(nick):
            return f"ENVIADA {nick}"
        case Entered(time, origin):
            return f"ENTROU {time} {origin}"
        case Left(time, origin, reason):
            return f"SAIU {time} {origin} :{reason}"
        case Participants(remaining, nicks):
            return " ".join(("USUARIOS", str(remaining), *nicks))
        case Greeting(software):
            return f"BATEPAPO 1 {software}"
        case Refused(code, subject, explanation):
            return f"ERRO {code} {subject} :{explanation}"
        case Public(text):
            return f":{text}"
        case Private(nick, text):
            return f"{nick}:{text}"
        case Enter(nick):
            return f"/ENTRAR {nick}"
        case ListParticipants():
            return "/USUARIOS"
        case Leave():
            return "/SAIR"


def is_nick(text: str) -> bool:
    """Tell whether the grammar derives `text` as a nick (ENTER-6)."""
    return text.isascii() and re.fullmatch(_NICK, text.encode()) is not None


def fold_nick(nick: str) -> str:
    """Give what nicks are compared by: A to Z like a to z, nothing else (12.4)."""
    return nick.lower()  # a nick is ASCII, where `lower` does just that
