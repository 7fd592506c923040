"""What people read exists in both languages, and everything of it is used."""

import re
import string
from pathlib import Path

import pytest

import batepapo_conformance
from batepapo_conformance.outcomes import Mark
from batepapo_conformance.results import Stability, Status, Verdict
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Language, Words, language_from, table

PACKAGE = Path(batepapo_conformance.__file__).parent
ENGLISH, PORTUGUESE = table(Language.ENGLISH), table(Language.PORTUGUESE)
# Keys that are made of the members of an enumeration.
MADE = {
    *(f"verdict.{one.name.lower()}" for one in Verdict),
    *(f"status.{one.name.lower()}" for one in Status),
    *(f"mark.{one.name.lower()}" for one in Mark),
    *(f"role.{one}" for one in Role),
    *(f"page.grid_of.{one}" for one in Role),
    *(f"stability.{one}" for one in Stability),
}


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(ENGLISH) == list(PORTUGUESE)


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_put_in_the_same_values(key: str) -> None:
    assert values(ENGLISH[key]) == values(PORTUGUESE[key])
    assert ENGLISH[key].strip()
    assert PORTUGUESE[key].strip()


def test_every_member_of_an_enumeration_has_its_words() -> None:
    assert set(ENGLISH) >= MADE


def used() -> set[str]:
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.glob("templates/*")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    keys = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', text))
    keys |= set(re.findall(r"'([a-z_]+\.[a-z_]+)'", text))
    # Made of something's name, in Python and in a template.
    for prefix in re.findall(r'"([a-z_.]+\.)(?:\{|" ~)', text):
        keys |= {key for key in ENGLISH if key.startswith(prefix)}
    return keys | {key for key in ENGLISH if key.endswith((".one", ".many"))}


def test_every_key_is_used() -> None:
    assert set(ENGLISH) - used() - MADE == set()


def test_numbers_have_singular_and_plural() -> None:
    words = Words(Language.PORTUGUESE)
    assert words.count("check", 1) == "1 verificação"
    assert words.count("check", 2) == "2 verificações"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.PORTUGUESE),
        ({"LANG": "en_US.UTF-8"}, Language.ENGLISH),
        ({"LANG": "C.UTF-8"}, Language.PORTUGUESE),
        ({"LC_ALL": "", "LC_MESSAGES": "en", "LANG": "pt_BR"}, Language.ENGLISH),
        ({"LC_ALL": "pt_BR.UTF-8", "LANG": "en_US"}, Language.PORTUGUESE),
    ],
)
def test_the_language_is_that_of_the_environment(
    environment: dict[str, str], language: Language
) -> None:
    assert language_from(environment) is language
