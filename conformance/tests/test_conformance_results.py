"""Who is blamed, what comes first, and what the exit status is."""

import json
from dataclasses import replace
from typing import Any

import pytest

from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.results import (
    Broken,
    Result,
    Run,
    Status,
    Unexpected,
    Verdict,
)
from batepapo_conformance.selection import selected, without_delivery
from batepapo_conformance.settling import apply_known_failures, settle
from batepapo_conformance.spec import Level, load

SPECIFICATION = load()


def result(
    name: str = "test_x",
    rule: str = "",
    *,
    ids: tuple[str, ...] = ("PUBLIC-1",),
    delivery: str = "",
    **more: Any,
) -> Result:
    broken = Broken.from_exception(RuleBroken(rule, b"a", b"b")) if rule else None
    default = Result(
        name=name,
        variant=delivery,
        file="test_05.py",
        requirements=ids,
        level=Level.MUST,
        section="5.3",
        sentence="",
        verdict=Verdict.FAILED if rule else Verdict.PASSED,
        delivery=delivery,
        broken=broken,
    )
    return replace(default, **more)


def run(*results: Result, **more: Any) -> Run:
    return Run(role="server", testee="x", seed=1, results=results, **more)


def rules(results: list[Result]) -> list[str]:
    settled = settle(results, SPECIFICATION)
    return [one.broken.rule for one in settled if one.broken]


def test_the_most_basic_rule_comes_first() -> None:
    failures = [result("a", "ORDER-1"), result("b", "PUBLIC-1"), result("c", "GREET-1")]
    assert rules(failures) == ["GREET-1", "PUBLIC-1", "ORDER-1"]


def test_what_seems_to_break_everything_comes_before_what_it_seems_to_break() -> None:
    failures = [result("a", "FRAME-1"), result("b", "FRAME-3"), result("c", "ASK-1")]
    assert rules(failures) == ["FRAME-3", "FRAME-1", "ASK-1"]
    assert rules([result("a", "ASK-1"), result("b", "SHOW-6")]) == ["SHOW-6", "ASK-1"]


def test_a_check_of_the_rule_itself_explains_it_best() -> None:
    far = result("test_a", "PUBLIC-1", ids=("ORDER-1",))
    near = result("test_b", "PUBLIC-1", ids=("PUBLIC-1",))
    assert settle([far, near], SPECIFICATION)[0].name == "test_b"


@pytest.mark.parametrize("delivery", ["octets", "split-end", "coalesced"])
def test_what_fails_only_in_pieces_is_framing(delivery: str) -> None:
    results = [result(delivery="whole"), result(rule="PUBLIC-1", delivery=delivery)]
    assert rules(results) == ["FRAME-3"]


def test_what_fails_whole_as_well_is_not_framing() -> None:
    deliveries = ["whole", "octets"]
    results = [result(rule="PUBLIC-1", delivery=one) for one in deliveries]
    assert rules(results) == ["PUBLIC-1", "PUBLIC-1"]


@pytest.mark.parametrize("rule", ["CLOSE-1", "ORDER-1", "ORDER-5", "SERVE-1"])
def test_what_shows_only_sometimes_is_not_framing(rule: str) -> None:
    results = [result(delivery="whole"), result(rule=rule, delivery="octets")]
    assert rules(results) == [rule]


def test_another_case_of_the_same_check_does_not_excuse() -> None:
    results = [
        result(delivery="whole", variant="whole-1"),
        result(rule="PUBLIC-1", delivery="octets", variant="octets-2"),
    ]
    assert rules(results) == ["PUBLIC-1"]


def test_who_takes_no_cr_lf_at_all_is_not_blamed_for_segmentation() -> None:
    results = [
        result(delivery="whole"),
        result(rule="PUBLIC-1", delivery="split-end"),
        result("test_cr_lf", "FRAME-2", ids=("FRAME-2",)),
    ]
    assert rules(results) == ["FRAME-2", "FRAME-2"]


def test_what_fails_only_in_a_crowd_is_a_matter_of_order() -> None:
    crowd = result("test_all", "LEAVE-3", ids=("ORDER-1", "ENTER-1", "LEAVE-3"))
    kept = result("test_kept", ids=("LEAVE-3",))
    broken = result("test_broken", "LEAVE-3", ids=("EOF-1",))
    assert rules([crowd, kept]) == ["ORDER-1"]
    assert rules([crowd, kept, broken]) == ["LEAVE-3", "LEAVE-3"]
    assert rules([crowd]) == ["LEAVE-3"]  # nobody has looked at it one at a time


def test_what_a_testee_keeps_may_be_known_from_another_run() -> None:
    crowd = result("test_all", "ENTER-2", ids=("ORDER-1", "ENTER-1"))
    [settled] = settle([crowd], SPECIFICATION, [result(ids=("ENTER-2",))])
    assert settled.broken is not None
    assert settled.broken.rule == "ORDER-1"


