"""The forms of a run for other programs: each is as its readers want it."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from made_up_runs import (
    EVERY_KIND,
    FAILING,
    FAULTY,
    FLAKY,
    NASTY,
    NO_VERDICT,
    NOT_STARTED,
    PASSING,
    SECRET,
    SHOULD_ONLY,
    result,
    run,
)

from batepapo_conformance import badge, grades, saved
from batepapo_conformance.detail import Detail, withhold
from batepapo_conformance.forms import CannotTell, Forms, tell
from batepapo_conformance.outcomes import Mark, Score, outcomes, score
from batepapo_conformance.results import Run, Verdict
from batepapo_conformance.spec import Level, load
from batepapo_conformance.words import Language, Words

SPECIFICATION = load()
DATA = Path(__file__).parent / "data"
ENGLISH, PORTUGUESE = Words(Language.ENGLISH), Words(Language.PORTUGUESE)


def validate(data: Any, name: str) -> None:
    schema = json.loads((DATA / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema, jsonschema.Draft202012Validator)


every_kind = pytest.mark.parametrize(
    "kind", EVERY_KIND.values(), ids=[name.replace(" ", "_") for name in EVERY_KIND]
)
every_detail = pytest.mark.parametrize("detail", Detail, ids=str)


# ---- every form of every kind of run is valid --------------------------------


@every_kind
@every_detail
def test_json_is_as_its_schema_says(kind: Run, detail: Detail) -> None:
    data = json.loads(json.dumps(saved.as_json(withhold(kind, detail))))
    jsonschema.validate(data, saved.schema(), jsonschema.Draft202012Validator)
    assert saved.as_json(saved.from_json(data)) == data


@every_kind
@every_detail
def test_all_files_are_valid(kind: Run, detail: Detail, tmp_path: Path) -> None:
    forms = Forms(
        junit=tmp_path / "junit.xml",
        gradescope=tmp_path / "results.json",
        classroom=tmp_path / "result.json",
        badge=tmp_path / "badge.json",
        detail=detail,
    )
    tell([kind], forms, io.StringIO())
    xmlschema.XMLSchema(DATA / "junit.xsd").validate(tmp_path / "junit.xml")
    for name, file in (
        ("gradescope", forms.gradescope),
        ("classroom50", forms.classroom),
        ("shields", forms.badge),
    ):
        assert file is not None
        validate(json.loads(file.read_text(encoding="utf-8")), name)


@every_kind
def test_the_badge_is_an_image_that_says_itself(kind: Run, tmp_path: Path) -> None:
    file = tmp_path / "badge.svg"
    tell([kind], Forms(badge=file, words=PORTUGUESE), io.StringIO())
    root = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    said = badge.endpoint(kind, SPECIFICATION, PORTUGUESE)
    assert root.get("aria-label") == f"{said['label']}: {said['message']}"


# ---- the schemas are not ones that anything passes ---------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gradescope", {"stdout_visibility": "never"}),
        ("gradescope", {"tests": [{"status": "skipped"}]}),
        ("gradescope", {"points": 3}),
        ("classroom50", {"schema": "classroom50/result/v2"}),
        ("classroom50", {"score": 0.5}),
        ("classroom50", {"tests": [{"test-name": "x", "passed": 1}]}),
        ("shields", {"message": ""}),
        ("shields", {"schemaVersion": 2}),
    ],
)
def test_the_schemas_refuse_what_is_wrong(name: str, change: dict[str, Any]) -> None:
    made = {
        "gradescope": grades.gradescope(FAILING, SPECIFICATION, ENGLISH),
        "classroom50": grades.classroom(FAILING, SPECIFICATION, {}),
        "shields": badge.endpoint(FAILING, SPECIFICATION, ENGLISH),
    }[name]
    validate(made, name)
    with pytest.raises(jsonschema.ValidationError):
        validate(made | change, name)


# ---- what they say -----------------------------------------------------------


def marks(kind: Run) -> dict[str, Mark]:
    found = outcomes(kind, SPECIFICATION)
    return {
        name: one.mark for name, one in found.items() if one.mark is not Mark.UNCHECKED
    }


def test_a_requirement_has_the_mark_of_its_gravest_result() -> None:
    assert marks(FAILING) == {
        "GREET-1": Mark.PASSED,
        "PUBLIC-1": Mark.FAILED,
        "PRIVATE-1": Mark.UNREACHED,  # its check failed earlier, at PUBLIC-1
    }
    assert marks(SHOULD_ONLY)["RUN-5"] is Mark.NOT_MET
    assert marks(NO_VERDICT) == {"GREET-1": Mark.NO_VERDICT}
    assert marks(FAULTY) == {"GREET-1": Mark.FAULT}


def test_what_passed_whole_was_reached_though_it_fails_in_pieces() -> None:
    whole = result("ENTER-3", name="test_x", variant="whole", delivery="whole")
    pieces = replace(
        result("FRAME-3", Verdict.FAILED, name="test_x", variant="octets"),
        requirements=("ENTER-3",),
        delivery="octets",
    )
    assert marks(run(whole, pieces)) == {
        "ENTER-3": Mark.PASSED,
        "FRAME-3": Mark.FAILED,
    }


def test_each_must_that_was_checked_is_a_point() -> None:
    for kind, met, total in ((PASSING, 2, 2), (FAILING, 1, 3), (SHOULD_ONLY, 1, 1)):
        made = grades.gradescope(kind, SPECIFICATION, ENGLISH)
        assert made["score"] == met
        assert sum(test["score"] for test in made["tests"]) == met
        assert sum(test["max_score"] for test in made["tests"]) == total
        other = grades.classroom(kind, SPECIFICATION, {})
        assert (other["score"], other["max-score"]) == (met, total)
        assert sum(test["score"] for test in other["tests"]) == met


def test_a_program_that_does_not_start_has_none_of_all_points() -> None:
    musts = [one for one in SPECIFICATION.obliging("server") if one.level is Level.MUST]
    counted = score(NOT_STARTED, outcomes(NOT_STARTED, SPECIFICATION))
    assert counted == Score(0, len(musts))


def test_a_should_counts_nothing_but_is_shown() -> None:
    made = grades.gradescope(SHOULD_ONLY, SPECIFICATION, ENGLISH)
    [test] = [test for test in made["tests"] if test["name"].startswith("RUN-5")]
    assert (test["score"], test["max_score"], test["status"]) == (0, 0, "failed")
    assert "does not count" in test["output"]


def test_gradescope_hides_the_terminal_and_tells_the_story() -> None:
    made = grades.gradescope(FAILING, SPECIFICATION, PORTUGUESE)
    assert made["stdout_visibility"] == "hidden"
    assert "se esquece de quem enviou" in made["output"]
    [broken] = [test for test in made["tests"] if test["name"].startswith("PUBLIC-1")]
    assert "esperado" in broken["output"]
    [later] = [test for test in made["tests"] if test["name"].startswith("PRIVATE-1")]
    assert "PUBLIC-1" in later["output"]


def test_classroom_takes_from_the_environment_whose_submission_it_is() -> None:
    environment = {
        "CLASSROOM": "redes",
        "ASSIGNMENT": "chat",
        "COMMIT_URL": "https://x",
    }
    made = grades.classroom(PASSING, SPECIFICATION, environment)
    assert (made["classroom"], made["assignment"]) == ("redes", "chat")
    assert made["commit"] == "https://x"
    assert made["release"] == "local"


@pytest.mark.parametrize(
    ("kind", "message", "colour"),
    [
        (PASSING, "2 of 2 MUST", "brightgreen"),
        (SHOULD_ONLY, "1 of 1 MUST", "brightgreen"),
        (FAILING, "1 of 3 MUST", "red"),
        (NO_VERDICT, "no verdict", "lightgrey"),
        (FAULTY, "a fault of the suite itself", "lightgrey"),
    ],
)
def test_the_badge_says_how_many(kind: Run, message: str, colour: str) -> None:
    said = badge.endpoint(kind, SPECIFICATION, ENGLISH)
    assert (said["message"], said["color"]) == (message, colour)


def test_junit_says_whether_a_failure_is_flaky(tmp_path: Path) -> None:
    tell([FLAKY], Forms(junit=tmp_path / "j.xml", words=ENGLISH), io.StringIO())
    assert "flaky" in (tmp_path / "j.xml").read_text(encoding="utf-8")


# ---- what is held back is in no form -----------------------------------------


def told(kind: Run, detail: Detail, tmp_path: Path) -> dict[str, str]:
    """Every form of a run at a level of detail, as text."""
    out, data = io.StringIO(), io.StringIO()
    forms = Forms(
        html=tmp_path / "page.html",
        junit=tmp_path / "junit.xml",
        gradescope=tmp_path / "results.json",
        classroom=tmp_path / "result.json",
        badge=tmp_path / "badge.svg",
        detail=detail,
        words=ENGLISH,
    )
    tell([kind], forms, out)
    tell([kind], Forms(json=True, detail=detail), data)
    files = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    return files | {"terminal": out.getvalue(), "json": data.getvalue()}


def plain(text: str) -> str:
    """Without the ways in which forms write signs that mean something to them."""
    for escaped, sign in (("&lt;", "<"), ("&gt;", ">"), ("&#34;", '"')):
        text = text.replace(escaped, sign)
    return " ".join(text.split())


def test_in_full_everything_is_told(tmp_path: Path) -> None:
    forms = told(FAILING, Detail.FULL, tmp_path)
    for name in ("terminal", "json", "page.html", "junit.xml", "results.json"):
        assert SECRET in plain(forms[name]), name
        assert "PUBLICA 12h" in plain(forms[name]), name
    for name in ("terminal", "json", "page.html"):
        assert "4711" in forms[name], name
        assert "A reason in English." in forms[name], name


def test_what_came_is_told_without_what_was_expected(tmp_path: Path) -> None:
    forms = told(FAILING, Detail.ACTUAL, tmp_path)
    for name, text in forms.items():
        assert SECRET not in plain(text), name
        assert "4711" not in text, name
        assert "A reason in English." not in text, name
    for name in ("terminal", "json", "page.html", "junit.xml", "results.json"):
        assert "PUBLICA 12h" in plain(forms[name]), name
        assert "Everyone MUST receive" in plain(forms[name]) or name == "json"


def test_ids_and_names_are_all_that_is_told(tmp_path: Path) -> None:
    for name, text in told(FAILING, Detail.ID, tmp_path).items():
        for secret in (SECRET, "PUBLICA 12h", "4711", "A reason", "Everyone MUST"):
            assert secret not in plain(text), name
        if name not in ("result.json", "badge.svg"):
            assert "PUBLIC-1" in text, name
            assert (
                "test_of_public_1" in text
                or "of public 1" in text
                or (name == "results.json")
            )


def test_what_was_left_out_does_not_come_back() -> None:
    less = withhold(FAILING, Detail.ID)
    assert withhold(less, Detail.FULL) == less
    assert withhold(less, Detail.ACTUAL) == less


def test_a_fault_of_the_suite_is_told_at_every_level() -> None:
    assert "Traceback" in withhold(FAULTY, Detail.ID).results[0].reason


# ---- what cannot be told -----------------------------------------------------


@pytest.mark.parametrize("form", ["junit", "gradescope", "classroom", "badge"])
def test_some_forms_are_of_one_run_alone(form: str, tmp_path: Path) -> None:
    forms = Forms(**{form: tmp_path / "file"})
    with pytest.raises(CannotTell):
        tell([PASSING, FAILING], forms, io.StringIO())
    tell([PASSING], forms, io.StringIO())
    assert (tmp_path / "file").exists()


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotTell, match="cannot write"):
        tell([PASSING], Forms(badge=tmp_path / "no" / "where"), io.StringIO())


def test_nothing_that_a_terminal_obeys_comes_through() -> None:
    for kind in EVERY_KIND.values():
        out = io.StringIO()
        tell([kind], Forms(words=PORTUGUESE), out)
        assert "\x1b" not in out.getvalue()
        assert NASTY not in out.getvalue()
        lines = [line for line in out.getvalue().splitlines() if "--only" not in line]
        assert max(map(len, lines)) <= 80
