"""What a matrix proves, and what it says is lacking; the matrices are made up."""

import json
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from made_up_runs import result

from batepapo_conformance.kill_matrix import (
    Failure,
    Judgement,
    KillMatrix,
    Kind,
    Trial,
    trial,
)
from batepapo_conformance.results import Broken, Listed, Result, Verdict
from batepapo_conformance.spec import Level, Requirement, load
from batepapo_conformance.testee import Role
from batepapo_conformance.trials import Extent, Tried
from batepapo_conformance.zoo import (
    NoMatrix,
    NoSuchSpecimen,
    Visit,
    choose,
    tell,
    visit,
)
from batepapo_zoo.catalogue import Specimen, specimens


def specimen(name: str = "wrong", rule: str = "LIST-1", **other: object) -> Specimen:
    plain: dict[str, object] = {
        "role": "server",
        "base": "threaded",
        "legal": False,
        "does": {"en": "does", "pt": "faz"},
        "why": {"en": "why", "pt": "por quê"},
        "changes": (),
    }
    return Specimen(name=name, rule=rule, **{**plain, **other})  # type: ignore[arg-type]


def failure(check: str, rule: str, *cites: str) -> Failure:
    return Failure(check, "", rule, Level.MUST, cites or (rule,))


def requirement(
    name: str, role: str = "server", level: Level = Level.MUST
) -> Requirement:
    return Requirement(name, level, role, "", "", "", "5.1", "", "", 0)


def check(name: str, *ids: str) -> Listed:
    return Listed(Role.SERVER, name, (), ids, "")


def killed(name: str = "wrong", rule: str = "LIST-1", by: str = "test_list") -> Trial:
    return Trial(specimen=specimen(name, rule), failures=(failure(by, rule),), passed=3)


def matrix(*trials: Trial, complete: bool = True) -> KillMatrix:
    return KillMatrix(
        trials=trials,
        requirements=[requirement("LIST-1")],
        checks=[check("test_list", "LIST-1")],
        complete=complete,
    )


def defects(*trials: Trial, complete: bool = True) -> list[tuple[Kind, str]]:
    found = matrix(*trials, complete=complete).defects()
    return [(one.kind, one.subject) for one in found]


def test_nothing_is_lacking_where_everything_is_killed_and_proven() -> None:
    assert defects(killed()) == []


def test_a_survivor() -> None:
    survivor = Trial(specimen=specimen("alive"), passed=4)
    assert survivor.judgement is Judgement.SURVIVED
    assert defects(killed(), survivor) == [(Kind.SURVIVOR, "alive")]


def test_a_specimen_that_no_check_reaches_survives() -> None:
    unreached = Trial(specimen=specimen("unreached"), left_out=4)
    assert unreached.judgement is Judgement.SURVIVED


def test_another_rule_named_first() -> None:
    failures = (failure("test_greeting", "GREET-1"), failure("test_list", "LIST-1"))
    blamed = Trial(specimen=specimen("blamed"), failures=failures, passed=2)
    assert blamed.judgement is Judgement.BLAMED_WRONGLY
    [defect] = matrix(blamed).defects()
    assert defect.kind is Kind.WRONG_ID
    assert "GREET-1 is named first, by test_greeting" in defect.text


def test_a_false_alarm() -> None:
    odd = specimen("odd", legal=True)
    failed = Trial(specimen=odd, failures=(failure("test_list", "LIST-1"),), passed=2)
    assert defects(killed(), failed) == [(Kind.FALSE_ALARM, "odd")]
    assert defects(killed(), Trial(specimen=odd, passed=3)) == []


def test_a_legal_specimen_proves_nothing() -> None:
    odd = specimen("odd", legal=True)
    failed = Trial(specimen=odd, failures=(failure("test_list", "LIST-1"),), passed=2)
    assert {kind for kind, _ in defects(failed)} == {
        Kind.FALSE_ALARM,
        Kind.UNPROVEN_RULE,
        Kind.IDLE_CHECK,
    }


@pytest.mark.parametrize("faults", [("a traceback\nof many lines",), ()])
def test_a_fault_of_the_suite(faults: tuple[str, ...]) -> None:
    broken = Trial(specimen=specimen("broken"), faults=faults)
    assert broken.judgement is Judgement.FAULT
    assert (Kind.FAULT, "broken") in defects(killed(), broken)


