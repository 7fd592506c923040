"""The built pages: every link and every anchor within the site leads somewhere.

`make browser` builds the site first; alone, without it, there is nothing to look at.
"""

import functools
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from batepapo_conformance.words import Language
from batepapo_site.building import BUILT

pytestmark = pytest.mark.browser

# Material writes this one itself, for a server's answer to what there is not.
_OF_A_SERVER = "404.html"


class Page(HTMLParser):
    """What of a page can be led to, and what it leads to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.language = ""
        self.feed(text)

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        given = dict(attributes)
        self.anchors |= {given[key] or "" for key in ("id", "name") if given.get(key)}
        if tag == "html":
            self.language = given.get("lang") or ""
        for key in ("href", "src"):
            if value := given.get(key):
                self.links.append(value)


@functools.cache
def page(file: Path) -> Page:
    return Page(file.read_text(encoding="utf-8"))


def pages() -> list[Path]:
    found = sorted(one for one in BUILT.rglob("*.html") if one.name != _OF_A_SERVER)
    assert found, "build the site first: make docs"
    return found


def broken(file: Path) -> Iterator[str]:
    for link in page(file).links:
        url = urlsplit(link)
        if url.scheme in ("http", "https", "mailto", "data"):
            continue
        target = file
        if url.path:
            target = Path(file.parent, unquote(url.path)).resolve()
        if not target.is_file():
            yield f"{link}: there is no such file"
        elif url.fragment and target.suffix == ".html":
            # What begins a step of the playground is read by its script.
            anchors = page(target).anchors
            if unquote(url.fragment) not in anchors and "=" not in url.fragment:
                yield f"{link}: there is no such anchor"


def test_every_link_within_the_site_leads_somewhere() -> None:
    found = {
        f"{file.relative_to(BUILT)}: {what}"
        for file in pages()
        for what in broken(file)
    }
    assert not found, "\n".join(sorted(found))


def test_nothing_comes_from_a_network() -> None:
    """Whatever a page loads is in the site: it is read without a network too."""
    for file in pages():
        text = file.read_text(encoding="utf-8")
        for begin in ('src="http', 'src="//', 'rel="stylesheet" href="http'):
            assert begin not in text, file


@pytest.mark.parametrize("language", Language)
def test_each_page_says_its_language(language: Language) -> None:
    for file in (BUILT / language).rglob("*.html"):
        if file.name != _OF_A_SERVER and "kill-matrix." not in file.name:
            assert page(file).language[:2] == language, file


def test_both_languages_have_the_same_pages_and_anchors() -> None:
    english, portuguese = (
        {
            file.relative_to(BUILT / language).as_posix(): headings(file)
            for file in (BUILT / language).rglob("*.html")
        }
        for language in Language
    )
    assert english.keys() == portuguese.keys()
    for name, anchors in english.items():
        assert anchors == portuguese[name], name


def headings(file: Path) -> set[str]:
    """The anchors of a page, without those that are only numbers of code's lines."""
    return {
        one for one in page(file).anchors if not one.startswith(("__", "fn", "sn-"))
    }
