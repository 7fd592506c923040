"""The built pages in a real browser: headless Chromium, as people look at them.

`make browser` builds the site and runs this. Without a Chromium it is skipped.
"""

import contextlib
import os
import shutil
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

from batepapo_site.building import BUILT
from batepapo_site.serving import server_of

pytestmark = pytest.mark.browser

CHROMIUM: Final = os.environ.get("CHROMIUM") or next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    None,
)
WIDE: Final = {"width": 1280, "height": 900}
NARROW: Final = {"width": 390, "height": 844}
# At least one page of each kind.
KINDS: Final = (
    "index.html",
    "start/first-conversation.html",
    "labs/06-threads.html",
    "how-to/read-a-failure.html",
    "reference/requirements.html",
    "reference/specification/05-commands.html",
    "reference/command-line.html",
    "reference/api/threaded.html",
    "explanation/threads-and-tasks.html",
    "explanation/total-order.html",
    "evidence/index.html",
    "evidence/kill-matrix.html",
    "teachers/index.html",
    "playground.html",
)
# What is folded, but is more than the same again as text.
UNFOLD: Final = """
    for (const one of document.querySelectorAll("details:has(> .beside)"))
        one.open = true;
"""
TRIES: Final = 20
LONG: Final = 20_000  # milliseconds
# To tell of each node that is as it should be takes twice as long as to look.
RULES: Final = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    assert (BUILT / "index.html").is_file(), "build the site first: make docs"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    """The address of the site, from a web server."""
    with server_of(BUILT) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["served", "from a folder"])
