"""A lab is checked step by step; what rests on a failure is skipped."""

import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import pytest
from made_up_course import CARELESS, ENGLISH, RIGHT, RUDE, checked, student

from batepapo_conformance.results import Status
from batepapo_conformance.testee import split_command
from batepapo_conformance.words import Words
from batepapo_labs import checking
from batepapo_labs.checking import Asked, Outcome, last_lines
from batepapo_labs.folder import Folder
from batepapo_labs.lessons import Course, Lesson
from batepapo_labs.steps import StepResult, Verdict
from batepapo_labs.trouble import Trouble


def verdicts(outcome: Outcome) -> list[str]:
    return [str(one.verdict) for one in outcome.steps]


def say(path: Path, *lines: str) -> Folder:
    (path / "lab.toml").write_text("\n".join(("lab = 1", *lines)))
    return Folder(path)


def test_a_starter_fails_with_what_its_lab_is_about(
    tmp_path: Path, labs: Course
) -> None:
    outcome = checked(student(tmp_path, labs, 1), labs)
    assert outcome.status is Status.FAILED
    assert outcome.broken == ["GREET-1"]
    assert outcome.first is outcome.steps[0]
    [failure] = outcome.steps[0].failures
    assert failure.broken is not None
    assert failure.broken.actual == "USUARIOS 0"
    only = "--only test_the_software_is_one_token"
    assert failure.again == f"batepapo lab check {only} --seed {failure.seed}"


def test_the_labs_before_come_first_as_one_step(tmp_path: Path, labs: Course) -> None:
    outcome = checked(student(tmp_path, labs, 2, RUDE), labs)
    assert outcome.steps[0].title == "What lab 1 checks still passes"
    assert outcome.steps[0].message == "What failed belongs to lab 1: It greets."
    assert verdicts(outcome) == ["failed", "skipped", "skipped", "skipped"]


def test_of_the_labs_before_the_earliest_is_told_first(
    tmp_path: Path, labs: Course
) -> None:
    greets, listens = labs.lesson(1), labs.lesson(2)
    first = replace(listens, number=1, steps=listens.steps[1:2])
    turned = Course(
        {1: first, 2: replace(greets, number=2), 3: replace(listens, number=3)}
    )
    folder = student(tmp_path, labs, 2, RUDE)
    folder.go_to(3)
    [step, *_] = checked(folder, turned).steps
    assert step.rules == ["RUN-3", "GREET-1"]  # most basic is GREET-1
    assert (
        step.message == "What failed belongs to lab 1: It says which port it was given."
    )


def test_what_comes_after_a_step_that_failed_is_skipped(
    tmp_path: Path, labs: Course
) -> None:
    outcome = checked(student(tmp_path, labs, 2), labs)
    assert verdicts(outcome) == ["passed", "passed", "failed", "skipped"]
    assert outcome.broken == list(labs.lesson(2).about)
    assert outcome.status is Status.FAILED


def test_everything_is_run_if_that_is_asked_for(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 2)
    outcome = checked(folder, labs, Asked(everything=True))
    assert verdicts(outcome) == ["passed", "passed", "failed", "passed"]


def test_a_solution_passes(tmp_path: Path, labs: Course) -> None:
    outcome = checked(student(tmp_path, labs, 2, RIGHT), labs)
    assert verdicts(outcome) == ["passed"] * 4
    assert outcome.status is Status.PASSED
    assert outcome.first is None


def test_just_some_checks(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 2, CARELESS)
    outcome = checked(
        folder, labs, Asked(only=("test_address_and_port_are_its_arguments",), seed=7)
    )
    assert outcome.alone
    assert (verdicts(outcome), outcome.steps[0].checks) == (["passed"], 1)


def test_what_selects_nothing_gives_no_verdict(tmp_path: Path, labs: Course) -> None:
    outcome = checked(student(tmp_path, labs, 2), labs, Asked(only=("FOO-1",)))
    assert verdicts(outcome) == ["no verdict"]
    assert outcome.status is Status.NO_VERDICT
    assert "nothing was selected" in outcome.steps[0].message


def test_another_command_for_this_once(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 1, "nonsense")
    (tmp_path / "other.py").write_text(CARELESS)
    command = "{python} other.py {address} {port}"
    outcome = checked(folder, labs, Asked(command=command))
    assert outcome.status is Status.PASSED
    assert outcome.command.startswith(sys.executable)


def test_a_step_that_cannot_be_judged_keeps_nobody_back(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 2, RIGHT)
    greets = "test_the_software_is_one_token"
    unjudged = "test_the_log_may_go_to_a_file"  # it is not known to have the option
    outcome = checked(folder, labs, Asked(only=(unjudged, greets)))
    assert (verdicts(outcome), outcome.steps[0].checks) == (["passed"], 2)
    assert outcome.steps[0].message.startswith("1 x not judged: ")
    outcome = checked(folder, labs, Asked(only=(unjudged,)))
    assert verdicts(outcome) == ["no verdict"]
    assert outcome.status is Status.NO_VERDICT


