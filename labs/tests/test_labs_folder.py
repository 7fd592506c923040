"""A student's folder: nothing of theirs is lost, and its file is theirs to edit."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_course import ENGLISH, PORTUGUESE, RIGHT, RUDE, student

from batepapo_conformance.spec import load
from batepapo_conformance.testee import split_command
from batepapo_conformance.words import Language
from batepapo_labs.folder import (
    Folder,
    begin,
    find,
    reset,
    show_solution,
    with_python,
)
from batepapo_labs.lessons import Course
from batepapo_labs.trouble import Trouble


def files(path: Path) -> set[str]:
    found = (one for one in path.rglob("*") if one.is_file())
    return {one.relative_to(path).as_posix() for one in found}


def test_a_new_folder_has_what_one_begins_with(tmp_path: Path, labs: Course) -> None:
    path = tmp_path / "new" / "mine"
    folder, laid = begin(path, labs, labs.lesson(2), Language.PORTUGUESE)
    assert files(path) == {"lab.toml", "LAB-2.md", "server.py", "notes.txt"}
    assert {one.as_posix() for one in laid.put} == {
        "LAB-2.md",
        "server.py",
        "notes.txt",
    }
    assert (folder.lab, folder.language) == (2, Language.PORTUGUESE)
    assert "# Onde você está no curso." in (path / "lab.toml").read_text("utf-8")


def test_a_new_folder_speaks_the_language_of_the_environment(
    tmp_path: Path, labs: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    folder, _ = begin(tmp_path / "mine", labs, labs.lesson(1), None)
    assert folder.language is Language.ENGLISH


def test_nothing_is_overwritten_and_what_was_left_is_said(
    tmp_path: Path, labs: Course
) -> None:
    (tmp_path / "server.py").write_text("mine")
    (tmp_path / "LAB-1.md").write_text("my notes")
    _, laid = begin(tmp_path, labs, labs.lesson(1), Language.ENGLISH)
    assert laid.left == [Path("server.py"), Path("LAB-1.md")]
    assert laid.put == []
    assert (tmp_path / "server.py").read_text() == "mine"
    assert (tmp_path / "LAB-1.md").read_text() == "my notes"


def test_who_goes_on_keeps_the_program_and_gets_only_what_is_new(
    tmp_path: Path, labs: Course
) -> None:
    student(tmp_path, labs, 1, "mine")
    folder, laid = begin(tmp_path, labs, labs.lesson(2), None)
    assert folder.lab == Folder(tmp_path).lab == 2
    assert (tmp_path / "server.py").read_text() == "mine"
    assert {one.as_posix() for one in laid.put} == {"notes.txt", "LAB-2.md"}
    assert laid.left == []


@pytest.fixture
def about_another(labs: Course, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The labs, and a fourth: of a client, beside the server of the second."""
    second = labs.lesson(2)
    client = replace(
        second,
        folder=tmp_path_factory.mktemp("labs") / "04-client",
        number=4,
        role="client",
        program="client.py",
        starts_from=second.name,
    )
    shutil.copytree(second.folder, client.folder)
    return Course({**labs.lessons, 4: client})


def test_a_lab_about_another_program_adds_nothing_to_the_one_that_is_there(
    tmp_path: Path, about_another: Course
) -> None:
    student(tmp_path, about_another, 2, "mine")
    (tmp_path / "notes.txt").unlink()
    folder, laid = begin(tmp_path, about_another, about_another.lesson(4), None)
    assert {one.as_posix() for one in laid.put} == {"notes.txt", "LAB-4.md"}
    assert laid.left == []
    (tmp_path / "notes.txt").write_text("changed")
    laid = reset(folder, about_another, about_another.lesson(4))
    assert (tmp_path / "server.py").read_text() == "mine"
    assert laid.put == [Path("notes.txt")]


def test_who_begins_with_another_program_gets_the_one_before(
    tmp_path: Path, about_another: Course
) -> None:
    begin(tmp_path, about_another, about_another.lesson(4), None)
    assert (tmp_path / "server.py").read_text() == RIGHT


