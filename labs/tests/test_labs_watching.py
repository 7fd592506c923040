"""Each save is seen, once; what we and compilers write is not."""

import io
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import watchfiles
from made_up_course import student

from batepapo_labs.lessons import Course
from batepapo_labs.watching import Keys, Sources, Watcher

_LONG = 20.0


class Pressed(Keys):
    """Keys that nobody presses; whoever waits at them for too long waits in vain."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self._deadline = time.monotonic() + _LONG

    def pressed(self) -> str:
        assert time.monotonic() < self._deadline, "nothing is seen"
        return super().pressed()


def first(events: Iterator[str | list[Path]]) -> str | list[Path]:
    return next(events)


@pytest.mark.parametrize("polling", [False, True], ids=["events", "polling"])
def test_a_save_is_seen(tmp_path: Path, labs: Course, polling: bool) -> None:
    student(tmp_path, labs, 1)
    os.utime(tmp_path / "server.py", (1, 1))  # polling sees no two saves in a second
    with Watcher(tmp_path.resolve(), polling=polling) as watcher:
        (tmp_path / "server.py").write_text("changed")
        assert first(watcher.events(Pressed())) == [Path("server.py")]


def test_a_save_during_a_check_is_seen_after_it(tmp_path: Path, labs: Course) -> None:
    student(tmp_path, labs, 1)
    with Watcher(tmp_path.resolve()) as watcher:
        events = watcher.events(Pressed())
        (tmp_path / "server.py").write_text("one")
        assert first(events) == [Path("server.py")]
        (tmp_path / "other.py").write_text("two")  # while the caller is busy
        assert first(events) == [Path("other.py")]


def test_what_we_write_and_what_programs_leave_is_not_seen(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1)
    with Watcher(tmp_path.resolve()) as watcher:
        folder.note_check(1, ["GREET-1"], passed=False)
        folder.note_hint("GREET-1")
        for name in ("kept/x/server.py", "solution-1/server.py", "build/a.py"):
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).write_text("")
        for name in ("Server.class", "chat.log", ".server.py.swp", "LAB-1.md"):
            (tmp_path / name).write_text("")
        (tmp_path / "server.py").write_text("changed")
        seen: list[Path] = []
        for event in watcher.events(Pressed()):
            seen += event if isinstance(event, list) else []
            if Path("server.py") in seen:
                break
    assert seen == [Path("server.py")]


def test_the_students_own_change_of_lab_toml_counts(
    tmp_path: Path, labs: Course
) -> None:
    folder = student(tmp_path, labs, 1)
    let_through = Sources(tmp_path)
    file = str(tmp_path / "lab.toml")
    folder.note_check(1, [], passed=True)
    assert not let_through(watchfiles.Change.modified, file)
    text = (tmp_path / "lab.toml").read_text("utf-8")
    (tmp_path / "lab.toml").write_text(text.replace("server.py", "mine.py"), "utf-8")
    assert let_through(watchfiles.Change.modified, file)
    assert not let_through(watchfiles.Change.modified, file)


def test_without_a_terminal_there_are_no_keys() -> None:
    with Keys(io.StringIO("q")) as keys:
        assert not keys.possible
        assert keys.pressed() == ""


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are POSIX")
def test_keys_are_read_without_enter_and_the_terminal_is_as_before() -> None:
    import termios

    master, slave = os.openpty()
    before = termios.tcgetattr(slave)
    with os.fdopen(slave, "r", closefd=True) as terminal:
        with Keys(terminal) as keys:
            assert keys.pressed() == ""
            os.write(master, b"Hq")
            wait(lambda: keys.pressed() == "h")
            wait(lambda: keys.pressed() == "q")
            assert keys.pressed() == ""
        assert termios.tcgetattr(slave) == before
    os.close(master)


def wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LONG
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.01)
