"""Reads the specification: its requirement blocks, its data, its transcripts.

In a clone that is `spec/`; an installed package carries its own copy. What it says
in Portuguese is read as well (`translation.py`).
"""

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from batepapo_conformance import translation
from batepapo_conformance.translation import Portuguese, Wording
from batepapo_conformance.words import Language

_HEADING = re.compile(r"#{1,3} (?P<number>\d+(?:\.\d+)?)\.? (?P<title>.+)")
_BLOCK = re.compile(r"> \*\*(?P<id>[A-Z]+-\d+)\*\* · (?P<level>[A-Z]+) · (?P<role>\w+)")
_WHY = "*Why:*"
_EXAMPLE = "*Example:*"


class Level(StrEnum):
    """How strongly a requirement obliges (section 1.1)."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement block. `role` is `server`, `client` or `both`.

    `section` is its number, as "5.2"; `rank` its place among all blocks;
    `portuguese` its translation, if it has one that is up to date.
    """

    id: str
    level: Level
    role: str
    text: str
    why: str
    example: str
    section: str
    title: str
    file: str
    rank: int
    portuguese: Wording | None = None

    @property
    def english(self) -> Wording:
        """What it says: the words that decide."""
        return Wording(self.text, self.why, self.title, Language.ENGLISH)

    def said_in(self, language: Language) -> Wording:
        """What it says in this language; in English where it is not translated."""
        if language is Language.PORTUGUESE and self.portuguese is not None:
            return self.portuguese
        return self.english

    def binds(self, role: str) -> bool:
        """Whether it binds a testee of this role."""
        return self.role in (role, "both")


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of the protocol (section 8); `rule` is the requirement that uses it."""

    name: str
    value: int
    unit: str
    option: str
    rule: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A row of the registry of errors (section 7.1)."""

    code: str
    meaning: str
    form: str
    subject: str
    reporter: str
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of `ERRO 03` (section 7.1)."""

    name: str
    trigger: str
    rule: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the protocol (section 5); `rule` is its name in the grammar."""

    rule: str
    sender: str
    form: str
    meaning: str
    section: str


