"""What checks say, told in Portuguese where there is a form for it.

A result says everything in English, for programs and for comparing; this is for
telling it to people. The table is `words/phrases.toml`.
"""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from batepapo_conformance.words import Language

_TABLE: Final = Path(__file__).parent / "words" / "phrases.toml"
_VALUE: Final = re.compile(r"\{(?!quit\})(\w+)\}")  # `{quit}` is the protocol's own
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=\.) (?=[A-Z0-9`])")
_BETWEEN_WORDS: Final = {"` and `": "` e `", "` or `": "` ou `"}


def told(said: str, language: Language) -> str:
    """What a check said, in this language: as it is where there is no form for it.

    Args:
        said: words of the suite, never octets of a testee. They may be several
            sentences, and each is told by itself.
        language: that of the reader.
    """
    if language is Language.ENGLISH:
        return said
    sentences = _BETWEEN_SENTENCES.split(said)
    forms = [_in_portuguese(one) for one in sentences]
    # Where not all are known, it may be one whose value looks like several.
    if None in forms and (whole := _in_portuguese(said)) is not None:
        return whole
    return " ".join(form or one for form, one in zip(forms, sentences, strict=True))


def told_output(output: str, language: Language) -> str:
    """What a testee wrote, under headings of the suite, which alone are told.

    Args:
        output: as in a result: what a testee wrote is indented.
        language: that of the reader.
    """
    return "\n".join(
        line if line.startswith(" ") else told(line, language)
        for line in output.splitlines()
    )


def _in_portuguese(phrase: str) -> str | None:
    for form, portuguese in _forms():
        if found := form.fullmatch(phrase):
            return _filled(portuguese, found.groupdict())
    return None


def _filled(portuguese: str, values: Mapping[str, str]) -> str:
    return _VALUE.sub(lambda place: _value(values[place[1]]), portuguese)


def _value(said: str) -> str:
    for english, portuguese in _BETWEEN_WORDS.items():
        said = said.replace(english, portuguese)
    parts = [_in_portuguese(part) for part in said.split(" or ")]
    return " ou ".join(part for part in parts if part) if all(parts) else said


@functools.cache
def table() -> Mapping[str, str]:
    """Every form in English, and what it becomes in Portuguese."""
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@functools.cache
def _forms() -> Sequence[tuple[re.Pattern[str], str]]:
    """The same to be matched, what has most words of its own first."""
    ordered = sorted(table(), key=lambda form: -len(_VALUE.sub("", form)))
    return [(_pattern(form), table()[form]) for form in ordered]


def _pattern(form: str) -> re.Pattern[str]:
    # What stands between values is literal; each value has its name as a group.
    parts = _VALUE.split(form)
    return re.compile(
        "".join(
            f"(?P<{part}>.+?)" if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        ),
        re.DOTALL,
    )
