"""What the generated parts of pages say, and how a table is written."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from batepapo_conformance.words import Language, Words

WORDS: Final = Path(__file__).parent / "words"
"""The folder with the words of each language."""


_MARKS: Final = {"l": "---", "r": "--:", "c": ":-:"}


def words(language: Language) -> Words:
    """The words of this language."""
    return Words(language, WORDS)


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], alignment: str = ""
) -> str:
    """A table in Markdown. The cells are Markdown, and may hold a `|`.

    Its columns are aligned left, right or centred, as `alignment` says (`lrc`); those
    of which it says nothing are as a browser has them.
    """
    marks = [_MARKS[one] for one in alignment.ljust(len(head), "l")]
    lines = [head, marks, *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", "\\|", " ".join(text.split()))


def folded(kind: str, title: str, text: str) -> str:
    """What is shown when its title is chosen: an admonition that is closed at first."""
    indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    return f'??? {kind} "{title}"\n\n{indented}'
