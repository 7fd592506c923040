"""The diagnosis on failures of real programs, each compared with all but itself.

`data/failures.json` holds them; where the zoo's kill matrix is published, that too.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from made_up_runs import result, run

from batepapo_conformance.diagnosis import Signature, alike, read, signatures
from batepapo_conformance.results import Run, Verdict

DATA = json.loads(
    (Path(__file__).parent / "data" / "failures.json").read_text(encoding="utf-8")
)
KNOWN = read(DATA)
RULES = {one["name"]: one["rule"] for one in DATA["specimens"]}
# What breaks the same rule and is not the same mistake: it fails other checks.
ALONE = {
    "first_line_of_a_read",
    "list_by_alphabet",
    "list_without_owner",
    "no_echo",
    "one_buffer_for_all",
    "one_read_one_line",
    "reads_not_joined",
    "cr_and_lf_are_two_ends",
}


def as_run(failures: Iterable[Sequence[str]]) -> Run:
    """The run in which these failed, and passed what was judged besides."""
    failed = {(name, variant): rule for name, variant, rule in failures}
    return run(
        *(
            result(failed[name, variant], Verdict.FAILED, name=name, variant=variant)
            if (name, variant) in failed
            else result("PUBLIC-1", name=name, variant=variant)
            for name, variant in DATA["checks"]
        )
    )


def without(name: str, known: Sequence[Signature]) -> list[Signature]:
    return [one for one in known if one.specimen != name]


@pytest.mark.parametrize("name", RULES)
def test_each_is_most_like_itself(name: str) -> None:
    [one] = [one for one in KNOWN if one.specimen == name]
    found = alike(as_run(one.failures), KNOWN)
    assert found[0][1] == 1.0
    assert name in dict(found)


@pytest.mark.parametrize(
    ("other", "recognised"),
    [
        ("one_read_one_line, on asyncio", "one_read_one_line"),
        ("server.c --forget-half-lines", "reads_not_joined"),
    ],
)
def test_the_same_mistake_is_recognised_in_another_program(
    other: str, recognised: str
) -> None:
    assert [name for name, _ in alike(as_run(DATA["others"][other]), KNOWN)] == [
        recognised
    ]


@pytest.mark.parametrize("name", sorted(set(RULES) - ALONE))
def test_a_variation_of_a_mistake_is_recognised_without_it(name: str) -> None:
    [one] = [one for one in KNOWN if one.specimen == name]
    found = alike(as_run(one.failures), without(name, KNOWN))
    assert found
    assert {RULES[other] for other, _ in found} == {RULES[name]}


@pytest.mark.parametrize("name", sorted(ALONE))
def test_what_is_like_nothing_else_is_called_nothing(name: str) -> None:
    [one] = [one for one in KNOWN if one.specimen == name]
    assert alike(as_run(one.failures), without(name, KNOWN)) == []


def test_who_passes_all_of_it_has_no_diagnosis() -> None:
    assert alike(as_run([]), KNOWN) == []


@pytest.mark.skipif(not signatures(), reason="no kill matrix is published here")
def test_what_is_said_from_the_whole_matrix_is_nearly_always_the_rule() -> None:
    known = signatures()
    rules = {one.specimen: rule for one, rule in zip(known, _rules(known), strict=True)}
    named = [
        (rules[one.specimen], rules[other])
        for one in known
        for other, _ in alike(_alone(one, known), without(one.specimen, known))
    ]
    right = sum(mine == theirs for mine, theirs in named)
    assert len(named) >= 20
    assert right / len(named) >= 0.75


def _rules(known: Iterable[Signature]) -> list[str]:
    from batepapo_zoo.catalogue import specimens

    return [specimens()[one.specimen].rule for one in known]


def _alone(one: Signature, known: Iterable[Signature]) -> Run:
    """A run of this specimen, among all the checks that any specimen fails."""
    every = {
        failure[:2]
        for other in known
        if other.role == one.role
        for failure in other.failures
    }
    failed = {(name, variant): rule for name, variant, rule in one.failures}
    return run(
        *(
            result(failed[check], Verdict.FAILED, name=check[0], variant=check[1])
            if check in failed
            else result("PUBLIC-1", name=check[0], variant=check[1])
            for check in sorted(every)
        ),
        role=one.role,
    )
