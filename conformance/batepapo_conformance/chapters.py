"""The specification as a folder to read, in either language.

The English chapters are whole. In the Portuguese ones, which are in `spec/pt`, a line
`<!-- here: requirement ENTER-1 -->` or `<!-- here: table states -->` holds the place
of what is made from data.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from batepapo_conformance.spec import Requirement, folder, load
from batepapo_conformance.words import Language

_HERE: Final = re.compile(r"(?m)^<!-- here: (?P<kind>[a-z]+)(?: (?P<name>\S+))? -->$")
_ANCHOR: Final = re.compile(r"(?m)^(#+ .*?) \{ #[\w-]+ \}$")
_CELL: Final = re.compile(r"(?<!\\)\|")
_LEVELS: Final = {
    "MUST": "DEVE",
    "MUST NOT": "NÃO DEVE",
    "SHOULD": "DEVERIA",
    "SHOULD NOT": "NÃO DEVERIA",
    "MAY": "PODE",
}
_ROLES: Final = {"server": "servidor", "client": "cliente", "both": "ambos"}
TABLE_IN_TEXT: Final = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z]+) -->\n)(?P<table>.*?)"
    r"(?P<end><!-- end -->)",
    re.DOTALL,
)
"""A table in an English chapter, with what says that it is made from data."""
WHY: Final = {Language.ENGLISH: "Why:", Language.PORTUGUESE: "Por quê:"}
"""What the reason of a requirement begins with."""

_PORTUGUESE: Final = "pt"
_TRANSCRIPTS: Final = Path("transcripts", "README.md")


def files(language: Language) -> dict[Path, str]:
    """Everything of the specification, by its place: chapters, data, transcripts."""
    where = folder()
    told = {
        path.relative_to(where): _readable(path.read_text(encoding="utf-8"), language)
        for path in sorted(where.rglob("*"))
        if path.is_file() and (path.parent.name, path.suffix) != (_PORTUGUESE, ".md")
    }
    if language is Language.PORTUGUESE:
        for path in sorted((where / _PORTUGUESE).glob("*.md")):
            place = _TRANSCRIPTS if path.stem == "transcripts" else Path(path.name)
            told[place] = _readable(path.read_text(encoding="utf-8"), language)
    return told


def _readable(text: str, language: Language) -> str:
    """A chapter without what only a site takes away; anything else is left."""

    def made(here: re.Match[str]) -> str:
        match here["kind"]:
            case "requirement":
                return requirement(load().requirements[here["name"]], language)
            case "table":
                return table(here["name"], language)
            case "transcripts":
                return "\n".join(_transcripts(language))
            case kind:
                raise ValueError(f"the specification has no {kind}")

    return _HERE.sub(made, _ANCHOR.sub(r"\1", text))


def _transcripts(language: Language) -> Iterator[str]:
    for name, one in load().transcripts.items():
        yield f"- [{name}]({name}.txt): {one.title_in(language)}"


# ---- requirements ----


def level(one: Requirement, language: Language) -> str:
    """MUST, or what says it in this language."""
    english = str(one.level)
    return english if language is Language.ENGLISH else _LEVELS[english]


def role(one: Requirement, language: Language) -> str:
    """Whom it binds, in this language."""
    return one.role if language is Language.ENGLISH else _ROLES[one.role]


def requirement(one: Requirement, language: Language, name: str = "") -> str:
    """It as the chapters have it: id (or `name`), level, role, sentence, reason."""
    said = one.said_in(language)
    head = f"**{name or one.id}** · {level(one, language)} · {role(one, language)}"
    paragraphs = [head, *said.text.split("\n\n"), f"*{WHY[language]}* {said.why}"]
    return "\n>\n".join(f"> {' '.join(one.split())}" for one in paragraphs)


# ---- tables ----


@functools.cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    file = folder() / _PORTUGUESE / "tables.toml"
    data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return data


@functools.cache
def _made() -> Mapping[str, str]:
    """The tables that stand in the English chapters, by name.

    They are not made again: for one of them, pytest would have to collect all checks.
    """
    chapters = (path.read_text(encoding="utf-8") for path in folder().glob("*.md"))
    found = (part for text in chapters for part in TABLE_IN_TEXT.finditer(text))
    return {part["name"]: part["table"].strip() for part in found}


def cell(text: str, language: Language) -> str:
    """A cell of a table in this language; what is no prose is the same in both."""
    if language is Language.ENGLISH:
        return text
    return _tables()["cells"].get(text, text)


def table(name: str, language: Language) -> str:
    """A table made from the data, `states` for instance, in Markdown.

    Raises:
        KeyError: there is no such table.
    """
    made = _made()[name]
    if language is Language.ENGLISH or name == "grammar":
        return made
    if name == "requirements":
        return "\n".join(_requirements(made.splitlines()))
    lines = made.splitlines()
    heads = _tables()["heads"]
    told = [_row(heads.get(one, one) for one in _cells(lines[0]))]
    told.append(lines[1])
    told += (_row(cell(one, language) for one in _cells(line)) for line in lines[2:])
    return "\n".join(told)


def _requirements(lines: list[str]) -> Iterator[str]:
    """The index, its sentences in Portuguese."""
    yield _row(("id", "nível", "obriga", "requisito", "seção", "verificações"))
    yield lines[1]
    for line in lines[2:]:
        name, _, _, _, section, checks = _cells(line)
        one = load().requirements[name.strip("*")]
        text = " ".join(one.said_in(Language.PORTUGUESE).text.split())
        binding = level(one, Language.PORTUGUESE), role(one, Language.PORTUGUESE)
        yield _row((name, *binding, text.replace("|", "\\|"), section, checks))


def _cells(line: str) -> list[str]:
    return [one.strip() for one in _CELL.split(line)[1:-1]]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
