"""What a client may say: a line becomes a request, or it is malformed (section 3)."""

import re
from dataclasses import dataclass

from lines import Malformed


@dataclass(frozen=True)
class Enter:
    """`/ENTRAR nick`: enter the room under this nick."""

    nick: str


@dataclass(frozen=True)
class Public:
    """`:text`: a message for everyone."""

    text: str


@dataclass(frozen=True)
class Private:
    """`nick:text`: a message for one participant."""

    nick: str
    text: str


@dataclass(frozen=True)
class ListParticipants:
    """`/USUARIOS`: who is here?"""


@dataclass(frozen=True)
class Leave:
    """`/SAIR`, or `{quit}`, which means the same."""


Request = Enter | Public | Private | ListParticipants | Leave

NICK = rb"[A-Za-z][A-Za-z0-9_-]{0,15}"
TEXT = rb"[\x20-\x7e]{1,400}"
ENTER = re.compile(rb"/ENTRAR (%b)" % NICK)
MESSAGE = re.compile(rb"(%b)?:(%b)" % (NICK, TEXT))


def parse(line: bytes) -> Request:
    """Read a line, given without its end.

    Raises:
        Malformed: the grammar does not derive it; the sender's fault (FRAME-4).
    """
    if line == b"/USUARIOS":
        return ListParticipants()
    if line in (b"/SAIR", b"{quit}"):
        return Leave()
    if found := ENTER.fullmatch(line):
        return Enter(found[1].decode("ascii"))
    if found := MESSAGE.fullmatch(line):
        text = found[2].decode("ascii")
        return Private(found[1].decode("ascii"), text) if found[1] else Public(text)
    raise Malformed
