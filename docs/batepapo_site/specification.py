"""Parts of the specification on a page, and its chapters in both languages."""

import functools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from batepapo_conformance.generated import table as english_table
from batepapo_conformance.spec import Requirement, load
from batepapo_conformance.words import Language
from batepapo_site import markdown
from batepapo_site.here import Place
from batepapo_site.pages import SPEC, SPECIFICATION, written
from batepapo_site.trouble import Trouble

_BLOCK: Final = re.compile(r"> \*\*(?P<id>[A-Z]+-\d+)\*\* · (?P<rest>.*)")
_ID: Final = re.compile(r"(?<![\w#-])[A-Z]+-\d+(?![\w-])")
_LEVELS: Final = {
    "MUST": "DEVE",
    "MUST NOT": "NÃO DEVE",
    "SHOULD": "DEVERIA",
    "SHOULD NOT": "NÃO DEVERIA",
    "MAY": "PODE",
}
_ROLES: Final = {"server": "servidor", "client": "cliente", "both": "ambos"}
_WHY: Final = {Language.ENGLISH: "Why:", Language.PORTUGUESE: "Por quê:"}
# The link as HTML: MkDocs knows the pages of one language, and would warn of it.
_DECIDES: Final = (
    "*Traduzido do inglês; se os dois textos discordam, vale o"
    ' <a href="{}">texto em inglês</a>.*'
)
_CELL: Final = re.compile(r"(?<!\\)\|")


def find(name: str) -> Requirement:
    """The requirement with this id.

    Raises:
        Trouble: there is none.
    """
    found = load().requirements.get(name)
    if found is None:
        raise Trouble(f"the specification has no requirement {name}")
    return found


def level(one: Requirement, language: Language) -> str:
    """MUST, or what says it in this language."""
    english = str(one.level)
    return english if language is Language.ENGLISH else _LEVELS[english]


def role(one: Requirement, language: Language) -> str:
    """Whom it binds, in this language."""
    return one.role if language is Language.ENGLISH else _ROLES[one.role]


def requirement(argument: str, place: Place) -> str:
    """A requirement as the chapters have it: id, level, role, sentence, reason."""
    one = find(argument)
    said = one.said_in(place.language)
    index = place.to(f"reference/requirements.md#{one.id}")
    head = f"**[{one.id}]({index})** · {level(one, place.language)}"
    paragraphs = [f"{head} · {role(one, place.language)}", *said.text.split("\n\n")]
    paragraphs.append(f"*{_WHY[place.language]}* {said.why}")
    return "\n>\n".join(f"> {' '.join(one.split())}" for one in paragraphs)


def error(argument: str, place: Place) -> str:
    """An error of the registry, in a sentence: `02`."""
    found = load().errors.get(argument)
    if found is None:
        raise Trouble(f"there is no error {argument}")
    meaning = cell(found.meaning, place.language)
    link = place.to(f"reference/errors.md#error-{argument}")
    return f"[`ERRO {argument}`]({link}): {meaning}"


def transcript(argument: str, _place: Place) -> str:
    """A whole session of `spec/transcripts`, without its header: `11-race`."""
    if argument not in load().transcripts:
        raise Trouble(f"there is no transcript {argument}")
    text = (SPEC / "transcripts" / f"{argument}.txt").read_text(encoding="utf-8")
    _, _, session = text.partition("\n\n")
    return f"```text\n{session.rstrip()}\n```"


# ---- tables ----


@functools.cache
def _portuguese() -> Mapping[str, Mapping[str, str]]:
    file = SPEC / "pt" / "tables.toml"
    data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return data


def cell(text: str, language: Language) -> str:
    """A cell of a table in this language; what is no prose is the same in both."""
    if language is Language.ENGLISH:
        return text
    return _portuguese()["cells"].get(text, text)


def table(argument: str, place: Place) -> str:
    """A table of the specification, made from its data: `states`."""
    try:
        made = english_table(argument)
    except KeyError:
        raise Trouble(f"there is no table {argument}") from None
    if place.language is Language.ENGLISH or argument == "grammar":
        return made
    if argument == "requirements":
        return "\n".join(_requirements(made.splitlines()))
    lines = made.splitlines()
    heads = _portuguese()["heads"]
    told = [_row(heads.get(one, one) for one in _cells(lines[0]))]
    told.append(lines[1])
    told += (_row(cell(one, place.language) for one in _cells(x)) for x in lines[2:])
    return "\n".join(told)


def _requirements(lines: list[str]) -> Iterator[str]:
    """The index, its sentences in Portuguese."""
    yield _row(("id", "nível", "obriga", "requisito", "seção", "verificações"))
    yield lines[1]
    for line in lines[2:]:
        name, _, _, _, section, checks = _cells(line)
        one = find(name.strip("*"))
        text = " ".join(one.said_in(Language.PORTUGUESE).text.split())
        binding = level(one, Language.PORTUGUESE), role(one, Language.PORTUGUESE)
        yield _row((name, *binding, text.replace("|", "\\|"), section, checks))


def _cells(line: str) -> list[str]:
    return [one.strip() for one in _CELL.split(line)[1:-1]]


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


# ---- chapters ----


def linked(text: str, place: Place) -> str:
    """The page, each id of a requirement in its prose leading to the index."""
    known = load().requirements

    def link(found: re.Match[str]) -> str:
        if found[0] not in known:
            return found[0]
        index = place.to(f"reference/requirements.md#{found[0]}")
        return f"[{found[0]}]({index})"

    return markdown.prose(text, lambda part: _ID.sub(link, part))


def chapter(text: str, place: Place) -> str:
    """A chapter as the site has it: its blocks lead to the index.

    Links between the chapters are right as they are.
    """
    told = []
    for line in text.splitlines():
        found = _BLOCK.fullmatch(line)
        if found and found["id"] in load().requirements:
            index = place.to(f"reference/requirements.md#{found['id']}")
            told.append(f"> **[{found['id']}]({index})** · {found['rest']}")
        else:
            told.append(line)
    return "\n".join(told) + "\n"


def decides(path: str) -> str:
    """What a chapter in Portuguese says of itself, with a link to the English one."""
    up = "../" * (path.count("/") + 1)
    english = f"{up}en/{path.removesuffix('.md')}.html"
    english = english.replace("README.html", "index.html")
    return f"{_DECIDES.format(english)}{{ .translated }}"


def chapters() -> list[str]:
    """The paths of the chapters on the site, in the order in which they are read."""
    inside = f"{SPECIFICATION}/"
    names = [
        path
        for path in written()
        if path.startswith(inside) and "/" not in path.removeprefix(inside)
    ]
    last = [f"{SPECIFICATION}/CHANGES.md"]
    first = [f"{SPECIFICATION}/README.md"]
    return first + sorted(set(names) - {*first, *last}) + last