def test_a_list_that_is_wrong_only_in_a_crowd_does_not_fit_the_events() -> None:
    crowd = result("test_all", "LEAVE-3", ids=("ORDER-1", "LEAVE-3"))
    kept = result("test_kept", ids=("LEAVE-3",))
    assert crowd.broken is not None
    broken = replace(crowd.broken, actual="USUARIOS 0 ana")
    assert rules([replace(crowd, broken=broken), kept]) == ["ORDER-3"]


@pytest.mark.parametrize("rule", ["SERVE-1", "ORDER-4", "FRAME-1"])
def test_not_all_that_a_crowd_shows_is_a_matter_of_order(rule: str) -> None:
    results = [result("a", rule, ids=("ORDER-1",)), result("b", ids=(rule,))]
    assert rules(results) == [rule]


def test_the_level_of_a_failure_is_that_of_the_rule_it_is_blamed_on() -> None:
    [settled] = settle([result(rule="RUN-5")], SPECIFICATION)
    assert settled.level is Level.SHOULD


@pytest.mark.parametrize("name", ["SLOW-1", "test_x", "test_x[octets]"])
def test_a_known_failure_is_set_apart_with_its_reason(name: str) -> None:
    failed = result(rule="SLOW-1", delivery="octets")
    [settled], unexpected = apply_known_failures([failed], {name: "later"})
    assert settled.verdict is Verdict.KNOWN_FAILURE
    assert settled.reason == "later"
    assert not unexpected
    assert run(settled).status is Status.PASSED


def test_a_known_failure_that_passes_is_reported() -> None:
    passed = result(ids=("SLOW-1",))
    _, unexpected = apply_known_failures([passed], {"SLOW-1": "later", "END-1": "no"})
    assert unexpected == [Unexpected("SLOW-1", "later")]


def test_another_failure_of_the_same_check_is_not_known() -> None:
    failed = result(rule="PUBLIC-1", ids=("SLOW-1",))
    [settled], _ = apply_known_failures([failed], {"SLOW-1": "later"})
    assert settled.verdict is Verdict.FAILED


@pytest.mark.parametrize(
    ("results", "more", "status"),
    [
        ([result()], {}, 0),
        ([result(rule="PUBLIC-1"), result()], {}, 1),
        ([result(rule="RUN-5", level=Level.SHOULD), result()], {}, 0),
        ([], {}, 2),
        ([result(verdict=Verdict.NO_VERDICT)], {}, 2),
        ([result(verdict=Verdict.NO_VERDICT), result()], {}, 0),
        ([result()], {"trouble": "interrupted"}, 2),
        ([result(rule="PUBLIC-1")], {"trouble": "interrupted"}, 1),
        ([result(verdict=Verdict.FAULT), result(rule="PUBLIC-1")], {}, 3),
        ([result()], {"faults": ["a worker died"]}, 3),
    ],
)
def test_the_exit_status(
    results: list[Result], more: dict[str, Any], status: int
) -> None:
    assert run(*results, **more).status == status


def test_a_result_survives_the_way_from_a_worker() -> None:
    one = result(rule="PUBLIC-1", delivery="octets", exchange="ana -> oi")
    assert Result.from_json(json.loads(json.dumps(one.as_json()))) == one


@pytest.mark.parametrize(
    ("only", "wanted"),
    [
        ([], True),
        (["ENTER-3"], True),
        (["enter"], True),
        (["ENTER-31"], False),
        (["ENTER-4"], False),
        (["5"], True),
        (["5.2"], True),
        (["5.20"], False),
        (["2"], False),
        (["taken_nick"], True),
        (["test_a_taken_nick"], True),
        (["test_a_taken"], False),
        (["test_a_taken_nick[octets]"], True),
        (["nothing", "ENTER"], True),
    ],
)
def test_what_only_means(only: list[str], wanted: bool) -> None:
    requirements = [SPECIFICATION.requirements["ENTER-3"]]
    assert selected(only, "test_a_taken_nick[octets]", requirements) == wanted


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("test_x", "test_x"),
        ("test_x[octets]", "test_x"),
        ("test_x[split-end-17-time3]", "test_x[17]"),
        ("test_x[17-coalesced]", "test_x[17]"),
        ("test_x[05-wholesale]", "test_x[05-wholesale]"),
        ("test_x[a-whole-b]", "test_x[a-b]"),
    ],
)
def test_the_case_of_a_check_is_the_same_in_every_delivery(
    name: str, case: str
) -> None:
    assert without_delivery(name) == case
    assert selected([case], name, [SPECIFICATION.requirements["ENTER-3"]])
