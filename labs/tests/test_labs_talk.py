"""Lab 0 is checked by one conversation, and each mistake is told as the suite does."""

import io
from pathlib import Path

import pytest

from batepapo_conformance.words import Language, Words
from batepapo_labs import lessons, talk
from batepapo_labs.folder import TABLES, Folder, begin
from batepapo_labs.lessons import Lesson
from batepapo_labs.steps import StepResult
from batepapo_labs.trouble import Trouble

SOLUTION = (lessons.folder() / "00-octets" / "solution" / "talk.py").read_text()
STEPS = len(talk.STEPS)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return lessons.load().lesson(0)


@pytest.fixture
def folder(tmp_path: Path, lesson: Lesson) -> Folder:
    return begin(tmp_path, lessons.load(), lesson, Language.ENGLISH)[0]


def steps(
    folder: Folder, lesson: Lesson, program: str | None = None
) -> list[StepResult]:
    if program is not None:
        (folder.path / "talk.py").write_text(program)
    words = Words(folder.language, TABLES)
    return list(talk.check(folder.path, lesson, words, io.StringIO()))


def verdicts(results: list[StepResult]) -> list[str]:
    return [str(one.verdict) for one in results]


def changed(old: str, new: str) -> str:
    assert SOLUTION.count(old) == 1
    return SOLUTION.replace(old, new)


def test_the_solution_passes(folder: Folder, lesson: Lesson) -> None:
    assert verdicts(steps(folder, lesson, SOLUTION)) == ["passed"] * STEPS


def test_the_starter_fails_with_what_the_lab_is_about(
    folder: Folder, lesson: Lesson
) -> None:
    results = steps(folder, lesson)
    assert verdicts(results) == ["passed", "failed", "skipped", "skipped", "skipped"]
    assert [rule for one in results for rule in one.rules] == list(lesson.about)


def test_the_steps_are_those_of_the_lab(lesson: Lesson) -> None:
    assert lesson.checks == tuple(talk.STEPS)


READ = """    while chunk := connection.recv(4096):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
"""


@pytest.mark.parametrize(
    ("old", "new", "step", "rule"),
    [
        ("import sys", "import sus", 0, "TCP-1"),
        ("{nick}", "ana", 1, "ASK-1"),
        ('{nick}\\n"', '{nick}"', 1, "FRAME-1"),
        ('{nick}\\n"', '{nick}\\r\\n"', 1, "FRAME-1"),
        ('b":bom dia\\n"', 'b"bom dia\\n"', 2, "FRAME-1"),
        ('    connection.sendall(b"/SAIR\\n")\n', "", 3, "QUIT-1"),
        ('b"/SAIR\\n"', 'b"/SAIR"', 3, "FRAME-1"),
        ('b"/SAIR\\n"', 'b"quit\\n"', 3, "QUIT-1"),
        ("while chunk :=", "if chunk :=", 4, "FRAME-3"),
        ("buffer.write(chunk)", "write(repr(chunk))", 4, "FRAME-3"),
        ("buffer.write(chunk)", "write(chunk.decode() + '|')", 4, "FRAME-3"),
        (READ, f"{READ}    sys.exit(1)\n", 4, "QUIT-4"),
        (
            READ,
            f"{READ}    input_that_never_comes = socket.socketpair()\n"
            "    input_that_never_comes[0].recv(1)\n",
            4,
            "QUIT-1",
        ),
    ],
)
def test_a_mistake_is_blamed_where_it_is(
    folder: Folder, lesson: Lesson, old: str, new: str, step: int, rule: str
) -> None:
    results = steps(folder, lesson, changed(old, new))
    expected = ["passed"] * step + ["failed"] + ["skipped"] * (STEPS - step - 1)
    assert verdicts(results) == expected
    [failure] = results[step].failures
    assert failure.broken is not None
    assert (failure.broken.rule, rule in lesson.hints) == (rule, True)
    assert failure.again == "batepapo lab check"
    assert "talk" in failure.exchange


def test_what_the_program_wrote_about_its_error_is_shown(
    folder: Folder, lesson: Lesson
) -> None:
    [first, *_] = steps(folder, lesson, changed("import sys", "import sus"))
    assert "No module named 'sus'" in first.failures[0].output


@pytest.mark.parametrize("language", list(Language))
def test_who_says_nothing_is_told_so(
    folder: Folder, lesson: Lesson, language: Language
) -> None:
    folder.speak(language)
    silent = changed('    connection.sendall(b":bom dia\\n")\n', "")
    results = steps(folder, lesson, silent)
    assert verdicts(results) == ["passed", "passed", "failed", "skipped", "skipped"]
    assert results[2].title == lesson.steps[2].title[language]
    assert "colon" in results[2].message or "dois-pontos" in results[2].message


def test_a_message_to_one_is_as_good(folder: Folder, lesson: Lesson) -> None:
    private = changed(":bom dia", "beto:bom dia")
    assert verdicts(steps(folder, lesson, private)) == ["passed"] * STEPS


def test_a_program_that_waits_for_each_answer_passes(
    folder: Folder, lesson: Lesson
) -> None:
    patient = """
import socket, sys

connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
lines = connection.makefile("r", encoding="ascii")
for request in (f"/ENTRAR {sys.argv[3]}", ":oi", "/SAIR"):
    print(lines.readline(), end="")
    if request == ":oi":
        print(lines.readline(), end="")
    connection.sendall(f"{request}\\n".encode())
print(lines.read(), end="")
"""
    assert verdicts(steps(folder, lesson, patient)) == ["passed"] * STEPS


def test_a_program_in_another_language_is_started_as_its_folder_says(
    folder: Folder, lesson: Lesson
) -> None:
    (folder.path / "fala.py").write_text(SOLUTION)
    file = folder.path / "lab.toml"
    said = 'talk = "{python} fala.py {address} {port} {nick}"\n'
    file.write_text(said + file.read_text())
    broken = "raise SystemExit"
    again = Folder(folder.path)
    assert verdicts(steps(again, lesson, broken)) == ["passed"] * STEPS


def test_a_command_that_cannot_be_meant_is_trouble(
    folder: Folder, lesson: Lesson
) -> None:
    file = folder.path / "lab.toml"
    file.write_text('talk = "java Talk"\n' + file.read_text())
    with pytest.raises(Trouble):
        steps(Folder(folder.path), lesson)


def test_a_program_that_is_not_there_gets_no_verdict(
    folder: Folder, lesson: Lesson
) -> None:
    file = folder.path / "lab.toml"
    file.write_text('talk = "no-such-program {address} {port}"\n' + file.read_text())
    results = steps(Folder(folder.path), lesson)
    assert verdicts(results) == ["no verdict"] + ["skipped"] * (STEPS - 1)
