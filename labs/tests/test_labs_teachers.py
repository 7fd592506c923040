"""What teachers read is so: both languages say it, and each name in it exists."""

import itertools
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from batepapo.__main__ import main
from batepapo_zoo.catalogue import specimens
from test_labs_course import names_of_checks, outline

from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.selection import selected
from batepapo_conformance.spec import load as specification
from batepapo_conformance.testee import CONTRACT_OPTIONS, Role
from batepapo_conformance.words import Language, Words
from batepapo_labs.folder import TABLES
from batepapo_labs.grading.settings import read
from batepapo_labs.lessons import Lesson, folder, load

HERE = folder() / "teachers"
KINDS = ("syllabus", "notes", "rubric", "offline")
PAGES = [f"{kind}.{language}.md" for kind in KINDS for language in Language]
ALL = ["README.md", *PAGES]
LESSONS = list(load().lessons.values())

pytestmark = pytest.mark.skipif(not HERE.is_dir(), reason="this is no clone")


def text(page: str) -> str:
    return (HERE / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    """The blocks of code, without their fences."""
    parts = outline(HERE / page)
    return [part.partition("\n")[2] for part in parts if part.startswith("```")]


def prose(page: str) -> str:
    """Everything but the blocks of code."""
    return re.sub(r"(?ms)^```.*?^```$", "", text(page))


def part_about(lesson: Lesson, kind: str, language: Language) -> str:
    """What stands below the heading of a lab."""
    title = lesson.title[language]
    said = Words(language, TABLES)("lab.title", number=lesson.number, title=title)
    page = text(f"{kind}.{language}.md")
    found = re.search(rf"(?ms)^(##+) {re.escape(said)}$(.*?)(?=^\1 |\Z)", page)
    assert found, said
    return found[2]


# ---- two languages ----------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages_have_the_same_shape(kind: str) -> None:
    english, portuguese = (HERE / f"{kind}.{one}.md" for one in Language)
    assert outline(english) == outline(portuguese)
    assert shape(english.name) == shape(portuguese.name)


def shape(page: str) -> list[str]:
    """Of each line of a table how many cells it has, and where lists have items."""
    found = []
    for line in prose(page).splitlines():
        if line.startswith("|"):
            found.append(f"{line.count('|')} cells")
        elif item := re.match(r"- |\d+\. ", line):
            found.append(item[0])
    return found


@pytest.mark.parametrize("kind", ["syllabus", "notes"])
@pytest.mark.parametrize("language", Language)
def test_every_lab_has_its_part_in_order(kind: str, language: Language) -> None:
    page = text(f"{kind}.{language}.md")
    places = [page.index(part_about(one, kind, language)) for one in LESSONS]
    assert places == sorted(places)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda one: one.name)
@pytest.mark.parametrize("language", Language)
def test_every_question_of_a_lab_has_an_answer(
    lesson: Lesson, language: Language
) -> None:
    asked = lesson.text(language).read_text(encoding="utf-8").rpartition("\n## ")[2]
    answers = part_about(lesson, "notes", language).rpartition("\n### ")[2]
    assert len(re.findall(r"(?m)^\d\. ", answers)) == len(re.findall(r"(?m)^- ", asked))


@pytest.mark.parametrize("page", ALL)
def test_links_lead_somewhere_and_lines_have_an_end(page: str) -> None:
    assert max(map(len, text(page).splitlines())) <= 150
    for place, _, heading in re.findall(r"\]\(([^)#]*)(#?)([^)]*)\)", text(page)):
        there = (HERE / place) if place else HERE / page
        assert there.is_file(), place
        assert not heading or heading in anchors(there), heading
        if page != "README.md" and there.parent == HERE:
            assert there.suffixes == (HERE / page).suffixes, place


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.*)$", path.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


# ---- rules, checks, specimens -----------------------------------------------------


@pytest.mark.parametrize("page", ALL)
def test_every_rule_is_one_of_the_specification(page: str) -> None:
    other = {"UTF", "LAB"}
    for family, number in re.findall(r"\b([A-Z]+)-(\d+)\b", text(page)):
        assert family in other or f"{family}-{number}" in specification().requirements


@pytest.mark.parametrize("page", ALL)
def test_every_check_is_one_of_the_suite(page: str) -> None:
    known = {name for role in Role for name in names_of_checks(role)}
    for name in re.findall(r"\btest_\w+(?:\[[^\]]+\])?", text(page)):
        assert any(selected([name], one, []) for one in known), name


