"""The two things that a check can say but "passed": a broken rule, and no verdict.

Whatever else comes out of a check is a fault of the suite itself.
"""

import io
import re
from typing import Final

NO_END: Final = " (no LF)"
"""What is said of a line whose end is missing."""

_PLACEHOLDER = re.compile(r"(<[a-z][a-z0-9 ]*>)")
# What a placeholder may stand for: those of people run to the end of the line.
_TO_THE_END = frozenset({"<explanation>", "<reason>", "<text>"})
# What is not printable ASCII, and the backslash, by the code that Latin-1 has for it.
_ESCAPES = {
    **{octet: f"\\x{octet:02X}" for octet in range(256) if not 0x20 <= octet < 0x7F},
    0x09: r"\t",
    0x0A: r"\n",
    0x0D: r"\r",
    0x5C: r"\\",
}


class RuleBroken(Exception):
    """The testee broke a rule: the only way in which a check says so.

    Args:
        rule: the id of the requirement that this step relies on.
        expected: octets, or a line in which `<time>` and the like stand for any
            value, or words.
        actual: the octets that came, or words where none did.
        note: what else helps to understand it.
        at: the octet of `actual` at which the difference begins; found by
            itself where both sides can be compared.
    """

    def __init__(
        self,
        rule: str,
        expected: bytes | str,
        actual: bytes | str,
        note: str = "",
        *,
        at: int | None = None,
    ) -> None:
        super().__init__(rule, expected, actual, note)
        self.rule = rule
        self.expected = expected
        self.actual = actual
        self.note = note
        if at is None and isinstance(actual, bytes):
            at = first_difference(expected, actual)
        self.at = at

    def __str__(self) -> str:
        return f"{self.rule}: expected {_said(self.expected)}, got {_said(self.actual)}"


class NoVerdict(Exception):
    """This check cannot judge this testee here, and says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def visible(octets: bytes) -> str:
    r"""Octets as one line of printable ASCII: `\r`, `\n`, `\t`, `\\`, `\xHH`."""
    return octets.decode("latin-1").translate(_ESCAPES)


def lines_in(octets: bytes) -> list[bytes]:
    """The lines, with their LFs; what follows the last LF is one, too.

    A CR ends no line, so `bytes.splitlines` will not do.
    """
    return io.BytesIO(octets).readlines()


def visible_line(line: bytes) -> str:
    r"""One of `lines_in`, as text: the LF of a whole line goes without saying.

    What nobody would see is shown: `\x20` for a space at the end, `\n` for an empty
    line, and that the LF is missing.
    """
    text = visible(line.removesuffix(b"\n"))
    if text.endswith(" "):
        text = text[:-1] + r"\x20"
    if line.endswith(b"\n"):
        return text or r"\n"
    return text + NO_END


def first_difference(expected: bytes | str, actual: bytes) -> int | None:
    """The index of the first octet of `actual` that `expected` does not allow.

    `None` if there is none, or if `expected` is words rather than a line.
    """
    if isinstance(expected, str):
        return _first_difference_from_form(expected, actual)
    if expected == actual:
        return None
    pairs = zip(expected, actual, strict=False)
    return next(
        (index for index, (left, right) in enumerate(pairs) if left != right),
        min(len(expected), len(actual)),
    )


def _first_difference_from_form(form: str, actual: bytes) -> int | None:
    if not _PLACEHOLDER.search(form) and not form.isupper() and " " in form:
        return None  # words
    place = 0
    for part in _PLACEHOLDER.split(form):
        if _PLACEHOLDER.fullmatch(part):
            if part in _TO_THE_END:
                return None if place < len(actual) else place
            end = actual.find(b" ", place)
            place = len(actual) if end < 0 else end
            continue
        for octet in part.encode():
            if place >= len(actual) or actual[place] != octet:
                return place
            place += 1
    return None if place == len(actual) else place


def _said(side: bytes | str) -> str:
    return f"`{visible(side)}`" if isinstance(side, bytes) else side
