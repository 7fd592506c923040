"""The page of runs: a grid of requirement by testee, and a story behind each cell."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from markupsafe import Markup

from batepapo_conformance.detail import Detail
from batepapo_conformance.diagram import as_svg, steps_of_exchange
from batepapo_conformance.outcomes import SIGNS, Mark, Outcome, Score, outcomes, score
from batepapo_conformance.pages import WORDS, render
from batepapo_conformance.results import Broken, Result, Run
from batepapo_conformance.spec import Requirement, Specification
from batepapo_conformance.story import harmless, tell_stability
from batepapo_conformance.words import Language

_BROKEN: Final = (Mark.FAILED, Mark.NOT_MET, Mark.KNOWN)
_STORIES: Final = 2  # told at length in a cell; the other checks are named
_NAMED: Final = 12
_STEPS: Final = 60  # of a diagram; the timeline beside it has more
_LONGEST: Final = 600  # letters of a line that are shown, around the difference
_OCTET: Final = re.compile(r"\\x..|\\.|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Story:
    """One failure, as the page tells it; what is held back is empty."""

    title: str
    expected: str
    before: str
    differs: str
    after: str
    octet: int | None
    shows_actual: bool
    actual_is_words: bool
    note: str
    stability: dict[str, list[str]]
    diagram: Markup
    exchange: str
    output: str
    again: str


@dataclass(frozen=True, slots=True)
class Column:
    """A run, under the name and number that the page gives it."""

    number: int
    name: str
    run: Run
    score: Score


@dataclass(frozen=True, slots=True)
class Cell:
    """What one run says about one rule."""

    column: Column
    outcome: Outcome
    stories: tuple[Story, ...]

    @property
    def id(self) -> str:
        """The id of the rule."""
        return self.outcome.requirement.id

    @property
    def rule(self) -> Requirement:
        """The rule."""
        return self.outcome.requirement

    @property
    def anchor(self) -> str:
        """By which a link finds this cell in the page."""
        return f"{self.column.number}-{self.id}"

    @property
    def key(self) -> str:
        """By which the words of the mark are found."""
        return self.outcome.mark.name.lower()

    @property
    def kind(self) -> str:
        """By which its style is found."""
        return self.key.replace("_", "-")

    @property
    def sign(self) -> str:
        """What says the same as the colour."""
        return SIGNS[self.outcome.mark]

    @property
    def opens(self) -> bool:
        """Whether there is anything behind it."""
        return self.outcome.mark is not Mark.UNCHECKED

    @property
    def first(self) -> str:
        """What is to be mended before this rule can be judged."""
        if self.outcome.mark is not Mark.UNREACHED:
            return ""
        rules = (one.broken.rule for one in self.outcome.telling if one.broken)
        return ", ".join(dict.fromkeys(rules))

    @property
    def reasons(self) -> list[str]:
        """Why there is no verdict, or what is at fault, or why it is known."""
        return list(
            dict.fromkeys(
                harmless(one.reason) for one in self.outcome.telling if one.reason
            )
        )

    @property
    def others(self) -> list[str]:
        """The names of the checks that are not told at length."""
        told = len(self.stories)
        names = [one.full_name for one in self.outcome.telling[told:]]
        more = [f"+ {len(names) - _NAMED}"] if len(names) > _NAMED else []
        return names[:_NAMED] + more


@dataclass(frozen=True, slots=True)
class Row:
    """A rule, and what each run says about it; perhaps of its text only the id."""

    rule: Requirement
    is_quoted: bool
    cells: tuple[Cell, ...]

    @property
    def fine(self) -> bool:
        """Whether nobody broke it."""
        return all(cell.outcome.mark not in _BROKEN for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Section:
    """The rules of one section of the specification; there is at least one."""

    rows: tuple[Row, ...]

    @property
    def rule(self) -> Requirement:
        """One of them, which knows what section it is."""
        return self.rows[0].rule

    @property
    def fine(self) -> bool:
        """Whether nobody broke any of them."""
        return all(row.fine for row in self.rows)


@dataclass(frozen=True, slots=True)
class Grid:
    """The rules that bind one role, and all runs of that role."""

    role: str
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]

    def cells(self) -> Iterator[Cell]:
        """Every cell of it."""
        for section in self.sections:
            for row in section.rows:
                yield from row.cells


def page(
    runs: Sequence[Run],
    names: Sequence[str],
    specification: Specification,
    language: Language,
) -> str:
    """The page of these runs, side by side under these names."""
    columns = [
        Column(number, name, run, score(run, outcomes(run, specification)))
        for number, (run, name) in enumerate(zip(runs, names, strict=True), start=1)
    ]
    grids = [
        _grid(role, [one for one in columns if one.run.role == role], specification)
        for role in dict.fromkeys(run.role for run in runs)
    ]
    return render(
        "report.html.jinja",
        language,
        columns=columns,
        legend=list(_legend(grids)),
        grids=grids,
    )


def _legend(grids: Sequence[Grid]) -> Iterator[tuple[str, str, str]]:
    """The marks that occur: sign, key of the words, and style."""
    found = {cell.outcome.mark: cell for grid in grids for cell in grid.cells()}
    for mark in SIGNS:
        if mark in found:
            yield found[mark].sign, found[mark].key, found[mark].kind


def _grid(role: str, columns: Sequence[Column], specification: Specification) -> Grid:
    found = [outcomes(column.run, specification) for column in columns]
    names_only = any(column.run.detail == Detail.ID for column in columns)
    sections: dict[str, list[Row]] = {}
    for one in specification.requirements.values():
        cells = [
            _cell(column, outcome[one.id])
            for column, outcome in zip(columns, found, strict=True)
            if one.id in outcome
        ]
        if any(cell.opens for cell in cells):
            row = Row(one, not names_only, tuple(cells))
            sections.setdefault(one.section, []).append(row)
    return Grid(
        role,
        tuple(columns),
        tuple(Section(tuple(rows)) for rows in sections.values()),
    )


def _cell(column: Column, outcome: Outcome) -> Cell:
    told = outcome.telling[:_STORIES] if outcome.mark in _BROKEN else ()
    if column.run.detail == Detail.ID:
        told = ()
    stories = [
        _story(
            result, result.broken, f"{column.number}-{outcome.requirement.id}-{place}"
        )
        for place, result in enumerate(told)
        if result.broken is not None
    ]
    return Cell(column, outcome, tuple(stories))


def _story(result: Result, broken: Broken, name: str) -> Story:
    variant = f" [{result.variant}]" if result.variant else ""
    before, differs, after = _around(broken)
    repeated = result.repeated
    return Story(
        title=f"{result.title}{variant}",
        expected=harmless(broken.expected)[:_LONGEST],
        before=before,
        differs=differs,
        after=after,
        octet=broken.at if broken.actual_is_octets else None,
        shows_actual=bool(broken.actual),
        actual_is_words=not broken.actual_is_octets,
        note=harmless(broken.note),
        stability={}
        if repeated is None or repeated.stability is None
        else {lang: tell_stability(repeated, words) for lang, words in WORDS.items()},
        diagram=_diagram(result, name),
        exchange=harmless(result.exchange),
        output=harmless(result.output),
        again=harmless(result.again),
    )


def _diagram(result: Result, name: str) -> Markup:
    """The end of the exchange, with the line that should not have been marked."""
    steps = list(steps_of_exchange(result.events))[-_STEPS:]
    came = result.broken.actual if result.broken else ""
    places = [place for place, step in enumerate(steps) if step.text == came]
    if places:
        steps[places[-1]] = replace(steps[places[-1]], wrong=True)
    svg = as_svg(steps, title=result.title, name=name) if steps else ""
    return Markup(svg)  # noqa: S704 (it escapes what it draws)


def _around(broken: Broken) -> tuple[str, str, str]:
    """What came: before the octet that differs, that octet, and after it."""
    actual, column = harmless(broken.actual), broken.column
    if broken.at is None or not broken.actual_is_octets:
        return actual[:_LONGEST], "", ""
    octet = _OCTET.match(actual, column)
    end = column if octet is None else octet.end()
    begin = max(0, column - _LONGEST // 2)
    dots = "..." if begin else ""
    return (
        dots + actual[begin:column],
        actual[column:end],
        actual[end:][: _LONGEST // 2],
    )
