"""The forms in which runs are told: on the terminal, and in files for others."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from batepapo_conformance import badge, grades, grid
from batepapo_conformance.detail import Detail, withhold
from batepapo_conformance.junit import write_junit
from batepapo_conformance.report import Reporter
from batepapo_conformance.results import Run
from batepapo_conformance.spec import load
from batepapo_conformance.words import Words, language_from


class CannotTell(Exception):
    """A form is not for so many runs, or its file cannot be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """What is wanted: text for people or JSON, and files besides.

    Attributes:
        json: JSON on standard output rather than text.
        quiet: nothing on standard output.
        html: where a page goes; like text, it may tell about several runs.
        junit: where JUnit XML goes.
        gradescope: where a Gradescope `results.json` goes.
        classroom: where a Classroom 50 `result.json` goes.
        badge: where a badge goes: an SVG, or if it is called `.json`, that of shields.
        detail: how much is told, in all forms.
        words: in which language.
    """

    json: bool = False
    quiet: bool = False
    html: Path | None = None
    junit: Path | None = None
    gradescope: Path | None = None
    classroom: Path | None = None
    badge: Path | None = None
    detail: Detail = Detail.FULL
    words: Words = field(default_factory=lambda: Words(language_from()))

    @property
    def files(self) -> bool:
        """Whether any file is wanted."""
        alone = (self.junit, self.gradescope, self.classroom, self.badge)
        return self.html is not None or any(alone)

    @property
    def of_one_run(self) -> bool:
        """Whether a form is wanted that can tell about one run alone."""
        alone = (self.junit, self.gradescope, self.classroom, self.badge)
        return self.json or any(alone)


def tell(
    runs: Sequence[Run], forms: Forms, out: TextIO, names: Sequence[str] = ()
) -> None:
    """Tell about the runs to `out`, and write the files that are wanted.

    A page calls them by these names; without any, by what they are.

    Raises:
        CannotTell: a form is not for so many runs, or a file cannot be written.
    """
    if forms.of_one_run and len(runs) > 1:
        raise CannotTell("of several results there is only text and --html")
    runs = [withhold(run, forms.detail) for run in runs]
    try:
        if forms.html is not None:
            called = names or [run.role for run in runs]
            text = grid.page(runs, called, load(), forms.words.language)
            forms.html.write_text(text, encoding="utf-8")
        for run in runs:
            _write_files(run, forms)
    except OSError as error:
        raise CannotTell(f"cannot write: {error}") from error
    if forms.quiet:
        return
    reporter = Reporter(out, load(), forms.words)
    for run in runs:
        if forms.json:
            reporter.as_json(run)
        else:
            reporter.tell(run)


def _write_files(run: Run, forms: Forms) -> None:
    specification, words = load(), forms.words
    if forms.junit is not None:
        write_junit(run, forms.junit, words)
    if forms.gradescope is not None:
        _write_json(forms.gradescope, grades.gradescope(run, specification, words))
    if forms.classroom is not None:
        _write_json(forms.classroom, grades.classroom(run, specification))
    if forms.badge is not None and forms.badge.suffix == ".json":
        _write_json(forms.badge, badge.endpoint(run, specification, words))
    elif forms.badge is not None:
        forms.badge.write_text(badge.svg(run, specification, words), encoding="utf-8")


def _write_json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
