"""The constants of the package against the data of the specification."""

import tomllib
from pathlib import Path

import pytest

from batepapo_asyncio import SOFTWARE, arguments, errors, limits
from batepapo_asyncio.typed import fold
from batepapo_asyncio.words import Language, Words, language_from

SPEC = Path(__file__).parents[3] / "spec"


def rows(name, table):
    return tomllib.loads((SPEC / name).read_text(encoding="utf-8"))[table]


@pytest.mark.parametrize("row", rows("limits.toml", "limit"), ids=lambda r: r["name"])
def test_every_limit_is_the_specified_one(row):
    assert getattr(limits, row["name"].upper()) == row["value"]


def test_every_option_has_the_specified_default():
    parser = arguments.parser_of(Words(Language.ENGLISH))
    defaults = {
        **vars(parser.parse_args(["client"])),
        **vars(parser.parse_args(["server"])),
    }
    options = {
        row["option"]: row["value"]
        for row in rows("limits.toml", "limit")
        if row["option"]
    }
    assert options
    for option, value in options.items():
        assert defaults[option.removeprefix("--").replace("-", "_")] == value


def test_every_code_has_its_exceptions():
    found = {
        error.code
        for error in vars(errors).values()
        if isinstance(error, type)
        and issubclass(error, errors.ChatError)
        and error is not errors.ChatError
    }
    assert found == {row["code"] for row in rows("errors.toml", "error")}


def test_every_cause_has_its_exception():
    found = {
        error.subject
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.ForcedOut)
    }
    specified = {row["name"] for row in rows("errors.toml", "cause")}
    assert found == specified | {"", "rede"}  # the base class, and the client's own


def test_the_map_of_the_folding_is_the_specified_one():
    table = tomllib.loads((SPEC / "folding.toml").read_text(encoding="utf-8"))["map"]
    assert len(table) == 40
    for character, folded in table.items():
        assert fold(character) == folded


@pytest.mark.parametrize("language", Language)
def test_every_explanation_may_go_over_the_wire(language):
    words = Words(language)
    sent = [
        errors.NickInUse("ana"),
        errors.NoSuchDestination("ana"),
        errors.Malformed(),
        errors.Malformed("FRAME-5"),
        errors.OutOfState("STATE-1"),
        errors.OutOfState("STATE-2"),
        errors.TooLate(),
        errors.ServerFull(),
        errors.OverLimit("LIMIT-3"),
        errors.OverLimit("SLOW-2"),
        errors.OverLimit("SLOW-5"),
        errors.ServerEnds(),
    ]
    explanations = [words.explanation(error) for error in sent]
    assert len(set(explanations)) == len(explanations)
    for text in [*explanations, words.goodbye(), words.hung_up(), words.reset()]:
        assert text.isascii()
        assert text.isprintable()
        assert 1 <= len(text) <= limits.EXPLANATION
        assert "ana" not in text


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, Language.PORTUGUESE),
        ({"LANG": "en_GB.UTF-8"}, Language.ENGLISH),
        ({"LANG": "de_DE.UTF-8"}, Language.PORTUGUESE),
        ({"LC_ALL": "pt_BR", "LANG": "en_GB"}, Language.PORTUGUESE),
        ({"LC_ALL": "", "LC_MESSAGES": "en", "LANG": "pt_BR"}, Language.ENGLISH),
    ],
)
def test_the_language_is_that_of_the_environment(environment, language):
    assert language_from(environment) is language


def test_the_software_token_fits():
    assert 1 <= len(SOFTWARE) <= limits.SOFTWARE
    assert " " not in SOFTWARE
