"""As much of Markdown as has to be known: what is a heading, and what is code."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from markdown.extensions.toc import slugify

_FENCE: Final = re.compile(r"\s*(```+|~~~+)")
_HEADING: Final = re.compile(
    r"(?P<rank>#{1,6}) +(?P<title>.*?)(?: *\{ *#(?P<anchor>[\w.-]+) *\})? *#*"
)
# Code, and a word in braces outside of it.
_IN_A_ROW: Final = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)|(?<!\\)\{[\w-]+\}")
# What no word in it is changed of: code, links, HTML, and addresses.
_FIXED: Final = re.compile(
    r"`+[^`]*`+|!?\[(?:[^\[\]]|\[[^\]]*\])*\](?:\([^)]*\)|\[[^\]]*\])|<[^>\n]*>"
    r"|\{[^}\n]*\}|https?://\S+"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page, and whether it stands in a block of code."""

    text: str
    code: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its rank (1 is the title), what it says, its anchor if it has one."""

    rank: int
    title: str
    anchor: str | None

    @property
    def slug(self) -> str:
        """Its anchor, or the one that it gets."""
        return self.anchor or slug(self.title)


def lines(text: str) -> Iterator[Line]:
    """The lines of a page, in order."""
    end = ""
    for line in text.splitlines():
        fence = _FENCE.match(line)
        if end:
            yield Line(line, True)
            if fence and fence[1].startswith(end) and not line.strip().strip(end[0]):
                end = ""
        elif fence:
            end = fence[1]
            yield Line(line, True)
        else:
            yield Line(line, False)


def heading(line: Line) -> Heading | None:
    """The heading that this line is."""
    found = None if line.code else _HEADING.fullmatch(line.text)
    if found is None:
        return None
    return Heading(len(found["rank"]), found["title"], found["anchor"])


def headings(text: str) -> list[Heading]:
    """All headings, in order."""
    return [found for line in lines(text) if (found := heading(line))]


def blocks_of_code(text: str) -> list[str]:
    """The blocks of code, with their fences, in order."""
    found: list[list[str]] = []
    inside = False
    for line in lines(text):
        if line.code and not inside:
            found.append([])
        if line.code:
            found[-1].append(line.text)
        inside = line.code
    return ["\n".join(block) for block in found]


def slug(title: str) -> str:
    """The anchor of a title, as MkDocs makes it."""
    shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
    return str(slugify(re.sub(r"[`*]", "", shown), "-"))


def anchored(text: str, anchors: list[str]) -> str:
    """The page, each heading with the anchor that is next in the list."""
    rest = iter(anchors)
    changed = []
    for line in lines(text):
        found = heading(line)
        if found is None:
            changed.append(line.text)
        else:
            changed.append(f"{'#' * found.rank} {found.title} {{ #{next(rest)} }}")
    return "\n".join(changed) + "\n"


def with_plain_tables(text: str) -> str:
    """The page, its tables as Python-Markdown needs them to show what GitHub does.

    GitHub takes a bar for the end of a cell unless it is escaped, also in code;
    Python-Markdown does not, and would show what escapes it. And a word in braces at
    the end of a cell, `{quit}`, it would take for an attribute of that cell.
    """
    changed = []
    for line in lines(text):
        row = not line.code and line.text.lstrip().startswith("|")
        changed.append(_IN_A_ROW.sub(_plain, line.text) if row else line.text)
    return "\n".join(changed) + "\n"


def _plain(found: re.Match[str]) -> str:
    if found[0].startswith("{"):
        return f"\\{found[0]}"
    return found[0].replace("\\|", "|")


def prose(text: str, change: Callable[[str], str]) -> str:
    """The page with its prose changed: no code, no heading, no link, no HTML."""
    changed = []
    for line in lines(text):
        if line.code or heading(line):
            changed.append(line.text)
        else:
            changed.append(_loose(line.text, change))
    return "\n".join(changed) + "\n"


def _loose(line: str, change: Callable[[str], str]) -> str:
    parts = []
    end = 0
    for fixed in _FIXED.finditer(line):
        parts += [change(line[end : fixed.start()]), fixed[0]]
        end = fixed.end()
    return "".join([*parts, change(line[end:])])
