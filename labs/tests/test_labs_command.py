"""`batepapo lab` as students meet it: as a process."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batepapo.__main__ import main
from click.testing import CliRunner, Result
from made_up_course import CARELESS, GREETS, student

import batepapo_labs.lessons
from batepapo_labs.folder import Folder
from batepapo_labs.lessons import Course

LONG = 120


@pytest.fixture(autouse=True)
def only_the_made_up_labs(labs: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batepapo_labs.lessons, "load", lambda: labs)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lab(*words: str) -> Result:
    return CliRunner().invoke(main, ["lab", *words])


def test_from_the_start_to_a_lab_that_is_passed(here: Path) -> None:
    done = lab("start", "1")
    assert done.exit_code == 0
    assert "New: LAB-1.md, server.py" in done.stdout
    assert "cd " in done.stdout
    os.chdir(here / "bate-papo")

    done = lab("check")
    assert done.exit_code == 1
    assert "GREET-1 is broken (MUST)" in done.stdout
    assert "a hint (1 of 3)" in done.stdout

    for text in ("Who speaks first?", "Look at section", "BATEPAPO, a", "BATEPAPO, a"):
        done = lab("hint")
        assert (done.exit_code, text in done.stdout) == (0, True)

    done = lab("solution")
    assert done.exit_code == 2
    assert "--i-give-up" in done.stderr

    (here / "bate-papo" / "server.py").write_text(CARELESS)
    done = lab("check")
    assert done.exit_code == 0
    assert "Lab 1 passed" in done.stdout
    assert lab("hint").exit_code == 2

    done = lab("solution")
    assert done.exit_code == 0
    assert (here / "bate-papo" / "solution-1" / "server.py").exists()

    done = lab("start", "2")
    assert "New: LAB-2.md, notes.txt" in done.stdout
    assert Folder(here / "bate-papo").lab == 2


def test_list_says_where_one_is(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 2).note_check(1, [], passed=True)
    done = lab("list", "--folder", str(tmp_path))
    assert done.exit_code == 0
    assert re.search(r"Lab 1: A greeting\n.*\n  passed 20", done.stdout)
    assert re.search(r"Lab 2: A port\n.*\n  you are here", done.stdout)


def test_list_needs_no_folder_and_speaks_portuguese(here: Path) -> None:
    done = lab("list", "--lang", "pt")
    assert "Laboratório 3: Um desenho\n  Nem tudo é um servidor." in done.stdout


def test_status_for_people_and_for_programs(tmp_path: Path, labs: Course) -> None:
    folder = student(tmp_path, labs, 2)
    folder.note_check(1, [], passed=True)
    folder.note_check(2, ["RUN-3"], passed=False)
    folder.note_hint("RUN-3")
    done = lab("status", "--folder", str(tmp_path))
    assert "Passed: 1" in done.stdout
    assert "broken: RUN-3" in done.stdout.replace("\n ", "")
    assert "RUN-3 1/3" in done.stdout
    data = json.loads(lab("status", "--json", "--folder", str(tmp_path)).stdout)
    assert (data["lab"], list(data["passed"])) == (2, ["1"])
    assert data["hints"] == {"RUN-3": 1}
    assert data["last"]["broken"] == ["RUN-3"]
    assert "Next: batepapo lab check" in done.stdout


def test_status_of_who_has_passed_names_the_next_lab(
    tmp_path: Path, labs: Course
) -> None:
    student(tmp_path, labs, 1).note_check(1, [], passed=True)
    done = lab("status", "--folder", str(tmp_path))
    assert "The next one: batepapo lab start 2" in done.stdout
    assert "Next: batepapo lab check" not in done.stdout


def test_a_check_for_programs(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 2)
    done = lab("check", "--json", "--folder", str(tmp_path))
    assert done.exit_code == 1
    data = json.loads(done.stdout)
    assert (data["format"], data["status"]) == ("batepapo/lab/1", "failed")
    assert data["broken"] == ["RUN-3"]
    assert [one["verdict"] for one in data["steps"]] == [
        "passed",
        "passed",
        "failed",
        "skipped",
    ]
    assert data["steps"][2]["failures"][0]["broken"]["rule"] == "RUN-3"


def test_what_is_not_a_check_of_the_lab_is_not_remembered(
    tmp_path: Path, labs: Course
) -> None:
    student(tmp_path, labs, 1)
    (tmp_path / "other.py").write_text(CARELESS)
    command = "{python} other.py {address} {port}"
    folder = ("--folder", str(tmp_path))
    assert lab("check", "--command", command, *folder).exit_code == 0
    assert lab("check", "--only", "TCP-1", *folder).exit_code == 1
    assert not Folder(tmp_path).passed
    assert not Folder(tmp_path).last


def test_reset_says_where_the_old_one_is(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 1, "mine")
    done = lab("reset", "--folder", str(tmp_path))
    assert done.exit_code == 0
    [kept] = (tmp_path / "kept").iterdir()
    assert kept.name in done.stdout.replace("\n", "")
    assert "Nothing was changed" in lab("reset", "--folder", str(tmp_path)).stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check"], "batepapo lab start 0"),
        (["hint"], "batepapo lab start 0"),
        (["watch"], "batepapo lab start 0"),
        (["reset"], "batepapo lab start 0"),
        (["status"], "batepapo lab start 0"),
        (["solution", "1"], "batepapo lab start 0"),
        (["check", "--folder", "nowhere"], "nowhere"),
        (["start", "9"], "There are: 1, 2, 3"),
    ],
)
def test_what_the_student_can_mend_is_told_with_status_2(
    here: Path, words: list[str], said: str
) -> None:
    done = lab(*words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_lab_in_the_file_that_does_not_exist(here: Path) -> None:
    (here / "lab.toml").write_text('lab = 77\nlanguage = "pt"\n')
    done = lab("check")
    assert done.exit_code == 2
    assert "Não existe laboratório 77" in done.stderr


def test_a_fault_of_ours_is_no_traceback(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Course:
        raise ValueError("a hole")

    monkeypatch.setattr(batepapo_labs.lessons, "load", broken)
    done = lab("list")
    assert done.exit_code == 3
    assert "ValueError: a hole" in done.stderr
    assert "Traceback" not in done.stderr


# ---- watch, as a process --------------------------------------------------------


PROGRAM = """
import sys
from pathlib import Path
import batepapo_labs.lessons as lessons
labs = lessons.read(Path(sys.argv.pop(1)))
lessons.load = lambda: labs
from batepapo.__main__ import main
main()
"""


def watcher(labs: Course, folder: Path, **streams: object) -> "subprocess.Popen[bytes]":
    where = labs.lesson(1).folder.parent
    words = [sys.executable, "-u", "-c", PROGRAM, str(where), "lab", "watch"]
    return subprocess.Popen([*words, "--folder", str(folder)], **streams)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX")
def test_watching_checks_each_save_and_obeys_keys(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 1)
    master, slave = os.openpty()
    process = watcher(labs, tmp_path, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b""

    def until(text: bytes) -> None:
        nonlocal seen
        deadline = time.monotonic() + LONG
        while text not in seen:
            assert time.monotonic() < deadline, seen
            if select.select([master], [], [], 1)[0]:
                seen += os.read(master, 4096)
        seen = seen.partition(text)[2]

    try:
        until(b"Checking...")
        until(b"GREET-1 is broken")
        until(b"[q] quit")
        os.write(master, b"h")
        until(b"Who speaks first?")
        until(b"[q] quit")
        (tmp_path / "server.py").write_text(CARELESS)
        until(b"Changed: server.py")
        until(b"Lab 1 passed")
        until(b"[q] quit")
        os.write(master, b"c")
        until(b"Checking...")
        until(b"Lab 1 passed")
        until(b"[q] quit")
        os.write(master, b"q")
        assert process.wait(LONG) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_watching_without_a_terminal_is_ended_by_a_signal(
    tmp_path: Path, labs: Course
) -> None:
    student(tmp_path, labs, 1, GREETS.replace("SHOWN", "nowhere"))
    process = watcher(labs, tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        lines = iter(process.stdout.readline, b"")
        assert any(b"Lab 1 passed" in line for line in lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG) == 2
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
