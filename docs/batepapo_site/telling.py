"""A written page as MkDocs gets it: its links, its anchors, and what it asks for."""

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from batepapo_conformance.words import Language
from batepapo_site import here, markdown, parity, specification
from batepapo_site.here import Place
from batepapo_site.kinds import KINDS
from batepapo_site.pages import DOCS, ROOT, SPECIFICATION, Page, data
from batepapo_site.trouble import Trouble

STALE: Final = (
    '!!! warning "Esta página está desatualizada"\n'
    "    O texto em inglês mudou depois desta tradução. Na dúvida, vale o inglês.\n"
)
"""What a page in Portuguese says when its English has changed since."""
_LINK: Final = re.compile(
    r"(?<!!)\[(?P<text>[^\[\]]*)\]\((?P<to>[^)\s:#]*)(?:#(?P<at>[^)\s]*))?\)"
)


def told(page: Page, pages: Mapping[str, Page], language: Language) -> str:
    """A page as MkDocs gets it: with what is in it, and what is to be known of it.

    Args:
        page: one of `pages`.
        pages: all pages that are written.
        language: in which it is told; in English where it is not translated.

    Raises:
        Trouble: it asks for what there is not, or is in Portuguese alone.
    """
    text = body(page, pages, language)
    notices = []
    translated = page.source(language).is_file() and language is Language.PORTUGUESE
    if translated and page.path.startswith(SPECIFICATION):
        notices.append(specification.decides(page.path))
    if language is Language.PORTUGUESE and parity.is_stale(page):
        notices.append(STALE)
    title, _, rest = text.partition("\n")
    return "\n\n".join([title, *notices, rest.lstrip("\n")])


def body(page: Page, pages: Mapping[str, Page], language: Language) -> str:
    """What is in a page: its text, each heading with its anchor.

    Raises:
        Trouble: it asks for what there is not, or is in Portuguese alone.
    """
    place = Place(page.path, language)
    if not page.source(Language.ENGLISH).is_file():
        raise Trouble(f"{page.path}: there is no English text")
    # Until there is a translation the English stands there.
    source = page.source(language)
    if not source.is_file():
        source = page.source(Language.ENGLISH)
    text = source.read_text(encoding="utf-8")
    text = leading(text, page, pages, source, language)
    if page.path.startswith(SPECIFICATION):
        text = specification.chapter(text, place)
    text = with_anchors(text, page)
    text = specification.linked(text, place)
    return here.fill(text, place, KINDS)


def with_anchors(text: str, page: Page) -> str:
    """The page, with the anchors of the English in either language.

    Where the headings are not as many, `parity` complains, and each keeps its own.
    """
    english = page.source(Language.ENGLISH).read_text(encoding="utf-8")
    anchors: list[str] = []
    for one in markdown.headings(english):
        anchors.append(_unlike(one.slug, anchors))
    if len(anchors) != len(markdown.headings(text)):
        return text
    return markdown.anchored(text, anchors)


def _unlike(slug: str, others: Sequence[str]) -> str:
    """This anchor, with a number as MkDocs does it if it is there already."""
    numbered = (f"{slug}_{number}" for number in itertools.count(1))
    return next(one for one in itertools.chain([slug], numbered) if one not in others)


def leading(
    text: str, page: Page, pages: Mapping[str, Page], source: Path, language: Language
) -> str:
    """The page, with its links to files of the project leading to their pages.

    A link to a file that is on no page (code, most of them) becomes its name. A link
    to a heading may have its anchor as GitHub makes it of the title in this language.
    """
    by_file = {
        file: one.path for one in pages.values() for file in one.sources.values()
    }
    by_file |= {file: path for path, file in data().items()}
    inside = DOCS in source.parents

    def lead(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / found["to"]))
        path = by_file.get(target) if found["to"] else page.path
        if path is not None:
            begin = os.path.dirname(page.path) or "."  # noqa: PTH120 (of a URL)
            link = os.path.relpath(path, begin).replace(os.sep, "/")
            there = pages.get(path)
            at = found["at"] or ""
            if there is not None:
                at = _anchor(at, there, language)
            link = link if found["to"] else ""
            return f"[{found['text']}]({link}{f'#{at}' if at else ''})"
        if not inside and target.exists():  # code, or a page of the project alone
            shown = target.relative_to(ROOT).as_posix()
            text = found["text"]
            return text if shown in text else f"{text} (`{shown}`)"
        return found[0]

    # The text of a link may go on in the next line, but not in the next paragraph.
    blocks = itertools.groupby(
        markdown.lines(text), key=lambda line: (line.code, not line.text.strip())
    )
    told = []
    for (is_code, _), lines in blocks:
        block = "\n".join(line.text for line in lines)
        told.append(block if is_code else _LINK.sub(lead, block))
    return "\n".join(told)


def _anchor(said: str, page: Page, language: Language) -> str:
    """The anchor on a page that is meant by one made of a title in this language."""
    sources = page.source(Language.ENGLISH), page.source(language)
    if not said or not all(file.is_file() for file in sources):
        return said
    english, own = (
        markdown.headings(file.read_text(encoding="utf-8")) for file in sources
    )
    anchors = [one.slug for one in english]
    if said in anchors or len(english) != len(own):
        return said
    by_title = {
        markdown.slug(one.title): anchor
        for one, anchor in zip(own, anchors, strict=True)
    }
    return by_title.get(markdown.slug(unquote(said)), said)