def test_a_reference_has_to_pass() -> None:
    failed = Trial(
        specimen=specimen("threaded", legal=True),
        failures=(failure("test_list", "LIST-1"),),
    )
    whole = matrix(killed())
    assert KillMatrix(
        trials=whole.trials,
        requirements=whole.requirements,
        checks=whole.checks,
        complete=True,
        references=[failed],
    ).defects()


def test_a_must_that_no_specimen_proves() -> None:
    other = killed("other", "LIST-2", by="test_list")
    assert (Kind.UNPROVEN_RULE, "LIST-1") in defects(other)


def test_a_check_that_does_not_cite_the_rule_does_not_prove_it() -> None:
    failures = (failure("test_list", "LIST-1", "ENTER-2"),)
    away = Trial(specimen=specimen(), failures=failures, passed=2)
    assert away.judgement is Judgement.KILLED
    assert defects(away) == [(Kind.UNPROVEN_RULE, "LIST-1")]


def test_a_should_needs_no_proof_and_a_must_binds_its_role_alone() -> None:
    trials = [killed()]
    lacking = KillMatrix(
        trials=trials,
        requirements=[
            requirement("LIST-1"),
            requirement("LOG-3", level=Level.SHOULD),
            requirement("SHOW-1", role="client"),
        ],
        checks=[],
        complete=True,
    ).defects()
    assert [one.subject for one in lacking] == ["SHOW-1"]


def test_a_check_that_no_specimen_fails() -> None:
    assert (Kind.IDLE_CHECK, "test_list") in defects(killed(by="test_another"))


def test_a_part_of_the_zoo_is_not_judged_for_what_it_lacks() -> None:
    assert defects(killed("other", "LIST-2", by="x"), complete=False) == []


def test_a_run_is_summed_up_with_the_blame_that_a_report_gives() -> None:
    def result(name: str, rule: str, verdict: Verdict) -> Result:
        broken = Broken(rule, "this", "that", actual_is_octets=False)
        return Result(
            name=name,
            variant="",
            file="test_05.py",
            requirements=(rule,),
            level=Level.MUST,
            section="5.1",
            sentence="",
            verdict=verdict,
            broken=broken if verdict is Verdict.FAILED else None,
            reason="out of order" if verdict is Verdict.FAULT else "",
        )

    results = [
        result("test_list", "LIST-1", Verdict.FAILED),
        result("test_greeting", "GREET-1", Verdict.FAILED),
        result("test_enter", "ENTER-1", Verdict.PASSED),
        result("test_log", "LOG-1", Verdict.NO_VERDICT),
    ]
    done = trial(specimen(), results, [], load())
    assert [one.check for one in done.failures] == ["test_greeting", "test_list"]
    assert (done.first, done.passed, done.unjudged) == ("GREET-1", 1, 1)
    faulty = [*results, result("test_log_2", "LOG-2", Verdict.FAULT)]
    assert trial(specimen(), faulty, [], load()).judgement is Judgement.FAULT


def test_its_json_says_who_kills_what() -> None:
    data = matrix(killed()).as_json()
    assert data["format"] == "batepapo/kill-matrix/1"
    [one] = data["specimens"]
    assert (one["verdict"], one["first"]) == ("killed", "LIST-1")
    [rule] = data["requirements"]
    assert rule["killers"] == [{"specimen": "wrong", "check": "test_list"}]
    assert data["checks"][0]["kills"] == ["wrong"]
    assert data["defects"] == []


def test_it_is_told_in_lines_of_80_columns() -> None:
    survivor = Trial(specimen=specimen("alive"), passed=4)
    lines = list(tell(matrix(killed(), survivor), 61.2))
    assert "survivor (1):" in lines
    assert lines[-1] == "the whole zoo: 1 defects, in 61 s"
    assert all(len(line) <= 80 for line in lines)
    assert list(tell(matrix(killed()), 1))[-1].endswith("nothing is lacking, in 1 s")


def test_specimens_are_chosen_by_name_by_rule_and_by_group() -> None:
    every = list(specimens().values())
    assert choose([]) == every
    assert choose([every[0].name]) == [every[0]]
    assert every[0] in choose([every[0].rule.lower()])
    assert {one.role for one in choose(["client"])} == {"client"}
    assert all(one.legal for one in choose(["legal"]))
    with pytest.raises(NoSuchSpecimen, match="unicorn"):
        choose(["unicorn"])


