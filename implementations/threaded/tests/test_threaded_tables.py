"""What the program knows by heart is what the specification says."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from batepapo_threaded import SOFTWARE, errors, limits, messages
from batepapo_threaded.typed import fold
from batepapo_threaded.words import Language, Words

SPEC = Path(__file__).parents[3] / "spec"


def table(name: str) -> dict[str, Any]:
    return tomllib.loads((SPEC / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", table("limits")["limit"], ids=lambda row: row["name"])
def test_limits(row: dict[str, Any]) -> None:
    assert getattr(limits, row["name"].upper()) == row["value"]


def test_limits_that_options_change() -> None:
    defaults = limits.ServerLimits()
    for row in table("limits")["limit"]:
        if row["option"] and row["option"] != "--answer-timeout":
            assert getattr(defaults, row["name"]) == row["value"]


def test_errors() -> None:
    codes = {row["code"] for row in table("errors")["error"]}
    classes = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.ChatError)
    ]
    assert {error.code for error in classes if error is not errors.ChatError} == codes


def test_causes() -> None:
    causes = [
        errors.ServerEnds(),
        errors.ServerFull(),
        errors.OverLimit(),
        errors.TooLate(),
        errors.Malformed(),
        errors.OutOfState(),
    ]
    names = [row["name"] for row in table("errors")["cause"]]
    assert [error.cause for error in causes] == names


@pytest.mark.parametrize("language", Language)
def test_explanations_fit_on_the_wire(language: Language) -> None:
    words = Words(language)
    causes = [row["name"] for row in table("errors")["cause"]]
    explanations = [words.explanation(errors.ForcedOut(cause)) for cause in causes]
    explanations += [words.forced_out(errors.ForcedOut(cause)) for cause in causes]
    explanations += [
        words.explanation(errors.NickInUse("ana")),
        words.explanation(errors.NoSuchDestination("ana")),
        words.goodbye(),
        words.hung_up(),
        words.reset(),
        words.overflowed(),
        words.stalled(),
    ]
    for explanation in explanations:
        line = messages.format_message(
            messages.Refused("03", "fim", explanation)
        ).removesuffix(b"\n")
        messages.parse_server_message(line)
        assert "ana" not in explanation  # ERROR-2


def test_folding() -> None:
    for character, folded in table("folding")["map"].items():
        assert fold(character) == folded


def test_keywords() -> None:
    forms = {row["form"].split()[0] for row in table("commands")["message"]}
    for keyword in forms - {":text", "nick:text"}:
        source = Path(messages.__file__).read_text(encoding="utf-8")
        assert keyword in source


def test_the_greeting_is_legal() -> None:
    line = messages.format_message(messages.Greeting(SOFTWARE))
    assert messages.parse_server_message(line[:-1]) == messages.Greeting(SOFTWARE)
