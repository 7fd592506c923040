"""A testee that fails as a specimen of the zoo is told so; any other is not."""

from dataclasses import replace

import pytest
from made_up_matrix import CHECKS, matrix
from made_up_runs import result, run

from batepapo_conformance import diagnosis
from batepapo_conformance.diagnosis import Signature, alike, diagnosed, read
from batepapo_conformance.results import Run, Verdict
from batepapo_zoo.catalogue import specimens

KNOWN = read(matrix())


def failing(failures: dict[str, str], checks: list[str] = CHECKS) -> Run:
    """A run in which these checks fail, each blamed on its rule; the others pass."""
    return run(
        *(
            result(failures[name], Verdict.FAILED, name=name)
            if name in failures
            else result("PUBLIC-1", name=name)
            for name in checks
        )
    )


def as_it_fails(name: str) -> Run:
    [one] = [one for one in KNOWN if one.specimen == name]
    return failing({check: rule for check, _, rule in one.failures})


def names(found: list[tuple[str, float]]) -> list[str]:
    return [name for name, _ in found]


def without(name: str) -> list[Signature]:
    return [one for one in KNOWN if one.specimen != name]


def test_legal_specimens_and_survivors_have_no_signature() -> None:
    assert {"one_a_line", "not_found"}.isdisjoint(one.specimen for one in KNOWN)


@pytest.mark.parametrize("name", [one.specimen for one in KNOWN])
def test_a_specimen_is_most_like_itself(name: str) -> None:
    found = alike(as_it_fails(name), KNOWN)
    assert name in names(found)
    assert dict(found)[name] == 1.0 == found[0][1]


@pytest.mark.parametrize(
    ("left_out", "recognised"),
    [
        ("no_echo", "echo_lost"),  # the same mistake on the other base
        ("echo_lost", "no_echo"),
        ("one_recv", "reads_not_joined"),  # a variation of it
        ("reads_not_joined", "one_recv"),
    ],
)
def test_the_same_mistake_elsewhere_is_recognised(
    left_out: str, recognised: str
) -> None:
    assert names(alike(as_it_fails(left_out), without(left_out))) == [recognised]


@pytest.mark.parametrize("left_out", ["no_owner", "silent", "bad_list_end"])
def test_a_mistake_that_nobody_else_makes_is_like_nothing(left_out: str) -> None:
    assert alike(as_it_fails(left_out), without(left_out)) == []


def test_who_passes_has_no_diagnosis() -> None:
    assert alike(failing({}), KNOWN) == []


def test_a_second_mistake_hides_the_first_one_not() -> None:
    both = failing(
        {"test_echo": "PUBLIC-1", "test_all_hear": "PUBLIC-1"}
        | {"test_long_list": "LIST-2"}
    )
    assert set(names(alike(both, KNOWN))) == {"bad_list_end", "echo_lost", "no_echo"}


def test_the_same_checks_blamed_on_other_rules_are_another_mistake() -> None:
    others = failing({"test_echo": "EVENT-3", "test_all_hear": "EVENT-3"})
    assert alike(others, KNOWN) == []


def test_only_what_was_run_is_compared() -> None:
    found = alike(failing({"test_cut": "FRAME-3"}, ["test_cut", "test_greet"]), KNOWN)
    assert set(names(found)) == {"one_recv", "reads_not_joined"}
    assert alike(replace(failing({"test_cut": "FRAME-3"}), role="client"), KNOWN) == []


@pytest.mark.parametrize(("copies", "named"), [(1, 1), (3, 3), (4, 0)])
def test_at_most_three_are_named_and_more_say_nothing(copies: int, named: int) -> None:
    many = [
        Signature(f"copy_{number}", "server", KNOWN[0].failures)
        for number in range(copies)
    ]
    assert len(alike(as_it_fails(KNOWN[0].specimen), many)) == named


def test_a_run_is_told_what_the_specimen_does_and_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    specimen = specimens()["list_without_owner"]
    failures = frozenset({("test_list", "", "LIST-1")})
    known = (Signature(specimen.name, "server", failures),)
    monkeypatch.setattr(diagnosis, "signatures", lambda: known)
    [one] = diagnosed(failing({"test_list": "LIST-1"})).diagnosis
    assert (one.specimen, one.rule, one.likeness) == (specimen.name, "LIST-1", 1.0)
    assert one.does == specimen.does
    assert one.why == specimen.why
    assert not diagnosed(failing({})).diagnosis
