"""The same file of both implementations, side by side, with what differs lit.

Lines that say the same but for `async` and `await` stand beside each other, with
these words lit alone. Where many lines are the same in both, they are folded; and so
is the whole, for it is longer than all that a page says about it.
"""

import difflib
import html
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from pygments.lexers.python import PythonLexer
from pygments.token import STANDARD_TYPES, Token, _TokenType

from batepapo_conformance.words import Language
from batepapo_site.here import Place
from batepapo_site.pages import ROOT
from batepapo_site.trouble import Trouble

FOLDERS: Final = (
    ROOT / "implementations" / "threaded" / "batepapo_threaded",
    ROOT / "implementations" / "asyncio" / "batepapo_asyncio",
)
_CONTEXT: Final = 3  # lines shown around what differs
_FEW: Final = 3  # lines that are not worth folding
# What may differ between lines that belong together.
_LOOSE: Final = re.compile(r"\b(?:async|await)\b ?|\bawait\b|\s+")
_WORDS: Final = re.compile(r"\w+|\s+|.")
_MARK: Final = "≠"


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said around the columns, in one language."""

    label: str
    columns: tuple[str, str]
    folded: str
    folded_one: str
    legend: str
    same: str


_SAID: Final[Mapping[Language, _Words]] = {
    Language.ENGLISH: _Words(
        label="{file} of both implementations, side by side",
        columns=("{file}, with threads", "{file}, with tasks"),
        folded="{number} lines that are the same in both",
        folded_one="1 line that is the same in both",
        legend="Lines that differ are lit and marked `≠`; what is the same is folded.",
        same="Both have the same {file}: {number} lines.",
    ),
    Language.PORTUGUESE: _Words(
        label="{file} das duas implementações, lado a lado",
        columns=("{file}, com threads", "{file}, com tasks"),
        folded="{number} linhas iguais nas duas",
        folded_one="1 linha igual nas duas",
        legend="As linhas que diferem estão realçadas e marcadas com `≠`; "
        "as que são iguais estão dobradas.",
        same="O {file} das duas é o mesmo: {number} linhas.",
    ),
}


class Pair(NamedTuple):
    """Lines that stand beside each other, by their numbers from 0; None: a gap."""

    left: int | None
    right: int | None
    differs: bool


def beside(argument: str, place: Place) -> str:
    """A file that both implementations have: `server.py`."""
    words = _SAID[place.language]
    texts = [_read(folder, argument) for folder in FOLDERS]
    left, right = ([line.rstrip() for line in text.splitlines()] for text in texts)
    found = pairs(left, right)
    if not any(pair.differs for pair in found):
        return words.same.format(file=f"`{argument}`", number=len(left))
    lit = _lit(left, right, found)
    columns = [one.format(file=html.escape(argument)) for one in words.columns]
    label = words.label.format(file=html.escape(argument))
    made = [
        words.legend,
        "",
        f"<details><summary>{label}</summary>",
        f'<div class="beside highlight no-copy" role="group" aria-label="{label}">',
    ]
    for folded, part in parts(found):
        made += _folded(part, lit[0], words) if folded else _open(part, lit, columns)
    return "\n".join((*made, "</div>", "</details>"))


def _read(folder: Path, name: str) -> str:
    file = folder / name
    if "/" in name or not file.is_file():
        raise Trouble(f"{folder.name} has no {name}")
    return file.read_text(encoding="utf-8")


# ---- which line stands beside which ----


def pairs(left: Sequence[str], right: Sequence[str]) -> list[Pair]:
    """Both files from their first line to their last."""
    ours, theirs = ([_LOOSE.sub("", line) for line in one] for one in (left, right))
    matcher = difflib.SequenceMatcher(None, ours, theirs, autojunk=False)
    found = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                found.append(Pair(i, j, left[i] != right[j]))
        else:
            aside = itertools.zip_longest(range(i1, i2), range(j1, j2))
            found += [Pair(i, j, True) for i, j in aside]
    return found


def parts(found: Sequence[Pair]) -> Iterator[tuple[bool, list[Pair]]]:
    """The pairs in parts: whether each is to be folded, and what is in it."""
    near = [False] * len(found)
    for place, pair in enumerate(found):
        if pair.differs:
            begin = max(0, place - _CONTEXT)
            for at in range(begin, min(len(found), place + _CONTEXT + 1)):
                near[at] = True
    place = 0
    for shown, group in itertools.groupby(near):
        count = len(list(group))
        if not shown and count <= _FEW:
            near[place : place + count] = [True] * count
        place += count
    for shown, grouped in itertools.groupby(
        zip(near, found, strict=True), key=lambda one: one[0]
    ):
        yield not shown, [pair for _, pair in grouped]


# ---- as HTML ----

_Lit = Mapping[int, str]
"""The HTML of each line, by its number from 0."""


def _lit(
    left: Sequence[str], right: Sequence[str], found: Iterable[Pair]
) -> tuple[_Lit, _Lit]:
    """Every line of both files in colours, with the words that differ marked."""
    marks: tuple[dict[int, set[int]], dict[int, set[int]]] = ({}, {})
    for pair in found:
        if pair.differs and pair.left is not None and pair.right is not None:
            ours, theirs = _different(left[pair.left], right[pair.right])
            marks[0][pair.left], marks[1][pair.right] = ours, theirs
    return _coloured(left, marks[0]), _coloured(right, marks[1])


def _different(left: str, right: str) -> tuple[set[int], set[int]]:
    """At which letters two lines differ; at none if they have little in common."""
    ours, theirs = (list(_WORDS.finditer(line)) for line in (left, right))
    matcher = difflib.SequenceMatcher(
        None, [one[0] for one in ours], [one[0] for one in theirs], autojunk=False
    )
    if matcher.ratio() < 0.6:
        return set(), set()
    marks: tuple[set[int], set[int]] = (set(), set())
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            for side, some in enumerate((ours[i1:i2], theirs[j1:j2])):
                for one in some:
                    marks[side].update(range(*one.span()))
    return marks


def _coloured(lines: Sequence[str], marks: Mapping[int, set[int]]) -> _Lit:
    """The HTML of each line, as Pygments colours it."""
    made: dict[int, list[str]] = {0: []}
    number = at = 0
    lexer = PythonLexer(stripnl=False)
    for kind, text in lexer.get_tokens("\n".join(lines) + "\n"):
        for piece in re.split(r"(\n)", text):
            if piece == "\n":
                number, at = number + 1, 0
                made[number] = []
            elif piece:
                here = marks.get(number, set())
                made[number].append(_token(kind, piece, at, here))
                at += len(piece)
    return {number: "".join(line) for number, line in made.items()}


def _token(kind: _TokenType, text: str, at: int, marks: set[int]) -> str:
    told = []
    letters = enumerate(text, start=at)
    for marked, group in itertools.groupby(letters, key=lambda one: one[0] in marks):
        piece = html.escape("".join(letter for _, letter in group), quote=False)
        told.append(f"<b>{piece}</b>" if marked and piece.strip() else piece)
    inside = "".join(told)
    name = _class(kind)
    return f'<span class="{name}">{inside}</span>' if name else inside


def _class(kind: _TokenType) -> str:
    while kind not in STANDARD_TYPES and kind is not Token:
        kind = kind.parent
    return str(STANDARD_TYPES.get(kind, ""))


def _open(
    part: Sequence[Pair], lit: tuple[_Lit, _Lit], columns: Sequence[str]
) -> Iterator[str]:
    """A part in two columns; each says what it is, for where they are stacked."""
    yield '<div class="beside-part">'
    for side, name in enumerate(columns):
        sides = [(pair[side], pair.differs) for pair in part]
        if all(number is None for number, _ in sides):
            continue
        yield f'<div class="beside-column"><p class="beside-name">{name}</p>'
        yield f"<pre><code>{_column(sides, lit[side])}</code></pre></div>"
    yield "</div>"


def _column(sides: Iterable[tuple[int | None, bool]], lit: _Lit) -> str:
    rows = []
    for number, differs in sides:
        if number is None:
            rows.append('<span class="gap">\n</span>')
            continue
        mark = _MARK if differs else " "
        head = f'<span class="at">{number + 1:4}{mark}</span>'
        line = f"{head}{lit[number]}\n"
        rows.append(f'<mark class="differs">{line}</mark>' if differs else line)
    return "".join(rows)


def _folded(part: Sequence[Pair], lit: _Lit, words: _Words) -> Iterator[str]:
    """Lines that are the same in both, once, with the number of each."""
    said = words.folded if len(part) > 1 else words.folded_one
    yield f"<details><summary>{said.format(number=len(part))}</summary>"
    lines = []
    for left, right, _ in part:
        if left is not None and right is not None:
            head = f'<span class="at">{left + 1:4}{right + 1:5}</span>'
            lines.append(f"{head}{lit[left]}\n")
    yield f"<pre><code>{''.join(lines)}</code></pre></details>"
