"""Lab 11: what a recording shows, what the judge says of it, and what is measured."""

import io
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from batepapo_conformance.words import Language, Words
from batepapo_labs import lessons, recording
from batepapo_labs.folder import TABLES, Folder, begin
from batepapo_labs.lessons import Lesson
from batepapo_labs.steps import StepResult

HERE = lessons.folder() / "11-looking"
GOOD = (HERE / "solution" / "recording.jsonl").read_text().splitlines()


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return lessons.load().lesson(11)


@pytest.fixture
def folder(tmp_path: Path, lesson: Lesson) -> Folder:
    return begin(tmp_path, lessons.load(), lesson, Language.ENGLISH)[0]


def steps(folder: Folder, lesson: Lesson) -> list[StepResult]:
    words = Words(folder.language, TABLES)
    return list(recording.check(folder.path, lesson, words, io.StringIO()))


def recorded(
    folder: Folder, lesson: Lesson, lines: Sequence[str]
) -> tuple[StepResult, StepResult, StepResult]:
    """What the steps about the recording say of this one."""
    (folder.path / "recording.jsonl").write_text("\n".join(lines) + "\n")
    (folder.path / "measure.py").unlink(missing_ok=True)
    readable, shows, judged, _ = steps(folder, lesson)
    return readable, shows, judged


def without(part: str) -> list[str]:
    found = [line for line in GOOD if part not in line]
    assert len(found) < len(GOOD)
    return found


# ---- the recording ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        (GOOD, []),
        (without("PRIVADA"), ["PRIVATE-1"]),
        (without("ERRO 02"), ["PRIVATE-2"]),
        (without(" diz 3"), ["ORDER-1"]),
        (without('"c3"'), ["ORDER-1"]),
        # Both that went without a word now say so first.
        (
            [
                line.replace(":carla diz 9\\n", "/SAIR\\n").replace(
                    ":beto diz 9\\n", "{quit}\\n"
                )
                for line in GOOD
            ],
            ["LEAVE-3"],
        ),
    ],
    ids=["all", "no private", "nobody absent", "short", "two", "polite"],
)
def test_what_is_not_to_be_seen_is_told_by_its_rule(
    folder: Folder, lesson: Lesson, lines: list[str], rules: list[str]
) -> None:
    readable, shows, _ = recorded(folder, lesson, lines)
    assert readable.verdict == "passed"
    assert shows.rules == rules


def test_what_is_missing_is_told_in_the_language_of_the_student(
    folder: Folder, lesson: Lesson
) -> None:
    folder.speak(Language.PORTUGUESE)
    _, shows, judged = recorded(folder, lesson, without('"c3"'))
    [failure] = shows.failures
    assert failure.broken is not None
    assert failure.broken.actual.startswith("2 entraram, ")
    assert judged.verdict == "skipped"


def test_a_server_that_broke_a_promise_is_told_with_a_drawing(
    folder: Folder, lesson: Lesson
) -> None:
    [number] = [
        number
        for number, line in enumerate(GOOD)
        if '"c2","kind":"received"' in line and ":ana diz 7\\n" in line
    ]
    _, shows, judged = recorded(folder, lesson, GOOD[:number] + GOOD[number + 1 :])
    assert shows.verdict == "passed"
    assert judged.verdict == "failed"
    assert judged.rules == ["ORDER-1"]
    assert "ana diz 7" in judged.failures[0].exchange
    assert judged.failures[0].again == "batepapo judge recording.jsonl"


def test_a_recording_that_was_cut_leaves_doubts(folder: Folder, lesson: Lesson) -> None:
    [asked] = [number for number, line in enumerate(GOOD) if "/SAIR" in line]
    short = GOOD[: asked + 1]
    _, shows, judged = recorded(folder, lesson, short)
    assert (shows.verdict, judged.verdict) == ("passed", "failed")
    assert not judged.rules
    assert "The judge does not know: " in judged.message


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["nada"], "line 1: no header"),
        ([*GOOD[:9], "{}"], "line 10: lacks 'at'"),
        (GOOD[:5] + GOOD[2:4], "time goes back"),
        ([*GOOD, "olá"], "recording.jsonl: "),
    ],
)
def test_the_line_that_is_none_is_named(
    folder: Folder, lesson: Lesson, lines: list[str], said: str
) -> None:
    readable, shows, judged = recorded(folder, lesson, lines)
    assert readable.verdict == "failed"
    assert said in readable.message
    assert (shows.verdict, judged.verdict) == ("skipped", "skipped")


def test_a_recording_that_is_not_there_is_told(folder: Folder, lesson: Lesson) -> None:
    (folder.path / "recording.jsonl").unlink()
    assert steps(folder, lesson)[0].message == "recording.jsonl is not there."


# ---- the measurement ----------------------------------------------------------------


def measured(**changed: object) -> dict[str, Any]:
    runs = [{"threads": 100 + n, "tasks": 210 - 3 * n} for n in range(5)]
    median = {name: statistics.median(one[name] for one in runs) for name in runs[0]}
    ratio = statistics.median(one["tasks"] / one["threads"] for one in runs)
    data = {"unit": "deliveries/s", "runs": runs, "median": median, "ratio": ratio}
    return data | changed


def says(folder: Folder, lesson: Lesson, program: str) -> StepResult:
    (folder.path / "measure.py").write_text(program, encoding="utf-8")
    return steps(folder, lesson)[-1]


RUN = {"threads": 1, "tasks": 2}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (measured(), ""),
        (measured(ratio=round(measured()["ratio"], 2)), ""),
        (measured(unit="msg/s"), "unit"),
        (measured(runs=measured()["runs"][:4]), "5 pairs"),
        (measured(runs=[RUN] * 5), "the same"),
        (measured(median={"threads": 102, "tasks": 190}), "median is not"),
        (measured(ratio=1.0), "ratio is not"),
        (measured(ratio=None), "not JSON of the form"),
        (measured(runs=[{"threads": 0, "tasks": 2}] * 5), "not JSON of the form"),
        (measured(runs=[[1, 2]] * 5), "not JSON of the form"),
        ([1], "not JSON of the form"),
    ],
)
def test_figures_have_to_hold_together(
    folder: Folder, lesson: Lesson, data: object, said: str
) -> None:
    result = says(folder, lesson, f"print('a table')\nprint('''{json.dumps(data)}''')")
    assert result.verdict == ("failed" if said else "passed")
    assert said in result.message


def test_a_program_that_prints_nothing_is_told(folder: Folder, lesson: Lesson) -> None:
    assert "not JSON" in says(folder, lesson, "").message


def test_a_program_that_breaks_off_is_told_with_its_last_words(
    folder: Folder, lesson: Lesson
) -> None:
    result = says(folder, lesson, "raise SystemExit('the server is gone')")
    assert "status 1" in result.message
    assert "the server is gone" in result.message


def test_a_program_that_does_not_end_is_not_waited_for(
    folder: Folder, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "DEADLINE", 0.5)
    result = says(folder, lesson, "import time\ntime.sleep(60)")
    assert "measure.py has not ended" in result.message
