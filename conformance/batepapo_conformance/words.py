"""What people read in reports, in English and in Portuguese.

`words/en.toml` and `words/pt.toml` have the same keys. Requirements have their
Portuguese in the specification (`translation.py`); what checks say is in English, and
told in Portuguese as far as there are forms for it (`phrases.py`).
"""

import functools
import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_TABLES: Final = Path(__file__).parent / "words"


class Language(StrEnum):
    """A language in which reports are told; the value is what `--lang` takes."""

    ENGLISH = "en"
    PORTUGUESE = "pt"


def language_from(environment: Mapping[str, str] = os.environ) -> Language:
    """The language that a person's environment asks for, as RUN-8 has it."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            english = value.startswith("en")
            return Language.ENGLISH if english else Language.PORTUGUESE
    return Language.PORTUGUESE


class Words:
    """The words of one language: `words("report.again")`, with values put in.

    Those of the reports, unless there are others in the folder `tables`.
    """

    def __init__(self, language: Language, tables: Path = _TABLES) -> None:
        self.language = language
        self._table = table(language, tables)

    def __call__(self, key: str, **values: object) -> str:
        """The words of this key; each `{name}` in them stands for a value."""
        return self._table[key].format(**values)

    def count(self, key: str, number: int) -> str:
        """A number with its noun in singular or plural: `1 check`, `2 checks`."""
        form = "one" if number == 1 else "many"
        return self(f"{key}.{form}", number=number)


@functools.cache
def table(language: Language, tables: Path = _TABLES) -> Mapping[str, str]:
    """All words of a language, by key: the names of the tables joined by dots."""
    text = (tables / f"{language}.toml").read_text(encoding="utf-8")
    return _flat(tomllib.loads(text))


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, said in nested.items():
        if isinstance(said, dict):
            found |= _flat(said, f"{prefix}{name}.")
        else:
            found[prefix + name] = said
    return found
