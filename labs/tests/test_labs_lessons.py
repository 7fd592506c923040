"""The labs are read, and what contradicts their form is refused."""

from pathlib import Path

import pytest
from made_up_course import RUDE, course

from batepapo_conformance.words import Language
from batepapo_labs.lessons import BadLesson, Course, read
from batepapo_labs.trouble import Trouble


def test_everything_that_a_lab_says_is_read(labs: Course) -> None:
    one = labs.lesson(1)
    assert (one.name, one.role, one.program) == ("01-greeting", "server", "server.py")
    assert one.title == {
        Language.ENGLISH: "A greeting",
        Language.PORTUGUESE: "Uma saudação",
    }
    assert one.about == ("GREET-1",)
    assert one.checks == ("test_the_software_is_one_token",)
    assert one.hints["GREET-1"][Language.PORTUGUESE][1] == "Olhe a seção 5.1."
    assert one.starts_from is None
    assert labs.lesson(2).starts_from == "01-greeting"


def test_a_lab_rests_on_those_before_it_of_the_same_role(labs: Course) -> None:
    assert [one.number for one in labs.before(labs.lesson(2))] == [1]
    assert labs.before(labs.lesson(1)) == labs.before(labs.lesson(3)) == []


def test_who_begins_gets_the_solution_before_and_the_starter_over_it(
    labs: Course,
) -> None:
    assert labs.begun(labs.lesson(1))[Path("server.py")].read_text() == RUDE
    begun = labs.begun(labs.lesson(2))
    assert set(begun) == {Path("server.py"), Path("notes.txt")}
    assert begun[Path("server.py")].parent.parent.name == "01-greeting"


def test_a_lab_that_does_not_exist_is_told_with_those_that_do(labs: Course) -> None:
    with pytest.raises(Trouble) as caught:
        labs.lesson(7)
    assert caught.value.values == {"number": 7, "known": "1, 2, 3"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('role = "server"', 'role = "cook"'),
        ("number = 1", "number = 2"),
        ("number = 1", "number ="),
        ("number = 1", ""),
        ("about = [", "abuot = ["),
        ('program = "server.py"', 'program = "other.py"'),
        ('program = "server.py"', 'program = "server.py"\napart = true'),
        ('"nothing"', '"00-nowhere"'),
        ('title.pt = "Uma saudação"', ""),
        ('title.pt = "Uma saudação"', 'title.pt = ""'),
        ('["test_the_software_is_one_token"]', '"GREET-1"'),
        ('"Who speaks first?", ', ""),
        ("pt = [", "fr = ["),
    ],
)
def test_what_contradicts_the_form_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    course(tmp_path)
    file = tmp_path / "01-greeting" / "lab.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadLesson):
        read(tmp_path)


def test_what_python_leaves_is_not_handed_out(tmp_path: Path) -> None:
    labs = course(tmp_path)
    left = tmp_path / "01-greeting" / "starter" / "__pycache__"
    left.mkdir()
    (left / "server.cpython-311.pyc").write_bytes(b"")
    assert set(labs.begun(labs.lesson(1))) == {Path("server.py")}
