"""Parts of the specification on a page, and its chapters in both languages."""

import re
from typing import Final

from batepapo_conformance import chapters as texts
from batepapo_conformance.spec import Requirement, load
from batepapo_site import markdown
from batepapo_site.here import Place
from batepapo_site.pages import SPEC, SPECIFICATION, written
from batepapo_site.trouble import Trouble

_BLOCK: Final = re.compile(r"> \*\*(?P<id>[A-Z]+-\d+)\*\* · (?P<rest>.*)")
_ID: Final = re.compile(r"(?<![\w#-])[A-Z]+-\d+(?![\w-])")
# The link as HTML: MkDocs knows the pages of one language, and would warn of it.
_DECIDES: Final = (
    "*Traduzido do inglês; se os dois textos discordam, vale o"
    ' <a href="{}">texto em inglês</a>.*'
)


def find(name: str) -> Requirement:
    """The requirement with this id.

    Raises:
        Trouble: there is none.
    """
    found = load().requirements.get(name)
    if found is None:
        raise Trouble(f"the specification has no requirement {name}")
    return found


def requirement(argument: str, place: Place) -> str:
    """A requirement as the chapters have it: id, level, role, sentence, reason."""
    one = find(argument)
    return texts.requirement(one, place.language, place.to_rule(one.id))


def error(argument: str, place: Place) -> str:
    """An error of the registry, in a sentence: `02`."""
    found = load().errors.get(argument)
    if found is None:
        raise Trouble(f"there is no error {argument}")
    meaning = texts.cell(found.meaning, place.language)
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


def table(argument: str, place: Place) -> str:
    """A table of the specification, made from its data: `states`."""
    try:
        return texts.table(argument, place.language)
    except KeyError:
        raise Trouble(f"there is no table {argument}") from None


# ---- chapters ----


def linked(text: str, place: Place) -> str:
    """The page, each id of a requirement in its prose leading to the index."""
    known = load().requirements

    def link(found: re.Match[str]) -> str:
        return place.to_rule(found[0]) if found[0] in known else found[0]

    return markdown.prose(text, lambda part: _ID.sub(link, part))


def chapter(text: str, place: Place) -> str:
    """A chapter as the site has it: its blocks lead to the index.

    Links between the chapters are right as they are.
    """
    told = []
    for line in text.splitlines():
        found = _BLOCK.fullmatch(line)
        if found and found["id"] in load().requirements:
            told.append(f"> **{place.to_rule(found['id'])}** · {found['rest']}")
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
