"""Lab 9: what a student wrote is read, and tried on servers that are right or wrong."""

import io
import re
from pathlib import Path

import pytest

from batepapo_conformance.spec import folder as specification
from batepapo_conformance.words import Language, Words
from batepapo_labs import lessons, session
from batepapo_labs.folder import TABLES, Folder, begin
from batepapo_labs.lessons import Lesson
from batepapo_labs.reading import BadText, read_block, read_steps
from batepapo_labs.steps import StepResult

HERE = lessons.folder() / "09-testing"
SESSION = (HERE / "solution" / "session.txt").read_text()
BLOCK = (HERE / "solution" / "requirement.md").read_text()
TRANSCRIPTS = sorted((specification() / "transcripts").glob("*.txt"))


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return lessons.load().lesson(9)


@pytest.fixture
def folder(tmp_path: Path, lesson: Lesson) -> Folder:
    return begin(tmp_path, lessons.load(), lesson, Language.ENGLISH)[0]


def steps(
    folder: Folder, lesson: Lesson, name: str, text: str | None
) -> list[StepResult]:
    """The steps that are about this file, if it says this."""
    for each in ("session.txt", "session-2.txt", "requirement.md"):
        (folder.path / each).unlink(missing_ok=True)
    if text is not None:
        (folder.path / name).write_text(text, encoding="utf-8")
    words = Words(folder.language, TABLES)
    results = session.check(folder.path, lesson, words, io.StringIO())
    return [one for one in results if name in one.title]


def verdicts(results: list[StepResult]) -> list[str]:
    return [str(one.verdict) for one in results]


# ---- on servers -------------------------------------------------------------------


def test_a_list_in_one_line_is_not_the_only_right_one(
    folder: Folder, lesson: Lesson
) -> None:
    old = "carla sees the list ana beto"
    strict = SESSION.replace(old, "carla <- USUARIOS 0 ana beto")
    results = steps(folder, lesson, "session.txt", strict)
    assert verdicts(results) == ["passed", "failed", "skipped"]
    assert "one_nick_a_line is right" in results[1].message
    assert "USUARIOS 1 ana" in results[1].message
    assert "batepapo replay session.txt --command" in results[1].message


def test_a_session_that_one_reference_does_not_pass_is_wrong(
    folder: Folder, lesson: Lesson
) -> None:
    folder.speak(Language.PORTUGUESE)
    wrong = SESSION.replace("BATEPAPO 1 <software>", "BATEPAPO 1 batepapo-threaded/1")
    results = steps(folder, lesson, "session.txt", wrong)
    assert verdicts(results) == ["failed", "skipped", "skipped"]
    assert "threaded está certo" in results[0].message
    assert not results[0].rules  # nobody has broken a rule


def test_what_does_not_find_the_mutant_is_blamed_on_its_rule(
    folder: Folder, lesson: Lesson
) -> None:
    deaf = SESSION.partition("# The barrier")[0]
    results = steps(folder, lesson, "session.txt", deaf)
    assert verdicts(results) == ["passed", "passed", "failed"]
    assert results[2].rules == ["PRIVATE-4"]
    [failure] = results[2].failures
    assert failure.broken is not None
    assert failure.broken.actual == "it failed 0 of 3 times"
    assert "host_reads_everything" in failure.again


def test_a_step_that_cannot_be_taken_is_told(folder: Folder, lesson: Lesson) -> None:
    odd = SESSION + "ana <- ERRO 77 x :y\n"
    results = steps(folder, lesson, "session.txt", odd)
    assert verdicts(results) == ["failed", "skipped", "skipped"]
    assert "session.txt: a step cannot be taken" in results[0].message


def test_a_file_that_is_not_there_holds_up_only_its_own_steps(
    folder: Folder, lesson: Lesson
) -> None:
    results = steps(folder, lesson, "session.txt", None)
    assert verdicts(results) == ["failed", "skipped", "skipped"]
    assert results[0].message == "session.txt is not there."
    assert verdicts(steps(folder, lesson, "requirement.md", BLOCK)) == ["passed"]


