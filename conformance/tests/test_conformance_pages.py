"""The page of runs: one file, both languages, a story behind each cell."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from made_up_runs import EVERY_KIND, FAILING, FLAKY, NASTY, PASSING, result, run

from batepapo_conformance.grid import page
from batepapo_conformance.results import Run, Verdict
from batepapo_conformance.spec import load
from batepapo_conformance.words import Language

SPECIFICATION = load()
# Elements that have no end.
VOID = {"meta", "input", "br", "line", "path", "rect", "circle", "link"}


class Page(HTMLParser):
    """A page as a browser sees it; elements that are not closed are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append((self.open[-1] if self.open else "", data))

    def all(self, name: str) -> list[str]:
        """Every value of an attribute."""
        return [
            said or ""
            for _, one in self.attributes
            for key, said in one.items()
            if key == name
        ]

    @property
    def text(self) -> str:
        return " ".join(
            data for tag, data in self.words if tag not in ("style", "script")
        )


def shown(*runs: Run, language: Language = Language.ENGLISH) -> str:
    names = [f"run {number}" for number, _ in enumerate(runs)]
    return page(runs, names, SPECIFICATION, language)


@pytest.mark.parametrize("kind", EVERY_KIND.values(), ids=list(EVERY_KIND))
def test_every_kind_of_run_has_a_page_that_is_whole(kind: Run) -> None:
    text = shown(kind)
    found = Page(text)
    ids = Counter(found.all("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    for name in ("popovertarget", "aria-labelledby"):
        for said in found.all(name):
            assert all(one in ids for one in said.split()), said
    for target in found.all("href"):
        assert target.startswith("#")
        assert target[1:] in ids


def test_it_needs_no_network() -> None:
    text = shown(*EVERY_KIND.values())
    assert re.findall(r'(?: src| action)=| href="(?!#)', text) == []
    assert "@import" not in text
    assert "url(" not in text
    addresses = set(re.findall(r"https?://[^\s\"<]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a name, not a place


def test_nothing_from_a_testee_becomes_part_of_the_page() -> None:
    text = shown(*EVERY_KIND.values())
    assert "<b>" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert NASTY not in text
    assert "&lt;b&gt;" in text
    text.encode("utf-8")


def test_a_cell_says_by_a_sign_and_in_words_what_its_colour_says() -> None:
    text = shown(PASSING, FAILING)
    cells = re.findall(r'<td class="([a-z-]+)">(.*?)</td>', text, re.DOTALL)
    signs = {"passed": "✓", "failed": "✗", "unreached": "–", "unchecked": "·"}
    words = {
        "passed": "Met.",
        "failed": "Broken.",
        "unreached": "Not reached",
        "unchecked": "Not checked",
    }
    assert {kind for kind, _ in cells} == set(signs)
    for kind, cell in cells:
        assert signs[kind] in cell
        assert words[kind] in cell


def test_the_runs_stand_side_by_side() -> None:
    text = shown(PASSING, FAILING)
    row = re.search(r'<th scope="row">PUBLIC-1.*?</tr>', text, re.DOTALL)
    assert row is not None
    assert re.findall(r'<td class="([a-z-]+)">', row[0]) == ["passed", "failed"]


def test_roles_have_grids_of_their_own() -> None:
    client = run(result("SHOW-1"), role="client")
    assert shown(PASSING, client).count("<table>") == 2


def test_a_broken_cell_tells_its_story() -> None:
    text = shown(FAILING)
    [story] = re.findall(
        r'<section popover id="1-PUBLIC-1".*?</section>', text, re.DOTALL
    )
    said = Page(story).text
    assert "Everyone MUST receive" in said  # the rule
    assert "PUBLICA <time> ana@- :o segredo" in said  # what was expected
    assert r"<mark>\x1B</mark>\r" in story  # the octet that differs
    assert "octet 19" in said
    assert "<svg" in story  # the diagram
    assert "-&gt;    :oi" in story  # the exchange
    assert "--only test_x --seed 4711" in said
    [later] = re.findall(
        r'<section popover id="1-PRIVATE-1".*?</section>', text, re.DOTALL
    )
    assert "First comes: PUBLIC-1" in Page(later).text


def test_the_diagnosis_is_told_in_both_languages() -> None:
    text = Page(shown(FAILING)).text
    assert "A reason in English." in text
    assert "Uma razão em português." in text


def test_a_flaky_failure_is_called_so() -> None:
    text = Page(shown(FLAKY)).text
    assert "flaky" in text
    assert "intermitente" in text


def test_the_language_that_is_asked_for_is_the_one_shown() -> None:
    for language, chosen in (
        (Language.ENGLISH, "english"),
        (Language.PORTUGUESE, "portuguese"),
    ):
        text = shown(PASSING, language=language)
        assert f'<html lang="{language}">' in text
        assert f'id="{chosen}" checked' in text
        assert text.count(" checked>") == 1


def test_every_sentence_is_there_in_both_languages() -> None:
    found = Page(shown(*EVERY_KIND.values()))
    said = Counter(
        one.get("lang") for _, one in found.attributes if one.get("class") == "said"
    )
    assert said["en"] == said["pt"] > 50


def test_what_everybody_meets_can_be_filtered_out() -> None:
    text = shown(PASSING, FAILING)
    by_rule = {
        rule: bool(fine)
        for fine, rule in re.findall(
            r'<tr(| class="fine")><th scope="row">([A-Z]+-\d+)', text
        )
    }
    assert by_rule["GREET-1"]
    assert not by_rule["PUBLIC-1"]


def test_a_page_of_a_wreck_stays_of_a_reasonable_size() -> None:
    rules = [one.id for one in SPECIFICATION.obliging("server")]
    wreck = run(
        *(
            result(rule, Verdict.FAILED, name=f"test_{number}", exchange="x" * 4000)
            for rule in rules
            for number in range(3)
        )
    )
    assert len(shown(wreck, wreck).encode()) < 4_000_000