@pytest.mark.parametrize("page", ALL)
def test_every_specimen_is_in_the_zoo(page: str) -> None:
    for name in re.findall(r"batepapo_zoo (\w+)", text(page)):
        assert name in specimens()


@pytest.fixture(scope="module")
def failures() -> dict[str, list[dict[str, Any]]]:
    """What each specimen fails, as the kill matrix has it."""
    matrix = json.loads(MATRIX.read_text(encoding="utf-8"))
    return {one["name"]: one["failures"] for one in matrix["specimens"]}


@pytest.mark.parametrize("language", Language)
def test_each_mistake_fails_the_check_of_its_lab_with_that_rule(
    failures: dict[str, list[dict[str, Any]]], language: Language
) -> None:
    form = r"([A-Z]+-\d+) (?:in|em)\s+`(test_[^`]+)`;\s+`(\w+)`"
    told = 0
    for lesson in LESSONS:
        for rule, check, name in re.findall(
            form, part_about(lesson, "notes", language)
        ):
            # Where threads race, it is a matter of luck which check sees it.
            blamed = {
                one["rule"]
                for one in failures[name]
                if lesson.by_chance or selected([check], full_name(one), [])
            }
            assert rule in blamed, (check, name)
            assert is_checked(check, lesson), (check, lesson.name)
            told += 1
    assert told > 70


def full_name(failure: dict[str, Any]) -> str:
    variant = failure["variant"]
    return f"{failure['check']}[{variant}]" if variant else str(failure["check"])


def is_checked(check: str, lesson: Lesson) -> bool:
    """Whether a lab's own steps carry out this check."""
    known = specification().requirements
    return any(
        selected(lesson.checks, full, [known[one] for one in ids])
        for full, ids in names_of_checks(lesson.role).items()
        if selected([check], full, [])
    )


def test_what_no_lab_asks_for_is_still_not_asked_for() -> None:
    check = "test_flushing_has_an_end"
    of_servers = [one for one in LESSONS if one.role == Role.SERVER and one.number < 9]
    assert not any(is_checked(check, one) for one in of_servers)


# ---- commands ---------------------------------------------------------------------


def command_lines(source: str) -> Iterator[list[str]]:
    """The words after `batepapo` wherever a line of a block calls it."""
    for line in source.splitlines():
        if found := re.search(r"(?:^|[\s/\\])batepapo (\w.*)", line):
            yield shlex.split(re.split(r" [>|&;]|;", found[1])[0])


def leads_to(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that is meant, and its own words."""
    command: click.Command = main
    while isinstance(command, click.Group) and words:
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("page", ALL)
def test_every_command_line_in_a_block_is_understood(page: str) -> None:
    for words in itertools.chain.from_iterable(map(command_lines, blocks(page))):
        command, rest = leads_to(words)
        # Parsed, with every value; not carried out.
        parsed = command.make_context(command.name, rest)
        if command.name in ("serve", "chat"):
            role = Role.SERVER if command.name == "serve" else Role.CLIENT
            passed_on = [one for one in parsed.params["arguments"] if one[:2] == "--"]
            assert {one[2:] for one in passed_on} <= set(CONTRACT_OPTIONS[role])


@pytest.mark.parametrize("page", ALL)
def test_every_command_in_the_text_has_the_options_that_it_is_given(page: str) -> None:
    for said in re.findall(r"`batepapo (\w[^`]*)`", " ".join(prose(page).split())):
        command, rest = leads_to(shlex.split(said))
        options = {name for one in command.params for name in one.opts}
        assert {one for one in rest if one.startswith("--")} <= options, said


@pytest.mark.parametrize("language", Language)
def test_marking_has_just_the_options_that_are_explained(language: Language) -> None:
    page = text(f"rubric.{language}.md")
    [table] = re.findall(r"(?ms)^\| `--labs.*?\n\n", page)
    told = set(re.findall(r"--[a-z-]+", re.sub(r"(?m)^(\|[^|]*).*$", r"\1", table)))
    command, _ = leads_to(["grade"])
    assert told == {
        name for one in command.params for name in one.opts if name[0] == "-"
    }


def test_the_settings_that_are_shown_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "grading.toml"
    [shown] = [one for one in blocks("rubric.en.md") if one.startswith("labs =")]
    file.write_text(shown, encoding="utf-8")
    assert read(file)["weights"][4] == 3
