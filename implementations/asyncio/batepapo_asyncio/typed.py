"""What a person typed: folded to ASCII, then what it means (section 10.2). Pure."""

import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

from .limits import TEXT
from .messages import is_nick

_LOOK_ALIKES = str.maketrans(
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
"""folding.toml: what NFKD does not know, or takes apart in another way."""


def fold(line: str) -> str:
    """Fold to ASCII, as far as that goes; the rest is left as it is (TYPE-1)."""
    apart = unicodedata.normalize("NFKD", line.translate(_LOOK_ALIKES))
    return "".join(c for c in apart if unicodedata.category(c) != "Mn")


@dataclass(frozen=True, slots=True)
class SayToAll:
    """A public message, divided into what one line can hold (TYPE-10)."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SayToOne:
    """A private message, divided in the same way."""

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
    """A line of blanks."""


class Hint(Enum):
    """Nothing can be sent; the person is told why."""

    NOT_ASCII = auto()
    UNKNOWN_COMMAND = auto()
    NICK_WITH_BLANKS = auto()
    EMPTY_TEXT = auto()


Typed = SayToAll | SayToOne | AskList | Quit | Help | Nothing | Hint


@dataclass(frozen=True, slots=True)
class Join:
    """Where somebody offline wants to go, and as whom (ASK-3).

    Each as it was typed, empty for its default; all None if they are to be asked for.
    """

    nick: str | None
    address: str | None
    port: str | None


def read_typed(line: str) -> Typed:
    """Tell what a folded line means to somebody who is in the room."""
    if not (line.isascii() and (line.isprintable() or not line)):
        return Hint.NOT_ASCII  # TYPE-1
    match line.strip().upper():
        case "":
            return Nothing()  # TYPE-8
        case "/USUARIOS":
            return AskList()  # TYPE-2
        case "/SAIR" | "{QUIT}" | "QUIT":
            return Quit()  # TYPE-3
        case "/AJUDA":
            return Help()  # TYPE-4
        case command:
            return Hint.UNKNOWN_COMMAND if command.startswith("/") else _read_text(line)


def read_join(line: str) -> Join | None:
    """Tell whether a folded line, typed offline, asks to enter, and where (ASK-3)."""
    command, *words = line.split() or [""]
    match command.upper(), words:
        case "/ENTRAR", []:
            return Join(None, None, None)
        case "/ENTRAR", [nick, *where] if len(where) <= 2:
            address, port = [*where, "", ""][:2]
            return Join(nick, address, port)
        case _:
            return None


def _read_text(line: str) -> Typed:
    before, colon, after = line.partition(":")
    if not colon or not (before == "" or is_nick(before.strip())):
        return SayToAll(_divide(line))  # TYPE-9
    if before != before.strip():
        return Hint.NICK_WITH_BLANKS  # TYPE-6
    if not after:
        return Hint.EMPTY_TEXT  # TYPE-8
    texts = _divide(after)
    return SayToOne(before, texts) if before else SayToAll(texts)  # TYPE-5, TYPE-7


def _divide(text: str) -> tuple[str, ...]:
    return tuple(text[first : first + TEXT] for first in range(0, len(text), TEXT))
