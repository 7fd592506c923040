"""What people, programs and build servers are shown."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import xmlschema

from batepapo_conformance.explain import UnknownRequirement, explain, index
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.junit import write_junit
from batepapo_conformance.report import Reporter
from batepapo_conformance.results import Broken, Result, Run, Unexpected, Verdict
from batepapo_conformance.spec import Level, load
from batepapo_conformance.story import draw_failure

SPECIFICATION = load()
SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "data" / "junit.xsd")
NASTY = "\x1b[2J\x00 [bold]]]> & \ud800 \u202e"


def failure(error: RuleBroken) -> Result:
    return Result(
        name="test_everyone_hears_it",
        variant="octets",
        file="test_05.py",
        requirements=("PUBLIC-1",),
        level=Level.MUST,
        section="5.3",
        sentence="Everyone MUST receive it.",
        verdict=Verdict.FAILED,
        delivery="octets",
        broken=Broken.from_exception(error),
        seconds=0.25,
        seed=7,
        again="batepapo check server --only test_everyone_hears_it --seed 7",
        exchange="   0.001  ana        ->    :oi",
        output="server, standard error (5 octets), its end:\n  [bold]oops",
    )


PASSED = replace(
    failure(RuleBroken("PUBLIC-1", b"", b"")), verdict=Verdict.PASSED, broken=None
)
BROKEN = failure(
    RuleBroken("PUBLIC-1", "PUBLICA <time> ana@- :oi", b"PUBLICA 12h ana@- :\x1b\r")
)
RUN = Run(
    role="server",
    testee="--command 'x {address} {port}'",
    seed=7,
    results=[
        PASSED,
        BROKEN,
        replace(BROKEN, level=Level.SHOULD),
        replace(BROKEN, verdict=Verdict.KNOWN_FAILURE, reason=f"later {NASTY}"),
        replace(PASSED, verdict=Verdict.NO_VERDICT, reason=f"no such option {NASTY}"),
        replace(PASSED, verdict=Verdict.FAULT, reason=f"Traceback {NASTY}"),
    ],
    unexpected=[Unexpected("SLOW-1", "the next lesson")],
    trouble="interrupted",
    faults=[f"a worker died {NASTY}"],
    about={"platform": NASTY},
)


def told(run: Run) -> str:
    out = io.StringIO()
    Reporter(out, SPECIFICATION).tell(run)
    return out.getvalue()


def test_a_failure_shows_the_rule_the_octets_the_exchange_and_the_output() -> None:
    text = told(replace(RUN, results=[BROKEN], faults=[], trouble=""))
    assert "PUBLIC-1 is broken (MUST, 1 check)" in text
    assert '"Everyone MUST receive `PUBLICA time origin :text`' in text
    assert "expected  PUBLICA <time> ana@- :oi" in text
    assert r"received  PUBLICA 12h ana@- :\x1B\r" in text
    assert "ana        ->    :oi" in text
    assert "[bold]oops" in text  # not taken for markup
    assert "batepapo check server --only test_everyone_hears_it --seed 7" in text
    assert "1 checks" not in text.splitlines()[0]
    assert "(exit status 1)" in text


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (b"USUARIOS 0 ana", b"USUARIOS 0 beto"),
        ("USUARIOS 0 <nick>", b"USUARIOS 1 ana"),
        (b"\r\n\xe3xa", b"\r\n\xe3xb"),
        (b"a" * 300 + b"b", b"a" * 300 + b"c" + b"d" * 300),
        (b"a" * 66 + b"b", b"a" * 66 + b"\xff"),
        (b"abc", b"ab"),
    ],
)
def test_the_caret_stands_under_the_first_octet_that_differs(
    expected: bytes | str, actual: bytes
) -> None:
    error = RuleBroken("PUBLIC-1", expected, actual)
    lines = draw_failure(failure(error), SPECIFICATION).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("  received"))
    column = lines[place + 1].index("^")
    assert f"octet {error.at}" in lines[place + 1]
    assert error.at is not None
    rest = Broken.from_exception(replace_actual(error, actual[error.at :])).actual
    assert rest.startswith(lines[place][column:].rstrip(".")[:1])
    assert max(map(len, lines)) <= 80


def test_of_what_is_very_long_both_ends_are_told() -> None:
    error = RuleBroken("SLOW-3", "all texts", b"begin" + b"x" * 1_000_000 + b"end")
    text = draw_failure(failure(error), SPECIFICATION)
    assert len(text.splitlines()) < 30
    assert "begin" in text
    assert "end" in text
    assert "characters ..." in text


def replace_actual(error: RuleBroken, actual: bytes) -> RuleBroken:
    return RuleBroken(error.rule, error.expected, actual)


def test_a_report_fits_80_columns_and_is_plain_when_not_on_a_terminal() -> None:
    text = told(RUN)
    lines = [line for line in text.splitlines() if "again" not in line]
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in text


def test_everything_that_is_not_a_failure_has_its_place() -> None:
    text = told(RUN)
    for words in (
        "PUBLIC-1 is broken (MUST",
        "Known failure of PUBLIC-1",
        "Unexpected pass: SLOW-1",
        "1 x no such option",
        "Fault of the suite",
        "interrupted",
        "Broken, most basic first: PUBLIC-1",
        "(exit status 3)",
    ):
        assert words in text, words


def test_json_is_for_programs() -> None:
    out = io.StringIO()
    Reporter(out, SPECIFICATION).as_json(RUN)
    data = json.loads(out.getvalue())
    assert data["status"] == 3
    assert data["broken"] == ["PUBLIC-1"]
    assert [one["verdict"] for one in data["results"]][:2] == ["passed", "failed"]
    assert data["results"][1]["broken"]["at"] == 19
    assert data["unexpected_passes"] == [
        {"name": "SLOW-1", "reason": "the next lesson"}
    ]


@pytest.mark.parametrize("results", [[], [PASSED], list(RUN.results)])
def test_junit_is_valid_whatever_a_testee_says(
    tmp_path: Path, results: list[Result]
) -> None:
    path = tmp_path / "junit.xml"
    write_junit(replace(RUN, results=results), path)
    SCHEMA.validate(path)


def test_only_a_must_fails_a_build(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    write_junit(replace(RUN, faults=[], trouble=""), path)
    text = path.read_text(encoding="utf-8")
    assert text.count("<failure ") == 1
    assert text.count("<error ") == 1
    assert text.count("<skipped ") == 3
    assert 'tests="6" failures="1" errors="1"' in text


@pytest.mark.parametrize("name", SPECIFICATION.requirements)
def test_every_requirement_can_be_explained_in_80_columns(name: str) -> None:
    text = explain(name.lower(), SPECIFICATION)
    assert text.startswith(f"{name} · ")
    assert "Why: " in text
    assert max(map(len, text.splitlines())) <= 80


def test_an_explanation_shows_a_correct_exchange() -> None:
    text = explain("ENTER-3", SPECIFICATION)
    assert "beto <- ERRO 01 ana :<explanation>" in text


def test_an_unknown_id_is_answered_with_its_neighbours() -> None:
    with pytest.raises(UnknownRequirement, match="ENTER-3"):
        explain("ENTER-99", SPECIFICATION)


@pytest.mark.parametrize(
    ("section", "first", "last"),
    [("5.2", "ENTER-1", "ENTER-6"), ("5", "GREET-1", "EVENT-4")],
)
def test_a_section_is_told_as_all_its_requirements(
    section: str, first: str, last: str
) -> None:
    text = explain(section, SPECIFICATION)
    heads = [line.split(" ")[0] for line in text.splitlines() if " · M" in line]
    assert (heads[0], heads[-1]) == (first, last)
    there = [
        one.id
        for one in SPECIFICATION.requirements.values()
        if one.section == section or one.section.startswith(f"{section}.")
    ]
    assert heads == there
    assert "->" not in text, "no exchanges: it is for reading a section through"


@pytest.mark.parametrize("section", ["5.99", "", "."])
def test_a_section_without_requirements_is_unknown(section: str) -> None:
    with pytest.raises(UnknownRequirement):
        explain(section, SPECIFICATION)


def test_the_index_tells_roles_apart() -> None:
    assert "TYPE-1 " not in index(SPECIFICATION, "server")
    assert "TYPE-1 " in index(SPECIFICATION, "client")
    assert "FRAME-1 " in index(SPECIFICATION, "server")