def site(request: pytest.FixtureRequest) -> str:
    """The address of the site: from a web server, and as files without one."""
    if request.param == "served":
        address: str = request.getfixturevalue("served")
        return address
    return BUILT.as_uri()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page whose console has to stay empty."""
    context = chromium.new_context(viewport=WIDE, locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(LONG)
    said: list[str] = []
    opened.on(
        "console", lambda one: said.append(one.text) if one.type == "error" else 0
    )
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    context.close()
    assert not said


def test_the_first_page_knows_the_reader_s_language(
    chromium: Browser, site: str
) -> None:
    for locale, language in (
        ("pt-BR", "pt"),
        ("pt-PT", "pt"),
        ("en", "en"),
        ("de", "en"),
    ):
        context = chromium.new_context(locale=locale)
        opened = context.new_page()
        opened.goto(f"{site}/index.html")
        opened.wait_for_url(f"**/{language}/index.html")
        expect(opened.locator("h1")).to_be_visible()
        context.close()


def test_one_gets_everywhere_by_the_tabs(page: Page, site: str) -> None:
    page.goto(f"{site}/en/index.html")
    tabs = page.locator(".md-tabs__link").all_inner_texts()
    assert len(tabs) >= 7
    for tab in tabs:
        page.locator(".md-tabs__link", has_text=tab).first.click()
        expect(page.locator("h1")).to_be_visible()
    page.locator(".md-nav--primary .md-nav__link:visible").last.click()
    expect(page.locator("h1")).to_be_visible()


def search(page: Page, where: str, query: str) -> None:
    """Open a page, and search until something is found."""
    page.goto(where)
    field = page.locator("input.md-search__input")
    field.click()
    # What is typed before the index has been read is not looked for any more.
    for _ in range(TRIES):
        field.fill("")
        field.press_sequentially(query)
        with contextlib.suppress(TimeoutError):
            page.locator(".md-search-result__item").first.wait_for(timeout=1000)
            return
    raise AssertionError(f"nothing is found for {query!r}")


@pytest.mark.parametrize(
    ("language", "query", "found"),
    [
        ("en", "ERRO 02", "ERRO 02"),
        ("pt", "ERRO 02", "ERRO 02"),
        ("en", "backpressure", "ackpressure"),
        ("pt", "laboratório", "aborat"),
    ],
)
def test_search_finds(
    page: Page, site: str, language: str, query: str, found: str
) -> None:
    search(page, f"{site}/{language}/index.html", query)
    first = page.locator(".md-search-result__item").first
    expect(page.locator(".md-search-result__list")).to_contain_text(found)
    first.locator("a").first.click()
    page.wait_for_url(f"**/{language}/**")
    expect(page.locator("h1")).to_be_visible()


def test_search_finds_a_lab(page: Page, served: str) -> None:
    for language, query in (("en", "lab 4"), ("pt", "laboratório 4")):
        search(page, f"{served}/{language}/index.html", query)
        links = page.locator(".md-search-result__link")
        to = [one.get_attribute("href") or "" for one in links.all()]
        assert any("/labs/" in one for one in to), (query, to)


@pytest.mark.parametrize(
    "deep", ["reference/specification/07-errors", "labs/04-one-to-one"]
)
def test_the_other_language_is_the_same_page(page: Page, site: str, deep: str) -> None:
    page.goto(f"{site}/en/{deep}.html")
    for language, other in (("pt-BR", "pt"), ("en", "en")):
        page.locator(".md-select").hover()
        page.locator(f".md-select__link[hreflang='{language}']").click()
        page.wait_for_url(f"**/{other}/{deep}.html")
        expect(page.locator("html")).to_have_attribute("lang", language[:2])


@pytest.mark.parametrize("where", KINDS)
def test_a_page_of_each_kind_is_accessible(
    chromium: Browser, served: str, where: str
) -> None:
    """No violation of WCAG 2.1, A and AA: light and dark, wide and narrow.

    Each language in two of the four: what differs between them are the words.
    """
    wrong: list[str] = []
    for language, scheme, size in (
        ("en", "light", WIDE),
        ("pt", "light", NARROW),
        ("pt", "dark", WIDE),
        ("en", "dark", NARROW),
    ):
        context = chromium.new_context(
            viewport=size, color_scheme=scheme, reduced_motion="reduce"
        )
        opened = context.new_page()
        opened.goto(f"{served}/{language}/{where}")
        opened.evaluate(UNFOLD)
        wide = opened.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            wrong.append(f"{language} {size['width']}: {wide} pixels wide")
        found: dict[str, Any] = Axe().run(opened, options=RULES).response
        for one in found["violations"]:
            nodes = [node["html"][:90] for node in one["nodes"][:3]]
            wrong.append(f"{language} {scheme} {size['width']}: {one['id']}: {nodes}")
        context.close()
    assert not wrong, "\n".join(wrong)


def test_no_page_complains_in_the_console(page: Page, served: str) -> None:
    for language in ("en", "pt"):
        for where in KINDS:
            page.goto(f"{served}/{language}/{where}")
            expect(page.locator("h1").first).to_be_visible()


# ---- the playground -------------------------------------------------------------


@pytest.mark.parametrize("transcript", ["03-private", "11-race", "24-half-close"])
def test_the_playground_plays_a_transcript_step_by_step(
    page: Page, site: str, transcript: str
) -> None:
    page.goto(f"{site}/en/playground.html#t={transcript}&step=0")
    place = page.get_by_role("slider")
    steps = int(place.get_attribute("max") or 0)
    assert steps > 3
    terminals = page.locator(".pg-terminal")
    for number in range(1, steps + 1):
        page.get_by_role("button", name="One step forward").click()
        expect(place).to_have_value(str(number))
    expect(terminals.first.locator(".pg-entry").first).to_be_visible()
    # A right server does nothing that has to be marked.
    expect(page.locator(".pg-mark")).to_have_count(0)
    page.get_by_role("button", name="One step back").click()
    expect(place).to_have_value(str(steps - 1))


def test_the_playground_marks_what_a_wrong_server_does(page: Page, site: str) -> None:
    page.goto(f"{site}/pt/playground.html#t=02-public&step=99&fault=no_echo")
    expect(page.locator(".pg-mark").first).to_be_visible()
    rule = page.locator("#playground a[href*='requirements.html#PUBLIC-1']").first
    expect(rule).to_be_visible()
    rule.click()
    expect(page.locator("[id='PUBLIC-1']")).to_be_visible()


def test_in_the_playground_one_types_and_sees_who_receives_it(
    page: Page, site: str
) -> None:
    page.goto(f"{site}/en/playground.html")
    one, other = (page.locator(".pg-terminal").nth(number) for number in range(2))
    for terminal, line in (
        (one, "/ENTRAR ana"),
        (other, "/ENTRAR beto"),
        (one, ":bom dia"),
        (other, "ana:segredo"),
    ):
        terminal.locator("input[type='text']").first.fill(line)
        terminal.locator("input[type='text']").first.press("Enter")
    for terminal in (one, other):
        expect(terminal.locator(".pg-lines")).to_contain_text(":bom dia")
    expect(one.locator(".pg-lines")).to_contain_text("PRIVADA")
    expect(other.locator(".pg-lines")).to_contain_text("ENVIADA ana")
    expect(other.locator(".pg-lines")).not_to_contain_text("PRIVADA")