def test_comments_and_keys_of_the_student_stay(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 1)
    file = tmp_path / "lab.toml"
    text = file.read_text("utf-8").replace("lab = 1", "lab = 1  # my comment")
    file.write_text('mine = "yes"\n' + text, "utf-8")
    folder = Folder(tmp_path)
    folder.go_to(2)
    folder.note_check(2, ["GREET-1"], passed=False)
    folder.note_check(2, [], passed=True)
    assert [folder.note_hint("GREET-1") for _ in range(4)] == [1, 2, 3, 3]
    again = Folder(tmp_path)
    assert (again.lab, again.hints("GREET-1"), set(again.passed)) == (2, 3, {2})
    assert (again.last["lab"], again.last["broken"]) == (2, [])
    after = file.read_text("utf-8")
    assert 'mine = "yes"\n' in after
    assert "lab = 2  # my comment" in after
    assert files(tmp_path) == {"lab.toml", "LAB-1.md", "server.py"}


def test_a_table_written_otherwise_is_kept_all_the_same(
    tmp_path: Path, labs: Course
) -> None:
    student(tmp_path, labs, 1)
    (tmp_path / "lab.toml").write_text('lab = 1\npassed = { 1 = "2026-01-01" }\n')
    Folder(tmp_path).note_check(2, [], passed=True)
    assert set(Folder(tmp_path).passed) == {1, 2}


@pytest.mark.parametrize("language", Language)
def test_a_lab_to_build_from_the_specification_hands_it_out(
    tmp_path: Path, labs: Course, language: Language
) -> None:
    lesson = replace(labs.lesson(1), specification=True)
    _, laid = begin(tmp_path, labs, lesson, language)
    assert Path("spec") in laid.put, "as one, and not file by file"
    assert not [one for one in laid.put if "spec" in one.parts[:-1]]
    said = (tmp_path / "spec" / "05-commands.md").read_text("utf-8")
    assert load().requirements["ENTER-3"].said_in(language).text.split()[0] in said
    (tmp_path / "spec" / "05-commands.md").write_text("my notes")
    _, laid = begin(tmp_path, labs, lesson, language)
    assert (laid.put, laid.left) == ([], [Path("spec")])
    assert (tmp_path / "spec" / "05-commands.md").read_text() == "my notes"


def test_a_lab_is_passed_once(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 1)
    (tmp_path / "lab.toml").write_text('lab = 1\n[passed]\n1 = "2026-01-01"\n')
    folder = Folder(tmp_path)
    folder.note_check(1, [], passed=True)
    assert Folder(tmp_path).passed == {1: "2026-01-01"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lab = ",
        'lab = "one"',
        "lab = true",
        'lab = 1\nlanguage = "fr"',
        "lab = 1\nserver = 5",
        "lab = 1\nbuild = []",
        "lab = 1\ntime-factor = 0",
        "lab = 1\noptions = 5",
        'lab = 1\noptions = "all"',
        "lab = 1\nlab-10 = 5",
        "lab = 1\n[lab-10]\nserver = 5",
        "lab = 1\n[lab-10]\ntime-factor = 0",
        "lab = 1\npassed = 3",
        'lab = 1\n[passed]\none = "x"',
        'lab = 1\n[hints]\nGREET-1 = "x"',
        'lab = 1\n[last]\nbroken = "GREET-1"',
        "number = 1",
    ],
)
def test_a_file_that_cannot_be_meant_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "lab.toml").write_text(text)
    with pytest.raises(Trouble) as caught:
        Folder(tmp_path)
    for words in (ENGLISH, PORTUGUESE):
        assert str(tmp_path / "lab.toml") in caught.value.told(words)


def test_octets_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_bytes(b"lab = 1 # \xff")
    with pytest.raises(Trouble, match="bad_file"):
        Folder(tmp_path)


def test_the_folder_is_where_we_are_or_above(
    tmp_path: Path, labs: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    student(tmp_path / "mine", labs, 1)
    (tmp_path / "mine" / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "mine" / "deep")
    assert find(None).path == tmp_path / "mine"
    assert find(tmp_path / "mine").path == tmp_path / "mine"
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Trouble, match="no_folder"):
        find(None)


def test_a_file_in_the_place_of_the_folder_is_told(
    tmp_path: Path, labs: Course
) -> None:
    (tmp_path / "mine").write_text("a file")
    with pytest.raises(Trouble, match="cannot_write"):
        begin(tmp_path / "mine", labs, labs.lesson(1), None)