def test_a_program_apart_is_not_the_one_of_the_labs_before(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1, RUDE)
    (tmp_path / "other.py").write_text(CARELESS)
    apart = replace(labs.lesson(1), program="other.py", apart=True)
    outcome = checking.check(
        folder, labs, apart, Asked(), words=ENGLISH, out=io.StringIO()
    )
    assert outcome.status is Status.PASSED
    assert split_command(outcome.command)[1] == "other.py"
    assert not outcome.said


# ---- what cannot be started ---------------------------------------------------


def test_a_syntax_error_is_shown_in_the_words_of_the_program(
    tmp_path: Path, labs: Course
) -> None:
    outcome = checked(student(tmp_path, labs, 1, "def (:\n"), labs)
    assert outcome.status is Status.NO_VERDICT
    assert outcome.steps == []
    assert "exit status 1" in outcome.trouble
    assert outcome.last_words[-1].startswith("SyntaxError")
    assert outcome.last_words[-2].strip() == "^"


def test_a_program_that_is_not_there_cannot_be_started(
    tmp_path: Path, labs: Course
) -> None:
    folder = say(tmp_path, 'server = "no-such-program {address} {port}"')
    outcome = checked(folder, labs)
    assert outcome.status is Status.NO_VERDICT
    assert "no-such-program" in outcome.trouble


def test_a_server_that_does_not_listen_is_told(tmp_path: Path, labs: Course) -> None:
    (tmp_path / "server.py").write_text("import time; time.sleep(60)")
    outcome = checked(say(tmp_path, "time-factor = 0.1"), labs)
    assert "does not listen" in outcome.trouble


def test_a_command_without_its_placeholders_is_told(
    tmp_path: Path, labs: Course
) -> None:
    with pytest.raises(Trouble, match="bad_command") as caught:
        checked(say(tmp_path, 'server = "{python} server.py"'), labs)
    assert "{address} and {port}" in str(caught.value.values["why"])


def test_an_option_that_the_contract_does_not_have_is_told(
    tmp_path: Path, labs: Course
) -> None:
    with pytest.raises(Trouble, match="bad_command"):
        checked(say(tmp_path, "[options]", 'colour = "--colour {value}"'), labs)


# ---- builds --------------------------------------------------------------------


def test_the_build_is_run_before(tmp_path: Path, labs: Course) -> None:
    copy = "import shutil; shutil.copy('source.txt', 'server.py')"
    (tmp_path / "build.py").write_text(copy)
    (tmp_path / "source.txt").write_text(CARELESS)
    outcome = checked(say(tmp_path, 'build = "{python} build.py"'), labs)
    assert outcome.status is Status.PASSED


def test_a_build_that_fails_is_told_with_its_last_words(
    tmp_path: Path, labs: Course
) -> None:
    (tmp_path / "build.py").write_text("raise SystemExit('line 3: missing ;')")
    outcome = checked(say(tmp_path, 'build = "{python} build.py"'), labs)
    assert outcome.status is Status.NO_VERDICT
    assert "exit status 1" in outcome.trouble
    assert outcome.last_words == ["line 3: missing ;"]


@pytest.mark.parametrize("build", ["no-such-compiler x", "'never closed"])
def test_a_build_that_cannot_be_run_is_told(
    tmp_path: Path, labs: Course, build: str
) -> None:
    outcome = checked(say(tmp_path, f'build = "{build}"'), labs)
    assert build in outcome.trouble


# ---- labs that are not about a server or a client -------------------------------


def test_a_lab_of_another_role_is_checked_by_its_own_checker(
    tmp_path: Path, labs: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(
        folder: Path, lesson: Lesson, words: Words, out: TextIO
    ) -> Iterator[StepResult]:
        there = (folder / lesson.program).exists()
        yield StepResult(
            title="a drawing", verdict=Verdict.PASSED if there else Verdict.FAILED
        )

    folder = student(tmp_path, labs, 3)
    with monkeypatch.context() as changed:
        changed.setattr(checking, "OTHER", {})
        with pytest.raises(Trouble, match="no_checker"):
            checked(folder, labs)
    monkeypatch.setattr(checking, "OTHER", {"session": draw})
    assert checked(folder, labs).status is Status.FAILED
    with pytest.raises(Trouble, match="not_in_suite"):
        checked(folder, labs, Asked(only=("TCP-1",)))
    (tmp_path / "drawing.txt").write_text("o")
    assert checked(folder, labs).status is Status.PASSED


def test_of_what_a_program_wrote_the_end_is_shown_and_no_line_at_its_length() -> None:
    written = "\n".join(
        ["um", "", *("dois " * 9999 for _ in range(20)), "tr\x1b[31mes"]
    )
    shown = last_lines(written)
    assert len(shown) == 12
    assert all(len(one) < 200 for one in shown)
    assert shown[0].endswith(" ...")
    assert shown[-1].startswith("tr")
    assert "\x1b" not in shown[-1]
