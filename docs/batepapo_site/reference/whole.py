"""The whole specification on one page, to be printed, or searched in."""

import re
from collections.abc import Mapping
from typing import Final

from batepapo_conformance.words import Language
from batepapo_site import markdown, parity, telling
from batepapo_site.pages import SPECIFICATION, written
from batepapo_site.specification import chapters, decides
from batepapo_site.words import words

PATH: Final = f"{SPECIFICATION}/whole.md"
"""Where it is on the site."""
_NOT_FOUND: Final = "---\nsearch:\n  exclude: true\n---"
"""Each of its sections is found by a search already, where it is at home."""
_LINK: Final = re.compile(r"\]\((?P<file>[\w.-]+\.md)?(?:#(?P<anchor>[\w.-]+))?\)")


def whole(language: Language) -> str:
    """All chapters, one after another, each of their links leading within the page."""
    told = words(language)
    pages = written()
    begins = {path.rpartition("/")[2]: _begin(path) for path in chapters()}
    parts = [_NOT_FOUND, f"# {told('whole.title')} {{ #the-whole-specification }}"]
    if language is Language.PORTUGUESE:
        parts.append(decides(PATH))
        if any(parity.is_stale(pages[path]) for path in chapters()):
            parts.append(telling.STALE)
    parts.append(told("whole.intro").strip())
    for path in chapters():
        text = telling.body(pages[path], pages, language)
        parts.append(within(text, path.rpartition("/")[2], begins))
    return "\n\n".join(parts)


def within(text: str, name: str, begins: Mapping[str, str]) -> str:
    """A chapter as a part of the page: a rank lower, its anchors its own.

    Args:
        text: the chapter.
        name: that of its file.
        begins: the anchor of each chapter in the page, by the names of the files.
    """

    def lead(found: re.Match[str]) -> str:
        file, anchor = found["file"] or name, found["anchor"]
        if file not in begins or not (anchor or found["file"]):
            return found[0]
        return f"](#{begins[file]}{f'--{anchor}' if anchor else ''})"

    told = []
    for line in markdown.lines(text):
        heading = markdown.heading(line)
        if heading is not None:
            below = f"--{heading.slug}" if heading.rank > 1 else ""
            title = _LINK.sub(lead, heading.title)
            rank = "#" * min(heading.rank + 1, 6)
            told.append(f"{rank} {title} {{ #{begins[name]}{below} }}")
        else:
            told.append(line.text if line.code else _LINK.sub(lead, line.text))
    return "\n".join(told)


def _begin(path: str) -> str:
    """The anchor of a chapter in the page; the style sheet knows it by its start."""
    return f"chapter-{path.rpartition('/')[2].removesuffix('.md').lower()}"
