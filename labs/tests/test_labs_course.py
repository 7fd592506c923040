"""The labs themselves: they are whole, starters fail as they say, solutions pass.

What checks programs is slow, and marked as `course`: a lab's starter, its solution,
and the solution of the lab before it.
"""

import ast
import functools
import io
import re
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import tomlkit

from batepapo_conformance import check as suite
from batepapo_conformance.check import collect
from batepapo_conformance.progress import Progress
from batepapo_conformance.results import Status
from batepapo_conformance.results import Verdict as OfCheck
from batepapo_conformance.selection import selected
from batepapo_conformance.spec import load as specification
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Language, Words
from batepapo_labs.checking import OTHER, Asked, Outcome, check
from batepapo_labs.folder import TABLES, Folder, lay
from batepapo_labs.hints import texts
from batepapo_labs.lessons import Lesson, files_in, folder, load
from batepapo_labs.steps import StepResult, Verdict

COURSE = load()
LESSONS = list(COURSE.lessons.values())
IN_THE_SUITE = [one for one in LESSONS if one.role in list(Role)]
BY_NAME = {one.name: one for one in LESSONS}
AFTER_ANOTHER = [
    one
    for one in LESSONS
    if one.starts_from and BY_NAME[one.starts_from].role == one.role
]
FOLDERS = sorted(one for one in folder().iterdir() if re.match(r"\d\d-", one.name))
TOLD = [one for one in FOLDERS if any(one.glob("[ep][nt].md"))]
REPORT = re.compile(r"  (?:expected|esperado)  ")
# pytest runs several labs at a time, and each worker takes time to start; but where
# nearly all checks fail, they wait for deadlines, and had better do so side by side.
JOBS, JOBS_THAT_WAIT = 1, 6
PROJECT = folder().parent / "pyproject.toml"


def name(one: Lesson | Path) -> str:
    return one.name


@functools.cache
def names_of_checks(role: str) -> Mapping[str, tuple[str, ...]]:
    """The full name of every check of a role, with the ids that it cites."""
    return {
        f"{one.name}[{variant}]" if variant else one.name: one.ids
        for one in collect(Role(role))
        for variant in (one.variants or ("",))
    }


# ---- what is written ------------------------------------------------------------


def test_labs_are_numbered_as_their_folders_are() -> None:
    assert LESSONS
    for lesson in LESSONS:
        assert lesson.name.startswith(f"{lesson.number:02}-")


@pytest.mark.parametrize("where", TOLD, ids=name)
def test_the_text_is_the_same_in_both_languages(where: Path) -> None:
    english, portuguese = (outline(where / f"{one}.md") for one in Language)
    assert english == portuguese
    assert any(part.startswith("#") for part in english)


@pytest.mark.parametrize("other", ["acontecimento", "status de saída", "desligad"])
def test_portuguese_has_the_words_of_the_specification(other: str) -> None:
    """They are `evento`, `código de saída` and, of a connection, `cortada`."""
    texts = [*folder().glob("*/pt.md"), *folder().glob("*/*.pt.md")]
    texts += [*folder().glob("*/lab.toml"), TABLES / "pt.toml"]
    assert not [one for one in texts if other in one.read_text("utf-8").lower()]


def outline(text: Path) -> list[str]:
    """The rank of each heading, and each block of code as it is, in order.

    But of what a report says only where: it speaks the language of the page.
    """
    found: list[str] = []
    code: list[str] | None = None
    for line in text.read_text(encoding="utf-8").splitlines():
        if line.startswith("```") and code is not None:
            told = any(REPORT.match(one) for one in code)
            found.append("a report" if told else "\n".join(code))
            code = None
        elif line.startswith("```"):
            code = [line]
        elif code is not None:
            code.append(line)
        elif heading := re.match(r"#+ ", line):
            found.append(heading[0])
    assert code is None, f"{text}: a block of code has no end"
    return found


@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_rules_exist_and_what_a_lab_is_about_has_hints(lesson: Lesson) -> None:
    known = specification().requirements
    assert {*lesson.about, *lesson.by_chance, *lesson.hints} <= set(known)
    if lesson.hints:
        assert set(lesson.about) <= set(lesson.hints)
    assert lesson.steps


# What beginners break though the lab is not about it: whoever asks gets a hint, too.
OFTEN_BROKEN = {"STATE-1", "STATE-2", "STATE-3", "EVENT-1"}


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("language", list(Language))
def test_what_is_often_broken_has_hints(number: int, language: Language) -> None:
    lesson = COURSE.lesson(number)
    lacking = {r for r in OFTEN_BROKEN if not texts(COURSE, lesson, r, language)}
    assert not lacking


@pytest.mark.parametrize("lesson", IN_THE_SUITE, ids=name)
def test_every_check_of_a_step_is_one_of_the_suite(lesson: Lesson) -> None:
    known = specification().requirements
    for word in lesson.checks:
        assert any(
            selected([word], full, [known[one] for one in ids])
            for full, ids in names_of_checks(lesson.role).items()
        ), word


