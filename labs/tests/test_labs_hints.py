"""Hints come one at a time, for what failed first."""

from pathlib import Path

import pytest
from made_up_course import student

from batepapo_conformance.words import Language
from batepapo_labs.folder import Folder
from batepapo_labs.hints import give, rule_in_question, texts
from batepapo_labs.lessons import Course
from batepapo_labs.trouble import Trouble


def test_before_any_check_it_is_what_the_lab_is_about(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1)
    assert rule_in_question(folder, labs, labs.lesson(1)) == "GREET-1"


def test_three_hints_and_then_the_last_one_again(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 1)
    given = [
        give(Folder(tmp_path), labs, labs.lesson(1), "GREET-1", Language.PORTUGUESE)
        for _ in range(4)
    ]
    assert [one.level for one in given] == [1, 2, 3, 3]
    assert [one.is_last for one in given] == [False, False, True, True]
    assert given[1].text == "Olhe a seção 5.1."
    assert given[3].text == "BATEPAPO, um espaço, 1."


def test_a_rule_of_an_earlier_lab_has_the_hints_of_that_lab(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 2)
    folder.note_check(2, ["RUN-3", "GREET-1"], passed=False)
    assert rule_in_question(folder, labs, labs.lesson(2)) == "GREET-1"
    assert texts(labs, labs.lesson(2), "GREET-1", Language.ENGLISH)
    assert not texts(labs, labs.lesson(2), "RUN-3", Language.ENGLISH)


def test_where_there_is_none_it_is_said(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 2)
    with pytest.raises(Trouble, match="no_hint"):
        rule_in_question(folder, labs, labs.lesson(2))
    with pytest.raises(Trouble, match="no_hint"):
        give(folder, labs, labs.lesson(2), "RUN-3", Language.ENGLISH)
    folder.note_check(2, [], passed=True)
    with pytest.raises(Trouble, match="nothing_broken"):
        rule_in_question(folder, labs, labs.lesson(2))


def test_what_another_lab_found_broken_does_not_matter(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1)
    folder.note_check(2, ["RUN-3"], passed=False)
    assert rule_in_question(folder, labs, labs.lesson(1)) == "GREET-1"
