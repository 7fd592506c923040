"""The page of the kill matrix: which rule is proven by which specimens and checks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jinja2

from batepapo_conformance.forms import CannotTell, Forms
from batepapo_conformance.pages import render
from batepapo_conformance.spec import Requirement, Specification, load
from batepapo_conformance.words import Language

FORMAT: Final = "batepapo/kill-matrix/1"
"""What the JSON of a matrix says about itself (`kill_matrix.py` documents it)."""

# Verdicts of a specimen: a sign, and the style of the mark that says the same.
_SIGNS: Final = {
    "killed": ("✓", "passed"),
    "passed": ("✓", "passed"),
    "survived": ("✗", "failed"),
    "blamed wrongly": ("△", "not-met"),
    "false alarm": ("✗", "failed"),
    "fault": ("‼", "fault"),
}
_GOOD: Final = ("killed", "passed")


@dataclass(frozen=True, slots=True)
class Shown:
    """A specimen, as the page shows it."""

    number: int
    data: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        """By which a link finds it in the page."""
        return f"specimen-{self.data['name']}"

    @property
    def verdict(self) -> str:
        """What became of it."""
        return str(self.data["verdict"])

    @property
    def key(self) -> str:
        """By which the words of the verdict are found."""
        return self.verdict.replace(" ", "_")

    @property
    def sign(self) -> str:
        """What says the same as the colour."""
        return _SIGNS[self.verdict][0]

    @property
    def kind(self) -> str:
        """By which its style is found."""
        return _SIGNS[self.verdict][1]

    @property
    def good(self) -> bool:
        """Whether it became what it should."""
        return self.verdict in _GOOD

    @property
    def checks(self) -> list[tuple[str, str]]:
        """The checks that it fails, with the rule that each blames."""
        failed = ((one["check"], one["rule"]) for one in self.data["failures"])
        return list(dict.fromkeys(failed))


@dataclass(frozen=True, slots=True)
class Row:
    """A rule, the specimens that break it, and how many checks kill them."""

    requirement: Requirement
    specimens: Sequence[Shown]
    checks: int

    @property
    def fine(self) -> bool:
        """Whether there are specimens, and all became what they should."""
        good = all(one.good for one in self.specimens)
        return good and bool(self.specimens or self.requirement.level != "MUST")


@dataclass(frozen=True, slots=True)
class Table:
    """The specimens of one role: those that are wrong by rule, and the legal ones."""

    role: str
    rows: Sequence[Row]
    legal: Sequence[Shown]
    checks: Sequence[Mapping[str, Any]]

    def specimens(self) -> Iterator[Shown]:
        """Every specimen of it."""
        for row in self.rows:
            yield from row.specimens
        yield from self.legal


def page(
    matrix: Mapping[str, Any], specification: Specification, language: Language
) -> str:
    """The page of a kill matrix, given as its JSON."""
    shown = [Shown(number, one) for number, one in enumerate(matrix["specimens"])]
    wrong = [one for one in shown if not one.data["legal"]]
    legal = [one for one in shown if one.data["legal"]]
    return render(
        "zoo.html.jinja",
        language,
        matrix=matrix,
        wrong=len(wrong),
        killed=sum(one.good for one in wrong),
        legal=len(legal),
        passed=sum(one.good for one in legal),
        tables=[
            _table(role, shown, matrix, specification) for role in ("server", "client")
        ],
    )


def _table(
    role: str,
    shown: Sequence[Shown],
    matrix: Mapping[str, Any],
    specification: Specification,
) -> Table:
    mine = [one for one in shown if one.data["role"] == role]
    killers = {
        one["id"]: {killer["check"] for killer in one["killers"]}
        for one in matrix["requirements"]
        if one["role"] == role
    }
    rows = [
        Row(
            one,
            [
                specimen
                for specimen in mine
                if specimen.data["rule"] == one.id and not specimen.data["legal"]
            ],
            len(killers.get(one.id, ())),
        )
        for one in specification.requirements.values()
        if one.binds(role)
    ]
    return Table(
        role=role,
        rows=[row for row in rows if row.specimens or row.requirement.level == "MUST"],
        legal=[one for one in mine if one.data["legal"]],
        checks=[one for one in matrix["checks"] if one["role"] == role],
    )


def is_matrix(path: Path) -> bool:
    """Whether the file holds a kill matrix; any other is for others to judge."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and data.get("format") == FORMAT


def write_page(paths: Sequence[Path], forms: Forms) -> None:
    """Write the page of a matrix in a file to where a page is wanted.

    Raises:
        CannotTell: there is more than the matrix, another form is wanted, the
            matrix is not whole, or the page cannot be written.
    """
    if len(paths) > 1 or forms.html is None or forms.of_one_run:
        raise CannotTell("a kill matrix is told alone, and with --html alone")
    try:
        matrix = json.loads(paths[0].read_text(encoding="utf-8"))
        text = page(matrix, load(), forms.words.language)
        forms.html.write_text(text, encoding="utf-8")
    except (KeyError, jinja2.UndefinedError) as error:
        raise CannotTell(f"{paths[0]} is not a whole matrix: {error}") from error
    except OSError as error:
        raise CannotTell(f"cannot write: {error}") from error