# ---- put into an earlier one -----------------------------------------------------


def whole_zoo() -> KillMatrix:
    """Every specimen of the zoo, as if each had survived one check."""
    return KillMatrix(
        trials=[Trial(specimen=one, passed=1) for one in specimens().values()],
        requirements=[],
        checks=[],
        complete=True,
    )


def saved(file: Path, matrix: KillMatrix) -> None:
    run = {"about": {}, "began": "then", "seconds": 1, "seed": 1, "renewed": {}}
    file.write_text(json.dumps({**matrix.as_json(), **run}), encoding="utf-8")


def renew(file: Path, *names: str) -> dict[str, Any]:
    only = Visit(only=names, seed=1)
    visit(only, out=StringIO(), json_file=file, renew=True)
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_what_is_tried_again_is_new_and_the_rest_is_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_check_fails(
        chosen: Sequence[Specimen], *, told: Callable[[Tried], None], **_: object
    ) -> list[Listed]:
        failed = result("LIST-1", Verdict.FAILED)
        told(Tried(chosen[0], 1, results=[json.dumps(failed.as_json())]))
        return []

    monkeypatch.setattr("batepapo_conformance.zoo.try_all", one_check_fails)
    file = tmp_path / "matrix.json"
    saved(file, whole_zoo())
    data = renew(file, "list_without_owner")
    verdicts = {one["name"]: one["verdict"] for one in data["specimens"]}
    assert verdicts.pop("list_without_owner") == "killed"
    assert set(verdicts.values()) == {"survived", "passed"}
    assert list(data["renewed"]) == ["list_without_owner"]
    assert data["began"] == "then"
    assert data["complete"]
    assert zoo_names() == [one["name"] for one in data["specimens"]]


def zoo_names() -> list[str]:
    return list(specimens())


def test_only_a_matrix_can_be_renewed(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"format": "batepapo/result/1"}', encoding="utf-8")
    with pytest.raises(NoMatrix, match="not a kill matrix"):
        renew(file, "no_echo")


# ---- a sample that misses something ----------------------------------------------


Calls = list[tuple[Extent, list[str]]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What is tried: a sample finds nothing in wrong ones, and something in legal."""
    found: Calls = []

    def all_or_a_sample(
        chosen: Sequence[Specimen],
        *,
        extent: Extent,
        told: Callable[[Tried], None],
        **_: object,
    ) -> list[Listed]:
        found.append((extent, [one.name for one in chosen]))
        for one in chosen:
            fails = one.legal or extent is not Extent.QUICK
            verdict = Verdict.FAILED if fails else Verdict.PASSED
            of_check = result(one.rule, verdict).as_json()
            told(Tried(one, 1, results=[json.dumps(of_check)]))
        return []

    monkeypatch.setattr("batepapo_conformance.zoo.try_all", all_or_a_sample)
    return found


def test_what_a_sample_misses_is_tried_with_all_checks(calls: Calls) -> None:
    out = StringIO()
    name = "no_echo"
    status = visit(Visit(only=[name], seed=1, extent=Extent.QUICK), out=out)
    assert calls == [(Extent.QUICK, [name]), (Extent.THOROUGH, [name])]
    assert "1 of them again" in out.getvalue()
    assert status == 0


def test_what_is_never_found_is_tried_a_few_times(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(
        chosen: Sequence[Specimen], *, told: Callable[[Tried], None], **_: object
    ) -> list[Listed]:
        calls.append((Extent.QUICK, []))
        passed = json.dumps(result("LIST-1", Verdict.PASSED).as_json())
        told(Tried(chosen[0], 1, results=[passed]))
        return []

    monkeypatch.setattr("batepapo_conformance.zoo.try_all", nothing)
    asked = Visit(only=["no_echo"], seed=1, extent=Extent.QUICK)
    assert visit(asked, out=StringIO()) == 1
    assert len(calls) == 4


def test_a_false_alarm_is_one_though_it_comes_once(calls: Calls) -> None:
    name = choose(["legal"])[0].name
    status = visit(Visit(only=[name], seed=1, extent=Extent.QUICK), out=StringIO())
    assert len(calls) == 1
    assert status == 1


def test_a_whole_visit_is_not_repeated(calls: Calls) -> None:
    visit(Visit(only=["no_echo"], seed=1), out=StringIO())
    assert len(calls) == 1