def test_a_program_is_started_as_the_file_says(tmp_path: Path, labs: Course) -> None:
    server = labs.lesson(1)
    client = replace(server, role="client", program="client.py")
    talk = replace(server, role="talk", program="talk.py")
    program = student(tmp_path, labs, 1).program(server)
    words = split_command(program.command)
    assert words == (sys.executable, "server.py", "{address}", "{port}")
    assert (program.build, program.factor) == (None, 1)
    (tmp_path / "lab.toml").write_text(
        'lab = 1\nserver = "java S {address} {port}"\nbuild = "{python} b.py"\n'
    )
    folder = Folder(tmp_path)
    assert folder.program(server).command == "java S {address} {port}"
    assert split_command(folder.program(server).build or "") == (sys.executable, "b.py")
    words = split_command(folder.program(client).command)
    assert words[1:] == ("client.py", "{address}", "{port}", "{nick}")
    assert split_command(folder.program(talk).command)[1] == "talk.py"


def test_a_program_apart_has_a_table_of_its_own(tmp_path: Path, labs: Course) -> None:
    apart = replace(labs.lesson(1), number=10, program="server.js", apart=True)
    program = student(tmp_path, labs, 1).program(apart)
    assert program.command == "node server.js {address} {port}"
    assert not program.said, "the server of the labs before is not meant"
    file = tmp_path / "lab.toml"
    above = 'build = "make"\ntime-factor = 2\noptions = "contract"\n'
    text = above + file.read_text("utf-8")
    file.write_text(text, "utf-8")
    program = Folder(tmp_path).program(apart)
    assert (program.build, program.options, program.factor) == (None, {}, 2)
    said = '[lab-10]\nserver = "java S {address} {port}"\nbuild = "javac S.java"\n'
    said += 'time-factor = 3\noptions = {rate = "-r {value}"}\n'
    file.write_text(text.replace("[lab-10]\n", said), "utf-8")
    program = Folder(tmp_path).program(apart)
    assert program.command == "java S {address} {port}"
    assert (program.build, program.factor, program.said) == ("javac S.java", 3, True)
    assert program.options == {"rate": "-r {value}"}
    other = Folder(tmp_path).program(labs.lesson(1))
    assert split_command(other.command)[1] == "server.py"
    assert (other.build, other.options, other.factor) == ("make", "contract", 2)


def test_a_python_with_a_space_in_its_path_stays_one_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/some where/python")
    assert split_command(with_python("{python} x"))[0] == "/some where/python"


def test_options_are_those_of_the_role(tmp_path: Path, labs: Course) -> None:
    server = labs.lesson(1)
    client = replace(server, role="client")
    (tmp_path / "lab.toml").write_text(
        "lab = 1\n[options]\n"
        'rate = "-r {value}"\nanswer-timeout = "-a {value}"\nlang = "-l {value}"\n'
    )
    folder = Folder(tmp_path)
    assert set(folder.program(server).options) == {"rate", "lang"}
    assert set(folder.program(client).options) == {"answer-timeout", "lang"}
    (tmp_path / "lab.toml").write_text('lab = 1\noptions = "contract"')
    assert Folder(tmp_path).program(server).options == "contract"


def test_reset_keeps_what_was_there(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 1, "first try")
    (tmp_path / "client.py").write_text("another program")
    laid = reset(folder, labs, labs.lesson(1))
    assert laid.kept is not None
    assert laid.kept.parent == tmp_path / "kept"
    assert (laid.kept / "server.py").read_text() == "first try"
    assert (tmp_path / "server.py").read_text() == RUDE
    assert (tmp_path / "client.py").read_text() == "another program"
    (tmp_path / "server.py").write_text("second try")
    again = reset(folder, labs, labs.lesson(1))
    assert again.kept not in (None, laid.kept)
    assert (laid.kept / "server.py").read_text() == "first try"
    assert reset(folder, labs, labs.lesson(1)).kept is None


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() == 0, reason="root may all")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 1)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Trouble, match="cannot_write"):
            folder.go_to(2)
    finally:
        tmp_path.chmod(0o700)


def test_a_solution_is_laid_beside_and_never_over_anything(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1, "mine")
    where = show_solution(folder, labs.lesson(1))
    assert where == tmp_path / "solution-1"
    assert files(where) == {"server.py"}
    (where / "server.py").write_text("with my notes")
    assert show_solution(folder, labs.lesson(1)) == where
    assert (where / "server.py").read_text() == "with my notes"
    assert (tmp_path / "server.py").read_text() == "mine"
    with pytest.raises(Trouble, match="no_solution"):
        show_solution(folder, labs.lesson(3))
