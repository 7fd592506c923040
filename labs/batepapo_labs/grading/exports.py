"""The marks in files: for spreadsheets, for programs, and for grading systems."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from batepapo_conformance import grades as suite
from batepapo_conformance import grid
from batepapo_conformance.detail import Detail
from batepapo_conformance.results import Run
from batepapo_conformance.spec import load
from batepapo_conformance.words import Words
from batepapo_labs.grading.marks import Grade, LabMark, PartMark
from batepapo_labs.grading.telling import about_checks, report, told_part

_FORMAT: Final = "batepapo/grade/1"
_DIGITS: Final = 4  # of what a step is worth, for Gradescope
_HUNDREDTHS: Final = 2


def write_csv(grades: Sequence[Grade], path: Path) -> None:
    """A line for each submission."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        numbers = [one.lesson.number for one in grades[0].plan.labs]
        labs = [f"lab {number}" for number in numbers]
        writer.writerow(
            ["name", "mark", "out of", *labs, "broken", "remarks", "faults"]
        )
        for grade in grades:
            rules = dict.fromkeys(
                rule for lab in grade.labs for part in lab.parts for rule in part.rules
            )
            writer.writerow(
                [
                    _cell(grade.name),
                    f"{grade.mark:.2f}",
                    f"{grade.plan.out_of:g}",
                    *(f"{grade.points(lab):.2f}" for lab in grade.labs),
                    " ".join(rules),
                    _cell(" | ".join(grade.remarks)),
                    _cell(" | ".join(grade.faults)),
                ]
            )


def _cell(text: str) -> str:
    """Text that no spreadsheet takes for a formula, whoever chose it."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def as_json(grades: Sequence[Grade], seed: int | None) -> dict[str, Any]:
    """Everything, as plain data; `seed` is `None` where it is not to be told."""
    plan = grades[0].plan
    return {
        "format": _FORMAT,
        "out_of": plan.out_of,
        "weights": {str(one.lesson.number): one.weight for one in plan.labs},
        "seed": seed,
        "submissions": [_grade(one) for one in grades],
    }


def _grade(grade: Grade) -> dict[str, Any]:
    return {
        "name": grade.name,
        "mark": grade.mark,
        "labs": [_lab(lab, grade) for lab in grade.labs],
        "remarks": grade.remarks,
        "faults": grade.faults,
        "seconds": round(grade.seconds, 3),
    }


def _lab(lab: LabMark, grade: Grade) -> dict[str, Any]:
    return {
        "lab": lab.number,
        "passed": lab.passed,
        "total": lab.total,
        "points": round(grade.points(lab), 4),
        "most": round(grade.most(lab.planned), 4),
        "steps": [
            {
                "title": dict(part.part.title),
                "passed": part.passed,
                "total": part.total,
                "rules": part.rules,
                "checks": dict(part.worth),
            }
            for part in lab.parts
        ],
    }


def gradescope(
    grade: Grade, detail: Detail, words: Words, *, private: bool
) -> dict[str, Any]:
    """The `results.json` of a Gradescope autograder: a test for each step of a lab.

    https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    faults = [words("grade.fault", why=one) for one in grade.faults]
    about = [about_checks(words, private=private), *grade.remarks, *faults]
    return {
        "score": grade.mark,
        "execution_time": round(grade.seconds),
        "output": "\n\n".join(about),
        "output_format": "text",
        "test_output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            {
                "name": _name(lab, part, words),
                "status": "passed" if part.passed == part.total else "failed",
                "score": points,
                "max_score": most,
                "output": "\n".join(
                    [f"{part.passed}/{part.total}", *told_part(part, detail, words)]
                ),
                "visibility": "visible",
            }
            for lab, part, points, most in _steps(grade, _DIGITS)
        ],
    }


def classroom(grade: Grade, words: Words) -> dict[str, Any]:
    """The `result.json` of a Classroom 50 autograder: a test for each step of a lab.

    Classroom 50 takes whole numbers alone, so they are hundredths of a point.
    """
    tests = [
        {
            "test-name": _name(lab, part, words),
            "passed": part.passed == part.total,
            "score": _hundredths(points),
            "max-score": _hundredths(most),
        }
        for lab, part, points, most in _steps(grade, _HUNDREDTHS)
    ]
    # Whose submission it is, and the form of all that, the suite knows already.
    runs = [*grade.runs.values(), Run(role="server", testee="", seed=None)]
    frame = suite.classroom(runs[0], load())
    return {
        **frame,
        "score": _hundredths(grade.mark),
        "max-score": _hundredths(grade.plan.out_of),
        "tests": tests,
    }


def _hundredths(points: float) -> int:
    return round(points * 100)


def _name(lab: LabMark, part: PartMark, words: Words) -> str:
    title = part.part.title[words.language]
    return words("grade.test", number=lab.number, title=title)


def _steps(
    grade: Grade, digits: int
) -> Iterator[tuple[LabMark, PartMark, float, float]]:
    """Each step, with its points and what it is worth, rounded to so many digits.

    What all are worth is rounded as a sum, so that it is what the whole is worth.
    """
    exact = rounded = 0.0
    for lab in grade.labs:
        for part in lab.parts:
            if lab.total:
                exact += grade.most(lab.planned) * part.total / lab.total
            most = round(exact - rounded, digits)
            rounded += most
            share = part.passed / part.total if part.total else 0.0
            yield lab, part, round(most * share, digits), most


def write_reports(
    grade: Grade, folder: Path, detail: Detail, words: Words, *, private: bool
) -> None:
    """A text, and a page for each program, into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    text = report(grade, detail, words, private=private)
    (folder / f"{grade.name}.txt").write_text(text, encoding="utf-8")
    for program, run in grade.runs.items():
        page = grid.page([run], [grade.name], load(), words.language)
        (folder / f"{grade.name}-{program}.html").write_text(page, encoding="utf-8")


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Plain data into a file, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(data, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
