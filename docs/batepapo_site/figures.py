"""Numbers on a page: each is counted when the page is made, and none is typed."""

import functools
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.spec import Level, load
from batepapo_conformance.words import Language
from batepapo_site.gather import BENCH, CONFORMANCE, FLAKES, MADE_BY
from batepapo_site.here import Place
from batepapo_site.pages import ROOT
from batepapo_site.trouble import Trouble

_MAKERS: Final = {
    MATRIX: "make matrix",
    CONFORMANCE: MADE_BY,
    BENCH: "python -m batepapo_site.gather bench",
    FLAKES: "python -m batepapo_site.gather flakes --times 100",
}


@functools.cache
def results(file: Path) -> Mapping[str, Any]:
    """A file of results, as its JSON has it.

    Raises:
        Trouble: it is not there, or is no JSON; says what makes it.
    """
    maker = _MAKERS.get(file, MADE_BY)
    shown = file.relative_to(ROOT).as_posix() if ROOT in file.parents else file.name
    try:
        data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise Trouble(f"there is no {shown}: {maker} makes it") from None
    except ValueError as error:
        raise Trouble(f"{shown} is no JSON ({error}): {maker} makes it") from None
    return data


def number(value: float, language: Language, digits: int = 0) -> str:
    """A number as it is written in this language: 1,234.5 or 1.234,5."""
    english = f"{value:,.{digits}f}"
    if language is Language.ENGLISH:
        return english
    return english.translate(str.maketrans(",.", ".,"))


def figure(argument: str, place: Place) -> str:
    """A number that something has, by its name: `matrix.killed`."""
    counted = _FIGURES.get(argument)
    if counted is None:
        known = ", ".join(_FIGURES)
        raise Trouble(f"there is no figure {argument}: there is {known}")
    return number(counted(), place.language)


# ---- what is counted ----


def _specimens(**wanted: object) -> int:
    """How many specimens of the matrix are like this."""
    return sum(
        all(one[key] == value for key, value in wanted.items())
        for one in results(MATRIX)["specimens"]
    )


def _runs() -> int:
    """How many checks of specimens gave a verdict, or could not."""
    return sum(
        one["passed"] + len(one["failures"]) + one["unjudged"]
        for one in results(MATRIX)["specimens"]
    )


def _requirements(level: Level | None = None) -> int:
    every = load().requirements.values()
    return sum(level in (None, one.level) for one in every)


def _checks(role: str) -> int:
    """How many checks there are, each counted once, whatever its variants."""
    return sum(one["role"] == role for one in results(MATRIX)["checks"])


def _cases(role: str) -> int:
    """How many results a run has: checks with their variants and deliveries."""
    runs = (one for one in results(CONFORMANCE)["runs"] if one["role"] == role)
    return max((len(one["results"]) for one in runs), default=0)


def _flakes(name: str) -> int:
    references = results(FLAKES)["references"]
    if name == "times":
        return min((one["times"] for one in references), default=0)
    if name == "differing":
        return sum(len(one["differing"]) for one in references)
    return sum(one["checks"] for one in references)


def _verdicts() -> int:
    """How many verdicts the measurement of the flake rate has compared."""
    return sum(one["times"] * one["checks"] for one in results(FLAKES)["references"])


_FIGURES: Final[Mapping[str, Callable[[], int]]] = {
    "matrix.wrong": lambda: _specimens(legal=False),
    "matrix.killed": lambda: _specimens(legal=False, verdict="killed"),
    "matrix.legal": lambda: _specimens(legal=True),
    "matrix.passed": lambda: _specimens(legal=True, verdict="passed"),
    "matrix.specimens": _specimens,
    "matrix.runs": _runs,
    "matrix.minutes": lambda: round(results(MATRIX)["seconds"] / 60),
    "matrix.defects": lambda: len(results(MATRIX)["defects"]),
    "requirements.all": _requirements,
    "requirements.must": lambda: _requirements(Level.MUST),
    "requirements.should": lambda: _requirements(Level.SHOULD),
    "requirements.may": lambda: _requirements(Level.MAY),
    "checks.server": lambda: _checks("server"),
    "checks.client": lambda: _checks("client"),
    "cases.server": lambda: _cases("server"),
    "cases.client": lambda: _cases("client"),
    "transcripts": lambda: len(load().transcripts),
    "zoo.server": lambda: _specimens(legal=False, role="server"),
    "zoo.client": lambda: _specimens(legal=False, role="client"),
    "flakes.times": lambda: _flakes("times"),
    "flakes.checks": lambda: _flakes("checks"),
    "flakes.differing": lambda: _flakes("differing"),
    "flakes.verdicts": _verdicts,
}
