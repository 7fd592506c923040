"""Figures and tables of results: just what the files say."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.spec import load
from batepapo_conformance.words import Language
from batepapo_site import evidence, figures, gather
from batepapo_site.here import Place
from batepapo_site.trouble import Trouble

ENGLISH = Place("evidence/index.md", Language.ENGLISH)
PORTUGUESE = Place("evidence/index.md", Language.PORTUGUESE)
BOTH = pytest.mark.parametrize("place", [ENGLISH, PORTUGUESE], ids=["en", "pt"])


# ---- figures ----


def test_a_figure_is_counted_and_written_as_the_language_does() -> None:
    assert figures.figure("requirements.all", ENGLISH) == str(len(load().requirements))
    assert figures.number(1234567, Language.ENGLISH) == "1,234,567"
    assert figures.number(1234567, Language.PORTUGUESE) == "1.234.567"
    assert figures.number(1234.5, Language.PORTUGUESE, 2) == "1.234,50"


@pytest.mark.parametrize("name", figures._FIGURES)
def test_every_figure_can_be_counted(name: str) -> None:
    assert re.fullmatch(r"[\d,]+", figures.figure(name, ENGLISH))


def test_levels_are_all_there_is() -> None:
    count = figures._FIGURES
    levels = ("must", "should", "may")
    assert count["requirements.all"]() == sum(
        count[f"requirements.{level}"]() for level in levels
    )


def test_an_unknown_figure_is_trouble_that_names_the_others() -> None:
    with pytest.raises(Trouble, match=r"no figure x: there is matrix\.wrong"):
        figures.figure("x", ENGLISH)


@pytest.mark.parametrize(
    ("file", "maker"),
    [
        (MATRIX, "make matrix"),
        (gather.CONFORMANCE, "make evidence"),
        (gather.FLAKES, "batepapo_site.gather flakes"),
    ],
)
def test_a_missing_file_is_named_with_what_makes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: Path, maker: str
) -> None:
    away = tmp_path / file.name
    monkeypatch.setattr(figures, "_MAKERS", {away: figures._MAKERS[file]})
    with pytest.raises(Trouble, match=f"there is no {file.name}: .*{maker}"):
        figures.results(away)
    away.write_text("{")
    with pytest.raises(Trouble, match=f"no JSON .*{maker}"):
        figures.results(away)


# ---- tables ----


def _rows(table: str) -> list[list[str]]:
    cells = [re.split(r" ?(?<!\\)\| ?", line) for line in table.splitlines()]
    return [one[1:-1] for one in cells if len(one) > 2]


@BOTH
@pytest.mark.parametrize(
    "name", [*evidence._TABLES, "specimens client", "specimens server"]
)
def test_every_table_can_be_made(name: str, place: Place) -> None:
    made = evidence.evidence(name, place)
    assert made.strip()
    tables = re.split(r"\n(?!\|)", made)
    for table in tables:
        assert len({len(row) for row in _rows(table)}) <= 1


@BOTH
def test_every_requirement_has_a_row_that_leads_to_it(place: Place) -> None:
    made = evidence.evidence("conformance", place)
    for rule in load().requirements:
        assert f"| [{rule}](../reference/requirements.md#{rule}) |" in made


def test_a_rule_says_nothing_of_a_role_that_it_does_not_bind() -> None:
    rows = _rows(evidence.evidence("conformance", ENGLISH))
    for rule in load().requirements.values():
        (row,) = (one for one in rows if one[0].startswith(f"[{rule.id}]"))
        assert (row[1] == "") is (rule.role == "client")
        assert (row[3] == "") is (rule.role == "server")


@BOTH
def test_every_specimen_is_told_of(place: Place) -> None:
    told = "".join(
        evidence.evidence(name, place)
        for name in ("specimens server", "specimens client", "legal")
    )
    for one in figures.results(MATRIX)["specimens"]:
        assert f"{evidence._called(one)} |" in told
        assert evidence.plain(one["does"][place.language]) in told


def test_a_survivor_is_not_called_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    specimen = {
        "name": "x",
        "role": "server",
        "rule": "LIST-1",
        "legal": False,
        "does": {"en": "does it", "pt": "faz"},
        "verdict": "survived",
        "first": None,
        "failures": [],
    }
    _instead(monkeypatch, {"specimens": [specimen]})
    assert "not killed" in evidence.evidence("specimens server", ENGLISH)
    assert "não descoberto" in evidence.evidence("specimens server", PORTUGUESE)


def test_flakes_tell_just_what_is_in_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    reference = {
        "role": "client",
        "implementation": "asyncio",
        "times": 1000,
        "checks": 200,
        "differing": ["test_a[x]"],
        "flake_rate": 0.005,
        "seconds": 1234.5,
    }
    _instead(monkeypatch, {"references": [reference]})
    english = evidence.evidence("flakes", ENGLISH)
    assert "| client asyncio | 1,000 | 200 | 1 (0.50 %) | 1,234 |" in english
    assert "- client asyncio: `test_a[x]`" in english
    assert "does not say when" in english
    assert (
        "| cliente asyncio | 1.000 | 200 | 1 (0,50 %) | 1.234 |"
        in evidence.evidence("flakes", PORTUGUESE)
    )


def _instead(monkeypatch: pytest.MonkeyPatch, data: dict[str, Any]) -> None:
    monkeypatch.setattr(evidence, "results", lambda _: data)


def test_signs_in_a_text_are_no_markup() -> None:
    assert evidence.plain("says {quit} | *a*\n  `{b} | c`") == (
        "says &#123;quit} \\| \\*a\\* `{b} \\| c`"
    )


def test_an_unknown_table_is_trouble_that_names_the_others() -> None:
    for name in ("x", "specimens dog"):
        with pytest.raises(Trouble, match=f"no evidence {name}: there is made, runs"):
            evidence.evidence(name, ENGLISH)


# ---- how the files are made ----


def test_what_is_kept_is_what_the_command_said_with_when_and_on_what() -> None:
    made = gather.marked({"format": "f", "references": []}, "2026-11-30T00:00:00Z", "c")
    assert list(made) == ["format", "made", "commit", "about", "references"]
    assert made["about"].keys() == {"suite", "python", "platform"}


def test_a_command_that_says_nothing_is_trouble() -> None:
    with pytest.raises(Trouble, match=r"batepapo check: exit status 2"):
        gather.ask("batepapo", "check")


def test_the_kept_runs_hold_nothing_of_the_machine_but_its_kind() -> None:
    data = json.loads(gather.CONFORMANCE.read_text(encoding="utf-8"))
    assert data["format"] == gather.FORMAT
    assert [run["role"] for run in data["runs"]] == ["server"] * 2 + ["client"] * 2
    for run in data["runs"]:
        assert run["detail"] == "id"
        assert run["trouble"] == ""
