"""The suite's own flake rate is measured, and is not zero for nothing."""

import io
import json
from dataclasses import replace

import pytest
from made_up_runs import FAILING, FLAKY, NOT_STARTED, PASSING, result, run

from batepapo_conformance import flakes
from batepapo_conformance.check import Request
from batepapo_conformance.flakes import Measured
from batepapo_conformance.results import Repeated, Run, Verdict
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Language, Words

ENGLISH = Words(Language.ENGLISH)
STEADY = replace(
    PASSING,
    results=[
        replace(one, repeated=Repeated({Verdict.PASSED: 3})) for one in PASSING.results
    ],
    times=3,
)
UNDECIDED = run(
    result("GREET-1", repeated=Repeated({Verdict.PASSED: 2, Verdict.NO_VERDICT: 1})),
    result("PUBLIC-1", repeated=Repeated({Verdict.PASSED: 3})),
    times=3,
)


@pytest.mark.parametrize(
    ("kind", "rate", "status"),
    [
        (STEADY, 0, 0),
        (FLAKY, 0.5, 1),
        (UNDECIDED, 0.5, 1),
        (FAILING, 0, 1),  # always: no flake, but no good reference either
        (NOT_STARTED, 0, 2),
    ],
)
def test_the_rate_and_the_exit_status(kind: Run, rate: float, status: int) -> None:
    one = Measured("threaded", kind)
    assert one.rate == rate
    assert one.status == status
    assert flakes.status([Measured("asyncio", STEADY), one]) == status


def test_it_is_told_and_as_json() -> None:
    measured = [Measured("threaded", STEADY), Measured("asyncio", UNDECIDED)]
    out = io.StringIO()
    flakes.tell(measured, ENGLISH, out)
    assert "server threaded: 3 times 3 checks" in out.getvalue()
    assert "Not always the same verdict:\n    test_of_greet_1" in out.getvalue()
    data = json.loads(json.dumps(flakes.as_json(measured)))
    assert data["status"] == 1
    assert [one["differing"] for one in data["references"]] == [[], ["test_of_greet_1"]]


def test_a_reference_is_really_run_so_often() -> None:
    only = ["test_the_software_is_one_token"]
    request = Request(
        role=Role.SERVER, implementation="threaded", only=only, repeat=3, jobs=1
    )
    [one] = flakes.measure([request], ENGLISH, io.StringIO(), silent=True)
    [checked] = one.run.results
    assert checked.repeated == Repeated({Verdict.PASSED: 3})
    assert (one.rate, one.status) == (0, 0)
