"""What a student reads: in both languages, in 80 columns, what matters first."""

import io
import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_course import RIGHT, checked, student

import batepapo_labs
from batepapo_conformance.results import Likeness
from batepapo_conformance.words import Language, Words, table
from batepapo_labs.checking import Outcome
from batepapo_labs.folder import TABLES, Folder
from batepapo_labs.lessons import Course
from batepapo_labs.steps import StepResult, Verdict
from batepapo_labs.telling import Teller

PACKAGE = Path(batepapo_labs.__file__).parent
ENGLISH, PORTUGUESE = (table(one, TABLES) for one in Language)


# ---- words ----------------------------------------------------------------------


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(ENGLISH) == list(PORTUGUESE)


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_put_in_the_same_values(key: str) -> None:
    assert values(ENGLISH[key]) == values(PORTUGUESE[key])
    assert ENGLISH[key].strip()
    assert PORTUGUESE[key].strip()


def test_every_key_is_used_and_every_key_that_is_used_exists() -> None:
    files = [*PACKAGE.rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    text = re.sub(r'Trouble\(\s*"', 'Trouble("trouble.', text)
    own = {key.partition(".")[0] for key in ENGLISH} - {"file"}
    said = set(re.findall(rf"""["']((?:{"|".join(own)})\.[a-z_.]+)["']""", text))
    made = {
        key
        for prefix in re.findall(r'"([a-z_.]+\.)\{', text)
        for key in ENGLISH
        if key.startswith(prefix) and prefix != "trouble."
    }
    used = said | made | {"file.text"}
    used |= {key for key in ENGLISH if key.endswith((".one", ".many"))}
    assert set(ENGLISH) - used == set()
    counted = {key.removesuffix(".one") for key in ENGLISH}
    assert said - set(ENGLISH) - counted - {"lab.toml"} == set()


def test_every_verdict_has_its_words() -> None:
    for one in Verdict:
        assert f"verdict.{one.name.lower()}" in ENGLISH


# ---- what is told ---------------------------------------------------------------


@pytest.fixture(scope="module")
def failed(
    tmp_path_factory: pytest.TempPathFactory, labs: Course
) -> tuple[Folder, Outcome]:
    folder = student(tmp_path_factory.mktemp("failed"), labs, 2)
    return folder, checked(folder, labs)


def told(
    outcome: Outcome,
    folder: Folder,
    labs: Course,
    language: Language = Language.ENGLISH,
    hints: int | None = None,
) -> str:
    out = io.StringIO()
    Teller(out, Words(language, TABLES)).check(outcome, folder, labs, hints)
    return out.getvalue()


def test_the_first_failure_is_told_with_what_to_look_at_next(
    failed: tuple[Folder, Outcome], labs: Course
) -> None:
    folder, outcome = failed
    text = told(outcome, folder, labs, Language.ENGLISH, 1)
    places = [
        text.index(part)
        for part in (
            "Lab 2: A port",
            "It says which port it was given",
            "RUN-3 is broken (MUST)",
            "expected",
            "received",
            "What to look at next:",
            "a hint (2 of 3):\n    batepapo lab hint",
            "the rule, section 9:\n    batepapo explain RUN-3",
            "batepapo lab check --only test_port_0_is_chosen_by_the_system --seed",
            "LAB-2.md",
            "Step by step:",
            "passed            1. What lab 1 checks still passes (1 check)",
            "FAILED            3. It says which port it was given (RUN-3)",
            "skipped           4. It says who it is",
            "Not yet: 2 of 4 steps pass",
        )
    ]
    assert places == sorted(places)


def test_of_several_likenesses_it_is_said_that_it_is_one_of_them(
    failed: tuple[Folder, Outcome], labs: Course
) -> None:
    folder, outcome = failed
    like = Likeness(
        specimen="deaf",
        rule="RUN-3",
        likeness=1.0,
        does={"en": "does not listen", "pt": "não escuta"},
        why={"en": "It is so.", "pt": "É assim."},
    )

    def with_likenesses(*likenesses: Likeness) -> str:
        steps = [
            replace(one, likenesses=likenesses if one.failures else ())
            for one in outcome.steps
        ]
        return told(replace(outcome, steps=steps), folder, labs)

    assert "This looks like a mistake that we know:" in with_likenesses(like)
    text = with_likenesses(like, like)
    assert "This looks like one of these mistakes, which we know:" in text
    assert text.count("The program does not listen.") == 2


@pytest.mark.parametrize("language", Language)
def test_a_report_fits_80_columns_but_for_what_is_to_be_copied(
    failed: tuple[Folder, Outcome], labs: Course, language: Language
) -> None:
    folder, outcome = failed
    text = told(outcome, folder, labs, language, None)
    for line in text.splitlines():
        assert len(line) <= 80 or line.startswith("    batepapo lab check")
    assert "\x1b" not in text


def test_in_portuguese_it_is_told_in_portuguese(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 2)
    words = Words(Language.PORTUGUESE, TABLES)
    outcome = checked(folder, labs, words=words)
    text = told(outcome, folder, labs, Language.PORTUGUESE, 3)
    assert "Laboratório 2: Uma porta" in text
    assert "Ele diz que porta recebeu" in text
    assert "RUN-3 não é cumprida (MUST)" in text
    assert "as 3 dicas de novo:" in text
    assert "ficou para depois 4. Ele diz quem é" in text


def test_who_passes_is_told_what_comes_next(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 2, RIGHT)
    text = told(checked(folder, labs), folder, labs, Language.ENGLISH, None)
    assert "Lab 2 passed" in text
    assert "batepapo lab start 3" in text
    assert "batepapo lab solution 2" in text
    assert "What to look at next" not in text


def test_who_has_not_said_how_a_program_apart_is_started_is_told_where(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1)
    apart = replace(labs.lesson(1), number=10, apart=True)
    outcome = Outcome(apart, command="node server.js", said=False)
    for language in Language:
        text = told(outcome, folder, labs, language)
        assert "node server.js" in text
        assert "[lab-10]" in text
        assert "[lab-10]" not in told(replace(outcome, said=True), folder, labs)


def test_a_caret_of_the_program_stays_where_it_points(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1, "x = (1 +\n")
    text = told(checked(folder, labs), folder, labs, Language.ENGLISH, None)
    assert "Its last words:" in text
    assert re.search(r"\n +x = \(1 \+\n +\^\n", text)
    assert "Traceback" not in text


def test_what_a_program_writes_cannot_command_the_terminal(
    tmp_path: Path, labs: Course
) -> None:
    evil = "import sys; sys.exit('\\x1b[2J[bold]all is well[/bold]')"
    folder = student(tmp_path, labs, 1, evil)
    text = told(checked(folder, labs), folder, labs, Language.ENGLISH, None)
    assert "\x1b" not in text
    assert "[bold]all is well[/bold]" in text


def test_a_failure_without_the_suite_is_told_by_its_message(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 3)
    message = "There is no drawing.\nDraw one."
    step = StepResult(title="It is drawn", verdict=Verdict.FAILED, message=message)
    outcome = Outcome(labs.lesson(3), steps=[step])
    text = told(outcome, folder, labs, Language.ENGLISH, None)
    assert "It is drawn\n  There is no drawing.\n  Draw one.\n" in text
    assert text.count("Draw one.") == 1
    step = StepResult(title="It is drawn", verdict=Verdict.FAULT, message="ValueError")
    text = told(Outcome(labs.lesson(3), steps=[step]), folder, labs)
    assert "fault of ours" in text
    assert "please report it" in text