@dataclass(frozen=True, slots=True)
class StateRow:
    """A row of the state table (section 4.1)."""

    state: str
    input: str
    to_sender: str
    to_others: str
    next: str
    rule: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole session (see `spec/transcripts/README.md`).

    `options` are the words of its header; `steps` its lines after the header,
    without comments and blank lines; `portuguese` its title, if it is translated.
    """

    name: str
    title: str
    shows: tuple[str, ...]
    options: tuple[str, ...]
    steps: tuple[str, ...]
    portuguese: str = ""

    def title_in(self, language: Language) -> str:
        """Its title in this language; in English where it is not translated."""
        said = self.portuguese if language is Language.PORTUGUESE else ""
        return said or self.title


@dataclass(frozen=True, slots=True)
class Specification:
    """All of it, in the order in which it is written."""

    requirements: Mapping[str, Requirement]
    limits: Mapping[str, Limit]
    errors: Mapping[str, ErrorCode]
    causes: Mapping[str, Cause]
    messages: Sequence[Message]
    states: Sequence[StateRow]
    folding: Mapping[str, str]
    transcripts: Mapping[str, Transcript]
    grammar: str

    def obliging(self, role: str) -> list[Requirement]:
        """What a testee of this role must or should meet."""
        return [
            requirement
            for requirement in self.requirements.values()
            if requirement.binds(role) and requirement.level is not Level.MAY
        ]


class BadSpecification(Exception):
    """The files of the specification contradict their own form."""


def folder() -> Path:
    """Where the specification is."""
    carried = Path(__file__).parent / "specification"
    return carried if carried.is_dir() else Path(__file__).parents[2] / "spec"


@functools.cache
def load() -> Specification:
    """Read the specification; once in a process.

    Raises:
        BadSpecification: it contradicts its own form.
        BadTranslation: its translation does.
    """
    return read(folder())


def read(where: Path) -> Specification:
    """Read the specification in this folder.

    Raises:
        BadSpecification: it contradicts its own form.
        BadTranslation: its translation does.
    """
    portuguese = translation.read(where)
    limits = [Limit(**row) for row in _data(where, "limits")["limit"]]
    errors = _data(where, "errors")
    messages = _data(where, "commands")["message"]
    sessions = map(read_transcript, sorted((where / "transcripts").glob("*.txt")))
    return Specification(
        requirements=_requirements(where, portuguese),
        limits={limit.name: limit for limit in limits},
        errors={row["code"]: ErrorCode(**row) for row in errors["error"]},
        causes={row["name"]: Cause(**row) for row in errors["cause"]},
        messages=[Message(**row) for row in messages],
        states=[StateRow(**row) for row in _data(where, "states")["row"]],
        folding=_data(where, "folding")["map"],
        transcripts={
            one.name: replace(one, portuguese=portuguese.transcripts.get(one.title, ""))
            for one in sessions
        },
        grammar=(where / "grammar.abnf").read_text(encoding="utf-8"),
    )


def _data(where: Path, name: str) -> dict[str, Any]:
    return tomllib.loads((where / f"{name}.toml").read_text(encoding="utf-8"))


def _requirements(where: Path, portuguese: Portuguese) -> dict[str, Requirement]:
    found: dict[str, Requirement] = {}
    for path in sorted(where.glob("[0-9][0-9]-*.md")):
        for requirement in _blocks(path, len(found)):
            if requirement.id in found:
                raise BadSpecification(f"{requirement.id} stands twice")
            said = portuguese.wording(requirement.id, requirement.english)
            found[requirement.id] = replace(requirement, portuguese=said)
    return found


def _blocks(path: Path, rank: int) -> Iterator[Requirement]:
    section = title = ""
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if heading := _HEADING.match(line):
            section, title = heading["number"], heading["title"]
        elif head := _BLOCK.fullmatch(line):
            if head["id"] == "ENTER-3" and section.startswith("1"):
                continue  # the example of what a block looks like
            text, why, example = _paragraphs(head["id"], lines)
            yield Requirement(
                id=head["id"],
                level=Level(head["level"]),
                role=head["role"],
                text=text,
                why=why,
                example=example,
                section=section,
                title=title,
                file=path.name,
                rank=rank,
            )
            rank += 1


def _paragraphs(name: str, lines: Iterator[str]) -> tuple[str, str, str]:
    body = []
    for line in lines:
        if not line.startswith(">"):
            break
        body.append(line[1:].strip())
    paragraphs = [
        part.replace("\n", " ").strip() for part in "\n".join(body).split("\n\n")
    ]
    whys = [part for part in paragraphs if part.startswith(_WHY)]
    examples = [part for part in paragraphs if part.startswith(_EXAMPLE)]
    texts = [part for part in paragraphs if part not in [*whys, *examples] and part]
    if len(whys) != 1 or not texts:
        raise BadSpecification(f"{name} needs a sentence and one reason")
    why = whys[0].removeprefix(_WHY).strip()
    return "\n\n".join(texts), why, "\n\n".join(examples)


def read_transcript(path: Path) -> Transcript:
    """Read one session.

    Raises:
        OSError, ValueError: it cannot be read.
        BadSpecification: its header is not that of a session.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not line.startswith("#")]
    blank = lines.index("") if "" in lines else len(lines)
    header = dict(line.split(":", 1) for line in lines[:blank])
    if not {"title", "shows"} <= header.keys() <= {"title", "shows", "options"}:
        raise BadSpecification(f"{path.name} needs title and shows in its header")
    return Transcript(
        name=path.stem,
        title=header["title"].strip(),
        shows=tuple(header["shows"].split()),
        options=tuple(header.get("options", "").split()),
        steps=tuple(line for line in lines[blank:] if line.strip()),
    )
