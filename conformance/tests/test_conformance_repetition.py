"""Checks that were run several times: deterministic, flaky, or always the same."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.repetition import collapse, isolate
from batepapo_conformance.results import (
    Broken,
    Repeated,
    Result,
    Run,
    Stability,
    Verdict,
)
from batepapo_conformance.selection import selected, without_repetition
from batepapo_conformance.spec import Level, load
from batepapo_conformance.story import tell_stability
from batepapo_conformance.words import Language, Words

PASSED, FAILED, NONE = Verdict.PASSED, Verdict.FAILED, Verdict.NO_VERDICT


def result(
    name: str, verdict: Verdict, rule: str = "PUBLIC-1", seed: int = 1
) -> Result:
    bare, _, variant = name.removesuffix("]").partition("[")
    broken = Broken.from_exception(RuleBroken(rule, b"a", b"b"))
    return Result(
        name=bare,
        variant=variant,
        file="test_05.py",
        requirements=(rule,),
        level=Level.MUST,
        section="5.3",
        sentence="",
        verdict=verdict,
        broken=broken if verdict is FAILED else None,
        seed=seed,
    )


def times(name: str, *verdicts: Verdict, rule: str = "PUBLIC-1") -> list[Result]:
    inner = name.removesuffix("]") + "-" if "[" in name else name + "["
    return [
        result(f"{inner}time{number}]", verdict, rule, seed=10 + number)
        for number, verdict in enumerate(verdicts)
    ]


def test_repetitions_become_one_result_with_how_often_each_verdict_came() -> None:
    [one] = collapse(times("test_x[octets]", PASSED, FAILED, PASSED))
    assert one.full_name == "test_x[octets]"
    assert one.verdict is FAILED
    assert one.seed == 11  # with which it failed
    assert one.repeated == Repeated({PASSED: 2, FAILED: 1})


def test_variants_stay_apart() -> None:
    runs = times("test_x[whole]", PASSED, PASSED) + times("test_x[octets]", NONE, NONE)
    assert [one.full_name for one in collapse(runs)] == [
        "test_x[whole]",
        "test_x[octets]",
    ]


def test_a_check_without_variants_has_none_after_it_was_repeated() -> None:
    [one] = collapse(times("test_x", PASSED, PASSED))
    assert (one.full_name, one.variant) == ("test_x", "")


@pytest.mark.parametrize(
    ("verdicts", "alone", "stability"),
    [
        ({PASSED: 3}, {}, None),
        ({NONE: 3}, {}, None),
        ({FAILED: 3}, {}, Stability.DETERMINISTIC),
        ({FAILED: 3}, {FAILED: 3}, Stability.DETERMINISTIC),
        ({FAILED: 3}, {FAILED: 2, PASSED: 1}, Stability.FLAKY),
        ({FAILED: 3}, {PASSED: 3}, Stability.FLAKY),
        ({FAILED: 1, PASSED: 2}, {}, Stability.FLAKY),
        # Only this seed fails, but it always does.
        ({FAILED: 1, PASSED: 2}, {FAILED: 3}, Stability.DETERMINISTIC),
        ({PASSED: 1, NONE: 2}, {}, Stability.FLAKY),
    ],
)
def test_what_repeating_has_shown(
    verdicts: dict[Verdict, int],
    alone: dict[Verdict, int],
    stability: Stability | None,
) -> None:
    repeated = Repeated(verdicts, alone)
    assert repeated.stability is stability
    assert bool(tell_stability(repeated, Words(Language.ENGLISH))) == bool(stability)


def test_the_sentences_count() -> None:
    repeated = Repeated({FAILED: 1, PASSED: 4}, {PASSED: 5})
    told = " ".join(tell_stability(repeated, Words(Language.ENGLISH)))
    assert "flaky" in told
    assert "1 of 5" in told
    assert "0 of 5" in told


def test_what_failed_is_run_again_alone_with_its_own_seed() -> None:
    asked: dict[int, list[str]] = {}

    def run_alone(seed: int, names: list[str]) -> Iterable[Result]:
        asked[seed] = names
        return [
            replace(one, seed=seed)
            for name in names
            for one in times(name, FAILED, PASSED)
        ]

    steady = collapse(times("test_a", FAILED, FAILED))
    another = collapse(times("test_b", FAILED, FAILED))  # of the same rule
    flaky = collapse(times("test_c[whole]", PASSED, FAILED))
    passed = collapse(times("test_d", PASSED, PASSED))
    isolated = isolate(steady + another + flaky + passed, run_alone)
    assert asked == {10: ["test_a"], 11: ["test_c[whole]"]}
    alone = [one.repeated.alone for one in isolated if one.repeated]
    assert alone == [{FAILED: 1, PASSED: 1}, {}, {FAILED: 1, PASSED: 1}, {}]


def test_a_run_knows_which_of_its_checks_differed() -> None:
    results = collapse(
        times("test_a", PASSED, PASSED) + times("test_b", PASSED, FAILED)
    )
    run = Run(role="server", testee="x", seed=1, results=results, times=2)
    assert [one.name for one in run.differing()] == ["test_b"]


@pytest.mark.parametrize(
    ("name", "once"),
    [
        ("test_x", "test_x"),
        ("test_x[time3]", "test_x"),
        ("test_x[octets-time12]", "test_x[octets]"),
        ("test_x[time3-octets]", "test_x[octets]"),
        ("test_x[overtime3]", "test_x[overtime3]"),
    ],
)
def test_the_name_without_its_repetition(name: str, once: str) -> None:
    assert without_repetition(name) == once
    requirement = load().requirements["PUBLIC-1"]
    assert selected([once], name, [requirement])
