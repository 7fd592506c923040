"""The published kill matrix is of today, nothing is lacking in it, and so its pages.

It takes half an hour to make (`make matrix`), so it is kept; this notices when it
no longer tells of the specimens and checks that there are. What it says of them is
tried again by `batepapo zoo --quick`.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.runner import collect
from batepapo_conformance.spec import load
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Language
from batepapo_conformance.zoo_page import page
from batepapo_zoo.catalogue import specimens

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def matrix() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MATRIX.read_text("utf-8"))
    return found


def test_nothing_is_lacking(matrix: dict[str, Any]) -> None:
    assert matrix["complete"]
    assert matrix["defects"] == []


def test_it_tells_of_every_specimen_as_it_is_now(matrix: dict[str, Any]) -> None:
    keys = ("role", "base", "rule", "legal", "does", "why")
    for told, one in zip(matrix["specimens"], specimens().values(), strict=True):
        assert told["name"] == one.name
        assert [told[key] for key in keys] == [getattr(one, key) for key in keys]


@pytest.mark.parametrize("role", Role)
def test_it_tells_of_every_check_that_there_is(
    matrix: dict[str, Any], role: Role
) -> None:
    told = {one["name"] for one in matrix["checks"] if one["role"] == role}
    assert told == {one.name for one in collect(role, ())}


def test_each_specimen_is_what_it_should_be(matrix: dict[str, Any]) -> None:
    for one in matrix["specimens"]:
        if one["legal"]:
            assert (one["verdict"], one["failures"]) == ("passed", []), one["name"]
        else:
            assert (one["verdict"], one["first"]) == ("killed", one["rule"]), one
            assert one["failures"][0]["rule"] == one["rule"], one["name"]


def test_every_must_and_every_check_is_proven(matrix: dict[str, Any]) -> None:
    for one in matrix["requirements"]:
        assert one["killers"] or one["level"] != "MUST", one["id"]
    for check in matrix["checks"]:
        assert check["kills"], check["name"]


@pytest.mark.parametrize("language", Language)
def test_its_page_shows_it(matrix: dict[str, Any], language: Language) -> None:
    shown = (DOCS / f"kill-matrix.{language}.html").read_text("utf-8")
    assert shown == page(matrix, load(), language)
