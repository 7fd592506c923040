"""Whether every page is the same in both languages, and translated as it is now.

The English text comes first. `docs/translated.toml` has, for each Portuguese page, a
digest of the English page that it says; where the English has changed since, the
check says so, and the Portuguese page carries a banner.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import tomlkit

from batepapo_conformance.chapters import TABLE_IN_TEXT
from batepapo_conformance.words import Language
from batepapo_site import here, markdown
from batepapo_site.pages import DOCS, SPECIFICATION, Page
from batepapo_site.trouble import Trouble

FILE: Final = DOCS / "translated.toml"
_DIGITS: Final = 12
_COMMENT: Final = """\
# For each page in Portuguese, the first {digits} hexadecimal digits of the SHA-256 of
# the English page that it says. Who has translated again what had changed says so:
#
#   python -m batepapo_site translated labs/01-framing/pt.md
"""


def complaints(pages: Iterable[Page]) -> Iterator[str]:
    """What is not the same in both languages, and what is out of date."""
    noted = _noted()
    names = set()
    for page in pages:
        names.add(page.name)
        absent = [one for one in page.sources.values() if not one.is_file()]
        if absent:
            yield f"{page.path}: lacks {absent[0].name} of one language"
            continue
        yield from _different(page)
        if is_stale(page, noted):
            yield f"{page.name}: the English has changed since it was translated"
    for name in noted.keys() - names:
        yield f"{FILE.name}: {name} is no page"


def is_stale(page: Page, noted: Mapping[str, str] | None = None) -> bool:
    """Whether its English text is not the one that was translated."""
    known = _noted() if noted is None else noted
    return known.get(page.name) != digest(page)


def digest(page: Page) -> str:
    """The first hex digits of the SHA-256 of the English page."""
    text = page.source(Language.ENGLISH).read_text(encoding="utf-8")
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def confirm(names: Iterable[str], pages: Iterable[Page]) -> None:
    """Note that these pages have been translated as the English is now.

    Raises:
        Trouble: a name is that of no page in Portuguese.
    """
    known = {page.name: page for page in pages}
    noted = dict(_noted())
    for name in names:
        if name not in known:
            raise Trouble(f"there is no page {name}")
        noted[name] = digest(known[name])
    kept = {name: noted[name] for name in sorted(noted) if name in known}
    comment = _COMMENT.format(digits=_DIGITS)
    FILE.write_text(f"{comment}\n{tomlkit.dumps(kept)}", encoding="utf-8", newline="\n")


def _noted() -> Mapping[str, str]:
    if not FILE.is_file():
        return {}
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def _different(page: Page) -> Iterator[str]:
    english, portuguese = (
        page.source(language).read_text(encoding="utf-8") for language in Language
    )
    theirs, ours = markdown.headings(english), markdown.headings(portuguese)
    # One without an anchor gets that of the English heading in its place.
    told = [(one.rank, one.slug) for one in theirs]
    given = [
        (one.rank, one.anchor or other.slug)
        for one, other in zip(ours, theirs, strict=False)
    ]
    if len(ours) != len(theirs) or given != told:
        yield f"{page.path}: headings or their anchors differ: {_first(told, given)}"
    # Chapters in Portuguese ask for what the English ones have in them.
    if not page.path.startswith(SPECIFICATION):
        asked = [here.asked(text) for text in (english, portuguese)]
        if asked[0] != asked[1]:
            yield f"{page.path}: what is included differs: {_first(*asked)}"
    # The English chapters have their tables in them.
    code = [_included(TABLE_IN_TEXT.sub("", text)) for text in (english, portuguese)]
    if code[0] != code[1]:
        yield f"{page.path}: blocks of code differ: {_first(*code)}"


def _included(text: str) -> list[str]:
    """What is in both languages the same: how many blocks, and what they include."""
    found = []
    for block in markdown.blocks_of_code(text):
        lines = [one for one in block.splitlines() if one.startswith("--8<--")]
        found.append(lines[0] if lines else "code")
    return found


def _first(english: Sequence[object], portuguese: Sequence[object]) -> str:
    for one, other in zip(english, portuguese, strict=False):
        if one != other:
            return f"{one!r}, and in Portuguese {other!r}"
    return f"{len(english)} in English, {len(portuguese)} in Portuguese"
