"""The JSON of a run: it is as its schema says, and can be read back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from batepapo_conformance.exchange import Event, Kind
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.results import (
    Broken,
    Likeness,
    Repeated,
    Result,
    Run,
    Unexpected,
    Verdict,
)
from batepapo_conformance.saved import BadResult, as_json, from_json, read, schema
from batepapo_conformance.spec import Level

BROKEN = Broken.from_exception(RuleBroken("PUBLIC-1", b"PUBLICA", b"PUBLICO\xe3\x00"))
FAILED = Result(
    name="test_everyone_hears_it",
    variant="octets",
    file="test_05.py",
    requirements=("PUBLIC-1", "ORDER-1"),
    level=Level.MUST,
    section="5.3",
    sentence="Everyone MUST receive it.",
    verdict=Verdict.FAILED,
    delivery="octets",
    broken=BROKEN,
    seconds=0.25,
    seed=7,
    again="batepapo check server --only test_everyone_hears_it --seed 7",
    exchange="   0.001  ana        ->    :oi",
    events=(
        Event(0.001, "ana", Kind.SENT, b":oi\xff\n", 5, pieces=5),
        Event(0.002, "ana", Kind.NOTE, text="half-closes"),
    ),
    output="oops",
    repeated=Repeated(
        {Verdict.PASSED: 2, Verdict.FAILED: 1}, alone={Verdict.PASSED: 3}
    ),
)
PASSED = replace(FAILED, verdict=Verdict.PASSED, broken=None, events=(), exchange="")
RUN = Run(
    role="server",
    testee="--command 'x {address} {port}'",
    seed=7,
    results=[
        FAILED,
        replace(FAILED, level=Level.SHOULD, repeated=None),
        PASSED,
        replace(FAILED, verdict=Verdict.KNOWN_FAILURE, reason="later"),
        replace(PASSED, verdict=Verdict.NO_VERDICT, reason="no such option"),
        replace(PASSED, verdict=Verdict.FAULT, reason="Traceback \ud800"),
    ],
    unexpected=[Unexpected("SLOW-1", "the next lesson")],
    trouble="interrupted",
    faults=["a worker died"],
    about={"platform": "x"},
    began="2026-11-21T10:00:00+00:00",
    times=3,
    diagnosis=[
        Likeness(
            specimen="no_echo",
            rule="PUBLIC-1",
            likeness=0.9,
            does={"en": "sends", "pt": "manda"},
            why={"en": "Because.", "pt": "Porque."},
        )
    ],
)


def valid(run: Run) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(as_json(run)))
    jsonschema.validate(data, schema(), jsonschema.Draft202012Validator)
    return data


def saved(tmp_path: Path, data: Any) -> Path:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def test_the_schema_is_a_schema_in_which_everything_is_described() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    silent = [where for where, one in fields_of(schema(), "") if not described(one)]
    assert silent == []


def fields_of(one: dict[str, Any], where: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for group in ("properties", "$defs"):
        for name, inner in one.get(group, {}).items():
            found.append((f"{where}/{name}", inner))
            found += fields_of(inner, f"{where}/{name}")
    for inner in one.get("oneOf", []):
        found += fields_of(inner, where)
    return found


def described(one: dict[str, Any]) -> bool:
    return "$ref" in one or bool(one.get("description"))


@pytest.mark.parametrize(
    "run",
    [
        RUN,
        replace(RUN, results=[]),
        replace(RUN, results=[PASSED], times=1, faults=[], trouble="", diagnosis=[]),
        replace(RUN, results=RUN.results[1:3], seed=None, began=""),
    ],
    ids=["everything", "nothing", "passed", "a SHOULD, held back"],
)
def test_a_run_survives_being_saved(run: Run, tmp_path: Path) -> None:
    data = valid(run)
    assert from_json(data) == run
    assert read(saved(tmp_path, data)) == run
    assert as_json(from_json(data)) == data


def test_the_schema_knows_no_other_field_and_misses_none() -> None:
    data = valid(RUN)
    for one in (data, data["results"][0], data["results"][0]["broken"]):
        one["other"] = 1
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(data, schema())
        del one["other"]
    for name in list(data):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(
                {key: value for key, value in data.items() if key != name}, schema()
            )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cannot read"),
        ("[]", "is not a result"),
        ('{"format": "batepapo/result/2"}', "lacks"),
        ('{"format": "batepapo/result/1"}', "required"),
        (b"\xff\xfe", "cannot read"),
    ],
)
def test_what_is_not_a_result_is_refused(
    text: str | bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadResult, match=message) as refused:
        read(path)
    assert "bad.json" in str(refused.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadResult, match=r"none\.json"):
        read(tmp_path / "none.json")