@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_solutions_are_of_the_standard_library_alone(lesson: Lesson) -> None:
    for part in ("solution", "starter"):
        files = files_in(lesson.folder / part)
        own = {place.stem for place in files}
        for file in (one for one in files.values() if one.suffix == ".py"):
            for module in imported(file) - own:
                assert module in sys.stdlib_module_names or part == "starter", file


def imported(file: Path) -> set[str]:
    """The first names of the modules that a program imports."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except SyntaxError:  # a starter may have a gap in it
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.skipif(not PROJECT.is_file(), reason="this is no clone")
def test_the_wheel_carries_every_lab() -> None:
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    for lesson in LESSONS:
        assert wheel[f"labs/{lesson.name}"] == f"batepapo_labs/labs/{lesson.name}"


# ---- what is run ----------------------------------------------------------------


def outcome(
    lesson: Lesson, path: Path, files: Mapping[Path, Path], jobs: int = JOBS
) -> Outcome:
    """What a student's folder with these files gives, with no step left out."""
    if lesson.role not in list(Role) and lesson.role not in OTHER:
        pytest.skip(f"nothing checks a {lesson.role} yet")
    if Path(lesson.program).suffix == ".js" and shutil.which("node") is None:
        pytest.skip("there is no Node here")
    return check(
        laid(lesson, path, files),
        COURSE,
        lesson,
        Asked(everything=True, jobs=jobs),
        words=Words(Language.ENGLISH, TABLES),
        out=io.StringIO(),
    )


def laid(lesson: Lesson, path: Path, files: Mapping[Path, Path]) -> Folder:
    """A student's folder with these files."""
    (path / "lab.toml").write_text(f'lab = {lesson.number}\nlanguage = "en"\n')
    mine = Folder(path)
    lay(mine, lesson, files)
    return mine


def told(outcome: Outcome) -> str:
    """What to read when it is not as it should be."""
    lines = [outcome.trouble, *outcome.last_words]
    lines += [f"{one.verdict}: {one.title} {one.rules}" for one in outcome.steps]
    return "\n".join(lines)


def before(done: Outcome) -> list[StepResult]:
    """The step of the labs before, if there is one."""
    return [one for one in done.steps if one.lab is None]


@pytest.mark.course
@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_a_starter_fails_with_just_what_its_lab_is_about(
    lesson: Lesson, tmp_path: Path
) -> None:
    goes_on = lesson.starts_from and not lesson.afresh
    jobs = JOBS if goes_on else JOBS_THAT_WAIT
    done = outcome(lesson, tmp_path, COURSE.begun(lesson), jobs)
    own = {rule for one in done.steps if one.lab is not None for rule in one.rules}
    assert own - set(lesson.by_chance) == set(lesson.about), told(done)
    assert done.status is Status.FAILED, told(done)
    if not lesson.afresh:
        assert all(one.verdict is Verdict.PASSED for one in before(done)), told(done)


@pytest.mark.course
@pytest.mark.parametrize("lesson", LESSONS, ids=name)
def test_a_solution_passes_its_lab_and_all_before(
    lesson: Lesson, tmp_path: Path
) -> None:
    done = outcome(lesson, tmp_path, files_in(lesson.folder / "solution"))
    assert done.status is Status.PASSED, told(done)
    assert not done.broken


@pytest.mark.course
@pytest.mark.parametrize("lesson", AFTER_ANOTHER, ids=name)
def test_the_solution_before_is_not_yet_enough(lesson: Lesson, tmp_path: Path) -> None:
    files = files_in(BY_NAME[str(lesson.starts_from)].folder / "solution")
    if files == COURSE.begun(lesson):
        pytest.skip("the starter is the same")
    done = outcome(lesson, tmp_path, files)
    if lesson.afresh:  # nobody sees from outside how it is made
        assert done.status is Status.PASSED, told(done)
        return
    assert done.broken, told(done)
    assert set(done.broken) <= {*lesson.about, *lesson.by_chance}, told(done)


@pytest.mark.course
def test_the_race_of_lab_6_is_caught_in_fifty_of_fifty_runs(tmp_path: Path) -> None:
    lesson = COURSE.lesson(6)
    mine = laid(lesson, tmp_path, COURSE.begun(lesson))
    testee = tmp_path / "testee.toml"
    told_to_suite = {"command": mine.program(lesson).command, "folder": str(tmp_path)}
    testee.write_text(tomlkit.dumps(told_to_suite), encoding="utf-8")
    earlier = [check for one in COURSE.before(lesson) for check in one.checks]
    request = suite.Request(role=Role.SERVER, file=str(testee), only=earlier)
    run = suite.run(request, Progress(io.StringIO(), silent=True))
    assert not run.failures()  # one at a time, all are served well
    request = replace(
        request,
        only=lesson.steps[0].checks,
        repeat=50,
        jobs=JOBS_THAT_WAIT,
        before=run.results,
    )
    run = suite.run(request, Progress(io.StringIO(), silent=True))
    assert not run.trouble
    (race,) = run.results
    assert race.repeated is not None
    assert race.repeated.verdicts == {OfCheck.FAILED: 50}
    assert race.broken is not None
    assert race.broken.rule == "ORDER-1"
