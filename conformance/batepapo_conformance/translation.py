"""The requirements in Portuguese: reads `spec/pt`, and says what is not up to date.

The English text decides. Each translation carries a digest of the English that it
says, and one whose English has changed since is not used.
"""

import hashlib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from batepapo_conformance.words import Language

_REQUIREMENTS: Final = Path("pt", "requirements.toml")
_TITLES: Final = Path("pt", "titles.toml")
_KEYS: Final = {"of", "text", "why"}
_DIGITS: Final = 12  # of the digest: two sentences alike in them would be a wonder


class BadTranslation(Exception):
    """The files of a translation contradict their own form."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a requirement says, and the title of its section, in one language."""

    text: str
    why: str
    title: str
    language: Language


@dataclass(frozen=True, slots=True)
class Portuguese:
    """What of the specification is told in Portuguese.

    Attributes:
        requirements: by id, `text`, `why` and `of`, the digest of the English.
        sections: titles, by the English ones.
        transcripts: titles, by the English ones.
    """

    requirements: Mapping[str, Mapping[str, str]]
    sections: Mapping[str, str]
    transcripts: Mapping[str, str]

    def wording(self, name: str, english: Wording) -> Wording | None:
        """What the requirement `name` says; `None` unless it says today's English."""
        said = self.requirements.get(name)
        if said is None or said["of"] != digest(english):
            return None
        return Wording(
            text=said["text"],
            why=said["why"],
            title=self.sections.get(english.title, english.title),
            language=Language.PORTUGUESE,
        )

    def complaints(
        self, english: Mapping[str, Wording], transcripts: Collection[str]
    ) -> Iterator[str]:
        """What is lacking, too much, or older than the English; one line each.

        Args:
            english: every requirement as it is, by id.
            transcripts: the titles of all transcripts.
        """
        for name, said in english.items():
            if name not in self.requirements:
                yield f"{name} is not translated"
            elif self.requirements[name]["of"] != digest(said):
                yield f"{name} changed since it was translated"
        for name in self.requirements.keys() - english.keys():
            yield f"{name} is translated, and there is no such requirement"
        sections = {said.title for said in english.values()}
        for there, wanted in (
            (self.sections, sections),
            (self.transcripts, set(transcripts)),
        ):
            for title in sorted(wanted - there.keys()):
                yield f"the title “{title}” is not translated"
            for title in sorted(there.keys() - wanted):
                yield f"the title “{title}” is translated, and there is no such title"


def digest(english: Wording) -> str:
    """The first hex digits of the SHA-256 of a sentence and its reason."""
    said = f"{english.text}\n{english.why}".encode()
    return hashlib.sha256(said).hexdigest()[:_DIGITS]


def read(where: Path) -> Portuguese:
    """Read the translation in this folder of a specification; none is an empty one.

    Raises:
        BadTranslation: a file cannot be read, is no TOML, or is not in its form.
    """
    titles = _table(where / _TITLES)
    return Portuguese(
        requirements={
            name: _requirement(name, said)
            for name, said in _table(where / _REQUIREMENTS).items()
        },
        sections=dict(titles.get("sections", {})),
        transcripts=dict(titles.get("transcripts", {})),
    )


def _table(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadTranslation(f"cannot read {path}: {error}") from error


def _requirement(name: str, said: Any) -> Mapping[str, str]:
    if not isinstance(said, dict) or said.keys() != _KEYS:
        raise BadTranslation(f"{name} needs {', '.join(sorted(_KEYS))}, and no more")
    return {key: " ".join(str(words).split()) for key, words in said.items()}


def confirm(where: Path, names: Sequence[str], english: Mapping[str, Wording]) -> None:
    """Note that these requirements have been translated as they are today.

    Args:
        where: the folder of the specification.
        names: ids.
        english: every requirement as it is, by id.

    Raises:
        BadTranslation: an id has no translation, or there is no such requirement.
    """
    path = where / _REQUIREMENTS
    text = path.read_text(encoding="utf-8")
    for name in names:
        if name not in english:
            raise BadTranslation(f"there is no requirement {name}")
        head = rf'(?m)^(\[{re.escape(name)}\]\nof = )"[0-9a-f]*"$'
        text, found = re.subn(head, rf'\g<1>"{digest(english[name])}"', text)
        if found != 1:
            raise BadTranslation(f"{path.name} needs [{name}], and of = directly below")
    path.write_text(text, encoding="utf-8", newline="\n")
