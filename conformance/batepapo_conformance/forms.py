"""The forms in which runs are told: on the terminal, and in files for others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from batepapo_conformance.detail import Detail, withhold
from batepapo_conformance.junit import write_junit
from batepapo_conformance.report import Reporter
from batepapo_conformance.results import Run
from batepapo_conformance.spec import load
from batepapo_conformance.words import Words, language_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """What is wanted: JSON instead of text for people, and files besides.

    Attributes:
        json: JSON rather than text.
        text: whether there is anything on standard output at all.
        junit: where JUnit XML goes.
        detail: how much is told, in all forms.
        words: in which language.
    """

    json: bool = False
    text: bool = True
    junit: Path | None = None
    detail: Detail = Detail.FULL
    words: Words = field(default_factory=lambda: Words(language_from()))


def tell(runs: Sequence[Run], forms: Forms, out: TextIO) -> None:
    """Tell about the runs to `out`, and write the files that are wanted.

    Raises:
        OSError: a file cannot be written.
    """
    runs = [withhold(run, forms.detail) for run in runs]
    reporter = Reporter(out, load(), forms.words)
    for run in runs:
        if forms.json:
            reporter.as_json(run)
        elif forms.text:
            reporter.tell(run)
        if forms.junit is not None:
            write_junit(run, forms.junit, forms.words)
