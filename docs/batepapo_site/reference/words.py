"""What the generated parts of the reference say, and how a table is written."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from batepapo_conformance.words import Language, Words

WORDS: Final = Path(__file__).parent / "words"
"""The folder with the words of each language."""


def words(language: Language) -> Words:
    """The words of this language."""
    return Words(language, WORDS)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown. The cells are Markdown, and may hold a `|`."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", "\\|", " ".join(text.split()))


def folded(kind: str, title: str, text: str) -> str:
    """What is shown when its title is chosen: an admonition that is closed at first."""
    indented = "\n".join(f"    {line}" if line else "" for line in text.split("\n"))
    return f'??? {kind} "{title}"\n\n{indented}'
