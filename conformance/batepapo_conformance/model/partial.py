"""Whether a line that has begun can still become one of the grammar (FRAME-4)."""

import re
from typing import Final

_NICK: Final = rb"[A-Za-z][A-Za-z0-9_-]{0,15}"
_TEXT: Final = rb"[\x20-\x7E]"
_WORDS: Final = (b"/USUARIOS", b"/SAIR", b"{quit}")
_ENTER: Final = b"/ENTRAR "
_BEGUN: Final = re.compile(
    rb"/ENTRAR (?:%b\r?)?|:(?:%b{1,400}\r?)?|%b(?::(?:%b{1,400}\r?)?)?"
    % (_NICK, _TEXT, _NICK, _TEXT)
)


def can_become_a_line(octets: bytes) -> bool:
    """Whether some further octets make a line that `client-message` derives.

    Args:
        octets: what has come of the line; no LF is among them.
    """
    if any(word.startswith(octets) for word in (*_WORDS, _ENTER)):
        return True
    if octets.endswith(b"\r") and octets[:-1] in _WORDS:
        return True
    return _BEGUN.fullmatch(octets) is not None