def test_a_file_that_is_no_text_is_told(folder: Folder, lesson: Lesson) -> None:
    (folder.path / "requirement.md").write_bytes(b"\xff\xfe")
    words = Words(folder.language, TABLES)
    *_, last = session.check(folder.path, lesson, words, io.StringIO())
    assert "requirement.md: 'utf-8' codec" in last.message


# ---- sessions ---------------------------------------------------------------------


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_the_sessions_of_the_specification_can_be_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    # Theirs may wait as long as the protocol does; a student's may not.
    read_steps(re.sub(r"waits \d+", "waits 0", text))


HEADER = "title: Um teste\nshows: ENTER-1\n\n"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "header"),
        ("title: so isto\n\nana connects\n", 1, "header"),
        ("nada\n\nana connects\n", 1, "header"),
        ("title: x\nshows: ENTER-99\n\nana connects\n", 2, "ENTER-99"),
        (HEADER, None, "no step"),
        (HEADER + "ana conects\n", 4, "ana conects"),
        (HEADER + "# x\nana connects\nana ->\n", 6, "ana ->"),
        (HEADER + "ana connects\nana -> :olá\n", 5, "ASCII"),
        (HEADER + "beto <- ENVIADA ana\n", 4, "beto"),
        (HEADER + "ana connects\nana <- ENTROU <time> <beto>\n", 5, "beto"),
        (HEADER + "ana connects\nana <- ENTRA <time> <ana>\n", 5, "ENTRA"),
        (HEADER + "ana connects\nana waits 6\nana waits 6\n", 6, "five digits"),
        (HEADER + "ana connects\nana says 1000000 times x\n", 5, "five digits"),
        (HEADER + "ana connects\neither\nana -> :x\nend\n", 6, "either"),
        (HEADER + "ana connects\neither\nor\nend\n", 6, "either"),
        (HEADER + "ana connects\nend\n", 5, "either"),
        (HEADER + "ana connects\neither\nana is closed\n", 6, "either"),
    ],
)
def test_the_line_that_cannot_be_meant_is_named(
    text: str, line: int | None, what: str
) -> None:
    with pytest.raises(BadText) as caught:
        read_steps(text)
    assert caught.value.number == line
    assert what in caught.value.told(Language.ENGLISH)
    where = "" if line is None else f"Linha {line}: "
    assert caught.value.told(Language.PORTUGUESE).startswith(where)


# ---- requirement blocks -------------------------------------------------------------


def test_one_in_portuguese_is_as_good() -> None:
    read_block(
        "> **HORA-2** · SHOULD · server\n>\n> O servidor DEVERIA responder logo.\n"
        ">\n> *Why:* quem pergunta as horas quer as de agora.\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("**HORA-1**", "**hora**", "first line"),
        ("· MUST ·", "· MUST NOT ·", "first line"),
        ("· server", "· servers", "first line"),
        ("HORA-1", "ENTER-3", "ENTER-3 is taken"),
        ("MUST receive", "receives", "MUST"),
        ("MUST receive", "SHOULD receive", "MUST"),
        ("receives anything", "MAY receive it", "MUST"),
        ("· MUST ·", "· MAY ·", "MAY"),
        ("carried out, and", "carried out. It is one line. And", "here are 4"),
        ("*Why:*", "Because", "Why"),
        (">\n> *Why:*", "\n> *Why:*", "begins with `>`"),
        ("is not everybody's noise.", "is not noise.\n\nAnd more.", "begins with `>`"),
    ],
)
def test_what_a_block_lacks_is_told(old: str, new: str, what: str) -> None:
    assert BLOCK.count(old) == 1
    with pytest.raises(BadText) as caught:
        read_block(BLOCK.replace(old, new))
    assert what in caught.value.told(Language.ENGLISH)
    assert caught.value.told(Language.PORTUGUESE)


def test_a_reason_of_one_word_is_none() -> None:
    head, _, _ = BLOCK.partition("*Why:*")
    with pytest.raises(BadText):
        read_block(f"{head}*Why:* porque sim\n")
