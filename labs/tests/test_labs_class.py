"""A class of forty is marked: right, twice the same, in less than five minutes.

Solutions, starters, specimens of the zoo, and programs that do harm. It takes
minutes, so `make labs` runs it, and the unit tests do not.
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import psutil
import pytest
from batepapo_zoo.catalogue import specimens
from test_labs_grading import (
    DELETES,
    FLOODS,
    FORKS,
    POSIX,
    SEED,
    TIRES,
    batepapo,
    fingerprint,
    running,
)

from batepapo_conformance.diagnosis import MATRIX
from batepapo_labs.folder import Folder, lay
from batepapo_labs.lessons import files_in, load

pytestmark = [POSIX, pytest.mark.forty]

MINUTES: Final = 5
LABS: Final = (1, 2, 3, 4)
SOLUTIONS: Final = (1, 2, 3, 4, 6, 7, 8)
SPECIMENS: Final = (
    "one_read_one_line",
    "reads_not_joined",
    "cr_belongs_to_the_line",
    "strips_blanks",
    "cuts_long_texts",
    "waits_for_the_line_end",
    "strangers_are_heard",
    "greets_whoever_enters",
    "newcomer_in_its_own_list",
    "entry_before_the_list",
    "nick_stays_taken",
    "no_echo",
    "list_without_owner",
    "list_by_alphabet",
    "list_is_told_to_all",
    "error_lost_in_reset",
    "partial_line_carried_out",
)
TOLD_AS: Final = {"cr_belongs_to_the_line": "FRAME-3"}
"""No check of these labs sends CR LF in one piece only: that it is the CR, and not the
pieces, cannot be told."""
BY_CHANCE: Final = ("one_read_one_line",)
"""What one read brings is chance, and so is which of the other rules this breaks."""
# Each is the server.py of a submission whose right one is right.py.
HARMFUL: Final = {
    "hangs": "import time\ntime.sleep(3600)\n",
    "ends": "",
    "wrong": "def main(:\n",
    "deletes": DELETES,
    "floods": FLOODS,
    "tires": TIRES,
    "shouts": "while True:\n    print('blah ' * 2000)\n",
    "eats": "kept = []\nwhile True:\n    kept.append(bytearray(1 << 24))\n",
    "spins": "while True:\n    pass\n",
    "elsewhere": "import socket, time\nsocket.create_server(('127.0.0.1', 0))\n"
    "time.sleep(3600)\n",
}

Grades = Mapping[str, Mapping[str, Any]]


def submissions(where: Path, name: str) -> None:
    """Lay a class of forty out; what is started by `forks` has this name."""
    course = load()
    for number in SOLUTIONS:
        lesson = course.lesson(number)
        hand_in(where / f"solution-{number}", files_in(lesson.folder / "solution"))
    for number in LABS:
        hand_in(where / f"starter-{number}", course.begun(course.lesson(number)))
    for specimen in SPECIMENS:
        hand_in(where / specimen, {})
        command = f"{{python}} -m batepapo_zoo {specimen} {{address}} {{port}}"
        (where / specimen / "lab.toml").write_text(
            f"lab = 4\nserver = '{command}'\noptions = 'contract'\n", encoding="utf-8"
        )
    harmful = {**HARMFUL, "forks": FORKS.replace("NAME", name).replace("MANY", "20")}
    for called, text in harmful.items():
        hand_in(where / called, files_in(course.lesson(4).folder / "solution"))
        (where / called / "server.py").rename(where / called / "right.py")
        (where / called / "server.py").write_text(text, encoding="utf-8")
    hand_in(where / "empty", {})


def hand_in(where: Path, files: Mapping[Path, Path]) -> None:
    where.mkdir()
    (where / "lab.toml").write_text("lab = 4\n", encoding="utf-8")
    lay(Folder(where), load().lesson(4), files)


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Grades]]:
    """The class, marked twice with one seed; nothing of it is left afterwards."""
    where = tmp_path_factory.mktemp("forty")
    name = uuid.uuid4().hex
    submissions(where, name)
    assert len(list(where.iterdir())) == 40
    before = fingerprint(where)
    yield [marked(where, tmp_path_factory.mktemp("marks")) for _ in range(2)]
    _, alive = psutil.wait_procs(running(name), timeout=5)
    assert not alive
    assert fingerprint(where) == before


def marked(where: Path, marks: Path) -> Grades:
    began = time.monotonic()
    done = batepapo(
        *(str(where), "--labs", "1-4", "--lang", "en", "--seed", str(SEED)),
        *("--json", str(marks / "all.json")),
        seconds=4 * 60 * MINUTES,  # too late is late, and no accident
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - began < 60 * MINUTES
    data = json.loads((marks / "all.json").read_text(encoding="utf-8"))
    return {one["name"]: one for one in data["submissions"]}


def shares(grade: Mapping[str, Any]) -> list[float]:
    return [lab["passed"] / lab["total"] for lab in grade["labs"]]


def test_all_forty_are_marked_twice_the_same(forty: list[Grades]) -> None:
    first, second = (
        {one: grade["mark"] for one, grade in all_.items()} for all_ in forty
    )
    assert len(first) == 40
    assert first == second
    assert not any(grade["faults"] for all_ in forty for grade in all_.values())


def test_a_solution_gets_the_labs_that_it_solves(forty: list[Grades]) -> None:
    for number in SOLUTIONS:
        found = shares(forty[0][f"solution-{number}"])
        solved = [share == 1 for share in found]
        assert solved == [lab <= number for lab in LABS], (number, found)


def test_a_starter_gets_what_was_before_and_not_its_lab(forty: list[Grades]) -> None:
    for number in LABS:
        found = shares(forty[0][f"starter-{number}"])
        assert found[: number - 1] == [1] * (number - 1), (number, found)
        assert found[number - 1] < 1, (number, found)


def test_a_wrong_server_loses_what_the_matrix_says(forty: list[Grades]) -> None:
    matrix = json.loads(MATRIX.read_text(encoding="utf-8"))
    failures = {one["name"]: one["failures"] for one in matrix["specimens"]}
    for name in SPECIMENS:
        grade = forty[0][name]
        steps = [step for lab in grade["labs"] for step in lab["steps"]]
        broken = {rule for step in steps for rule in step["rules"]}
        told = TOLD_AS.get(name, specimens()[name].rule)
        assert told in broken, (name, broken)
        if name not in BY_CHANCE:
            expected = {told, *(one["rule"] for one in failures[name])}
            assert broken <= expected, (name, broken)
        assert 0 < grade["mark"] < 100


def test_who_does_harm_gets_what_its_program_does_right(forty: list[Grades]) -> None:
    for name in (*HARMFUL, "forks", "empty"):
        mark = forty[0][name]["mark"]
        if name == "floods":
            assert mark == 100
        elif name == "tires":
            assert mark < 100
        else:
            assert mark == 0, (name, forty[0][name]["remarks"])
