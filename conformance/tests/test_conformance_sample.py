"""What a quick visit to the zoo runs."""

from dataclasses import replace
from typing import Any

import pytest

from batepapo_conformance.sample import Case, Sample
from batepapo_conformance.testee import Role
from batepapo_zoo.catalogue import Specimen, specimens

DELIVERIES = ("whole", "octets", "split-end", "coalesced")
MANY = [Case(f"test_other_{number}", "") for number in range(200)]
CASES = {
    Role.SERVER: [
        *(Case("test_echo", one) for one in DELIVERIES),
        Case("test_odd", ""),
        *(Case("test_framing", f"{one}-17") for one in DELIVERIES),
        *MANY,
    ],
    Role.CLIENT: [],
}
WRONG = specimens()["no_echo"]
LEGAL = next(one for one in specimens().values() if one.legal and one.role == "server")


def matrix(*failed: str) -> dict[str, Any]:
    """One in which `no_echo` fails these; another fails more of the same."""
    return {
        "specimens": [
            {"name": "no_echo", "failures": [{"check": name} for name in failed]},
            {"name": "worse", "failures": [{"check": name} for name in (*failed, "x")]},
            {"name": LEGAL.name, "failures": []},
        ],
        "checks": [{"name": name, "kills": ["worse", "no_echo"]} for name in failed],
    }


def names(specimen: Specimen, found: dict[str, Any], seed: int = 1) -> list[str]:
    cases = CASES[Role.SERVER]
    return [
        cases[number].name for number in Sample(CASES, found, seed).checks_for(specimen)
    ]


@pytest.mark.parametrize("seed", range(20))
def test_what_was_named_first_and_what_proves_a_check_is_run(seed: int) -> None:
    assert "test_odd" in names(WRONG, matrix("test_odd"), seed)
    assert "test_odd" in names(WRONG, matrix("test_framing", "test_odd"), seed)


@pytest.mark.parametrize("seed", range(20))
def test_a_case_is_run_in_all_deliveries_or_in_none(seed: int) -> None:
    assert names(WRONG, matrix(), seed).count("test_framing") in (0, len(DELIVERIES))


def test_other_seeds_draw_other_checks_and_in_the_end_all() -> None:
    runs = [names(WRONG, matrix(), seed) for seed in range(2000)]
    assert runs[0] == names(WRONG, matrix(), 0)
    assert runs[0] != runs[1]
    assert set().union(*runs) == {case.name for case in CASES[Role.SERVER]}
    assert max(map(len, runs)) < len(MANY) / 4


def test_of_a_legal_specimen_more_is_run() -> None:
    legal = sum(len(names(LEGAL, matrix(), seed)) for seed in range(50))
    wrong = sum(len(names(WRONG, matrix(), seed)) for seed in range(50))
    assert legal > 1.5 * wrong


def test_a_specimen_that_the_matrix_does_not_know_goes_through_all() -> None:
    new = replace(WRONG, name="new_one")
    assert len(names(new, matrix())) == len(CASES[Role.SERVER])
