"""What a person typed: folded to ASCII, then what it means (section 10.2).

Pure: nothing in here knows of a keyboard or a connection.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

from .limits import TEXT
from .messages import is_nick

_FOLDING = str.maketrans(
    {
        "\u0009": " ",  # tab
        "\u00ad": "",  # soft hyphen
        "\u00b4": "'",  # acute accent
        "\u00b7": "*",  # middle dot
        "\u00d7": "x",  # multiplication sign
        "\u00f7": "/",  # division sign
        "\u00ab": '"',  # left angle quotation
        "\u00bb": '"',  # right angle quotation
        "\u00c6": "AE",
        "\u00e6": "ae",
        "\u00d8": "O",
        "\u00f8": "o",
        "\u00df": "ss",
        "\u0141": "L",
        "\u0142": "l",
        "\u0152": "OE",
        "\u0153": "oe",
        "\u200b": "",  # zero-width space
        "\u200c": "",  # zero-width non-joiner
        "\u200d": "",  # zero-width joiner
        "\ufe0f": "",  # variation selector
        "\ufeff": "",  # byte order mark
        "\u2010": "-",  # hyphen
        "\u2011": "-",  # non-breaking hyphen
        "\u2012": "-",  # figure dash
        "\u2013": "-",  # en dash
        "\u2014": "-",  # em dash
        "\u2015": "-",  # horizontal bar
        "\u2212": "-",  # minus sign
        "\u2018": "'",  # single quotation marks
        "\u2019": "'",
        "\u201a": "'",
        "\u2032": "'",  # prime
        "\u201c": '"',  # double quotation marks
        "\u201d": '"',
        "\u201e": '"',
        "\u2033": '"',  # double prime
        "\u2022": "*",  # bullet
        "\u2190": "<-",  # arrows
        "\u2192": "->",
    }
)
_PRINTABLE = re.compile(r"[\x20-\x7e]*")


def fold(line: str) -> str | None:
    """Fold a line to printable ASCII; None if that is impossible (TYPE-1)."""
    decomposed = unicodedata.normalize("NFKD", line.translate(_FOLDING))
    folded = "".join(
        character for character in decomposed if unicodedata.category(character) != "Mn"
    )
    return folded if _PRINTABLE.fullmatch(folded) else None


@dataclass(frozen=True, slots=True)
class SayToAll:
    """A public message, in pieces that each fit into a line (TYPE-10)."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SayToOne:
    """A private message, in pieces that each fit into a line (TYPE-10)."""

    nick: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AskList:
    """Who is here?"""


@dataclass(frozen=True, slots=True)
class Quit:
    """Leave."""


@dataclass(frozen=True, slots=True)
class Help:
    """Show the help."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Enter was pressed, and nothing else."""


class Hint(Enum):
    """Nothing is sent, and the person is told why."""

    UNKNOWN_COMMAND = auto()
    NICK_WITH_BLANKS = auto()
    EMPTY_TEXT = auto()


Typed = SayToAll | SayToOne | AskList | Quit | Help | Nothing | Hint


@dataclass(frozen=True, slots=True)
class Join:
    """`/ENTRAR [nick [address [port]]]`, typed offline; None is to be asked for."""

    nick: str | None
    address: str | None
    port: str | None


def read_typed(line: str) -> Typed:
    """Say what a folded line means to somebody who has entered."""
    word = line.strip(" ").upper()
    match word:
        case "":
            return Nothing()
        case "/USUARIOS":
            return AskList()
        case "/SAIR" | "{QUIT}" | "QUIT":
            return Quit()
        case "/AJUDA":
            return Help()
        case _ if word.startswith("/"):
            return Hint.UNKNOWN_COMMAND
        case _:
            return _read_text(line)


def read_join(line: str) -> Join | None:
    """Say whether a folded line, typed offline, asks to enter (ASK-3)."""
    command, *rest = line.split() or [""]
    if command.upper() != "/ENTRAR" or len(rest) > 3:
        return None
    if not rest:
        return Join(None, None, None)
    nick, address, port = (*rest, "", "")[:3]
    return Join(nick, address, port)


def _read_text(line: str) -> SayToAll | SayToOne | Hint:
    """Say to whom a line that is no command goes."""
    before, colon, text = line.partition(":")
    if not colon:
        return SayToAll(_pieces(line))
    if is_nick(before.strip(" ")) and not is_nick(before):
        return Hint.NICK_WITH_BLANKS
    if before and not is_nick(before):
        return SayToAll(_pieces(line))
    if not text:
        return Hint.EMPTY_TEXT
    return SayToOne(before, _pieces(text)) if before else SayToAll(_pieces(text))


def _pieces(text: str) -> tuple[str, ...]:
    return tuple(text[start : start + TEXT] for start in range(0, len(text), TEXT))
