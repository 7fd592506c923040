"""The specification as a folder to read: whole in both languages."""

import os
import re
from pathlib import Path

import pytest

from batepapo_conformance import chapters
from batepapo_conformance.chapters import files
from batepapo_conformance.spec import folder, load
from batepapo_conformance.words import Language

every_language = pytest.mark.parametrize("language", Language)


@every_language
def test_nothing_is_left_that_only_a_site_would_fill(language: Language) -> None:
    for place, text in files(language).items():
        assert "<!-- here" not in text, place
        assert " { #" not in text, place


@every_language
def test_every_requirement_is_said(language: Language) -> None:
    told = "\n".join(
        text for place, text in files(language).items() if place.name[:2] < "12"
    )
    heads = re.findall(r"(?m)^> \*\*([A-Z]+-\d+)\*\* · ", told)
    assert set(heads) == set(load().requirements)


@every_language
def test_links_lead_to_what_is_handed_out(language: Language) -> None:
    told = files(language)
    for place, text in told.items():
        if place.suffix != ".md":
            continue
        for link in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", text):
            there = Path(os.path.normpath(place.parent / link))
            assert there in told, f"{place}: {link}"


def test_english_is_as_it_stands_but_for_anchors() -> None:
    told = files(Language.ENGLISH)
    for place in ("05-commands.md", "grammar.abnf", "transcripts/11-race.txt"):
        assert told[Path(place)] == (folder() / place).read_text(encoding="utf-8")


def test_portuguese_has_the_same_files_and_its_own_words() -> None:
    english, portuguese = files(Language.ENGLISH), files(Language.PORTUGUESE)
    assert portuguese.keys() == english.keys()
    for place, text in portuguese.items():
        assert (text == english[place]) == (place.suffix != ".md"), place
    assert "| quem envia | linha |" in portuguese[Path("05-commands.md")]


def test_no_check_is_collected_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest takes standard output for a while: whoever marks a class in threads
    # would lose what it says.
    def never(*_: object, **__: object) -> None:
        raise AssertionError("pytest runs")

    monkeypatch.setattr(pytest, "main", never)
    chapters._made.cache_clear()
    assert len(files(Language.PORTUGUESE)) > 50
