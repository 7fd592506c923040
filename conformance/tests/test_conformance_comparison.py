"""Two runs compared."""

import json

import pytest
from made_up_runs import result, run

from batepapo_conformance.comparison import (
    Change,
    NotComparable,
    as_json,
    as_text,
    compare,
)
from batepapo_conformance.results import Verdict
from batepapo_conformance.words import Language, Words

PASSED, FAILED, KNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.KNOWN_FAILURE
NONE, FAULT = Verdict.NO_VERDICT, Verdict.FAULT


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (PASSED, PASSED, None),
        (PASSED, FAILED, Change.BROKEN),
        (NONE, FAILED, Change.BROKEN),
        (FAILED, PASSED, Change.FIXED),
        (KNOWN, PASSED, Change.FIXED),
        (FAILED, FAILED, Change.STILL_FAILING),
        (KNOWN, FAILED, Change.STILL_FAILING),
        (PASSED, NONE, Change.UNJUDGED),
        (FAILED, FAULT, Change.UNJUDGED),
        (NONE, PASSED, None),
        (NONE, NONE, None),
        (None, PASSED, Change.NEW),
        (None, FAILED, Change.NEW),
        (FAILED, None, Change.VANISHED),
    ],
)
def test_what_became_of_a_check(
    before: Verdict | None, after: Verdict | None, change: Change | None
) -> None:
    old = run(*([result("GREET-1", before)] if before else []))
    new = run(*([result("GREET-1", after)] if after else []))
    found = compare(old, new)
    assert [one.change for one in found.changes] == ([change] if change else [])
    assert found.status == (1 if change is Change.BROKEN else 0)


def test_variants_are_compared_one_by_one() -> None:
    old = run(result("GREET-1", variant="whole"), result("GREET-1", variant="octets"))
    new = run(
        result("GREET-1", variant="whole"), result("GREET-1", FAILED, variant="octets")
    )
    [one] = compare(old, new).changes
    assert one.name == "test_of_greet_1[octets]"
    assert one.rule == "GREET-1"


def test_a_server_and_a_client_cannot_be_compared() -> None:
    with pytest.raises(NotComparable):
        compare(run(role="server"), run(role="client"))


def test_it_is_told_in_words_and_as_json() -> None:
    found = compare(
        run(result("GREET-1"), result("PUBLIC-1", FAILED), result("LIST-1")),
        run(result("GREET-1", FAILED), result("PUBLIC-1"), result("LIST-2")),
    )
    text = as_text(found, Words(Language.ENGLISH))
    assert "Broken: 1 check\n  - test_of_greet_1 (GREET-1)" in text
    assert "Fixed: 1 check\n  + test_of_public_1" in text
    assert "New: 1 check" in text
    assert "Not run any more: 1 check" in text
    data = json.loads(json.dumps(as_json(found)))
    assert data["status"] == 1
    assert data["broken"] == [
        {"name": "test_of_greet_1", "rule": "GREET-1", "verdict": "failed"}
    ]
    assert [one["name"] for one in data["vanished"]] == ["test_of_list_1"]


def test_nothing_changed_is_said() -> None:
    same = run(result("GREET-1"))
    assert as_text(compare(same, same), Words(Language.PORTUGUESE)).startswith("Nada")
