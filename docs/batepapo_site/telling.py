"""A written page as MkDocs gets it: its links, its anchors, and what it asks for."""

import itertools
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

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
    r"(?<!!)\[(?P<text>[^\[\]]*)\]\((?P<to>[^)\s:#]+)(?P<at>#[^)\s]*)?\)"
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

    A link to a file that is on no page (code, most of them) becomes its name.
    """
    by_file = {
        file: one.path for one in pages.values() for file in one.sources.values()
    }
    by_file |= {file: path for path, file in data().items()}
    inside = DOCS in source.parents

    def lead(found: re.Match[str]) -> str:
        target = Path(os.path.normpath(source.parent / found["to"]))
        path = by_file.get(target)
        if path is not None:
            begin = os.path.dirname(page.path) or "."  # noqa: PTH120 (of a URL)
            link = os.path.relpath(path, begin).replace(os.sep, "/")
            return f"[{found['text']}]({link}{found['at'] or ''})"
        if not inside and target.exists():  # code, or a page of the project alone
            shown = target.relative_to(ROOT).as_posix()
            text = found["text"]
            return text if shown in text else f"{text} (`{shown}`)"
        return found[0]

    return "\n".join(
        line.text if line.code else _LINK.sub(lead, line.text)
        for line in markdown.lines(text)
    )
