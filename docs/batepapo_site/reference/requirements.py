"""The index of requirements: what each says, and all that is about it."""

import functools
import html
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from batepapo_conformance.chapters import WHY, level, role
from batepapo_conformance.check import collect
from batepapo_conformance.results import Listed
from batepapo_conformance.spec import Level, Requirement, load
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Words
from batepapo_labs import lessons
from batepapo_labs.lessons import Lesson
from batepapo_site import markdown
from batepapo_site.here import Place
from batepapo_site.pages import SPEC, SPECIFICATION
from batepapo_site.reference import mistakes
from batepapo_site.specification import linked
from batepapo_site.trouble import Trouble
from batepapo_site.words import folded, table, words

_CASE: Final = re.compile(r"test_a_transcript_is_met\[(?P<name>[\w-]+)\]")
_TRANSCRIPTS: Final = f"{SPECIFICATION}/transcripts/README.md"


def requirement_table(_argument: str, place: Place) -> str:
    """All requirements, a line each; a script of the site lets it be searched in."""
    told = words(place.language)
    names = ("id", "level", "role", "section", "checks", "mutants")
    rows = [_row(one, place) for one in load().requirements.values()]
    made = table([told(f"requirements.{name}") for name in names], rows)
    label = html.escape(told("requirements.filter"))
    found = html.escape(told("requirements.found", found="{found}", all="{all}"))
    return (
        f'<div class="filtered" data-label="{label}" data-found="{found}" markdown>\n\n'
        f"{made}\n\n</div>\n"
        f'<script src="{place.to("assets/filter.js")}" defer></script>'
    )


def requirement_cards(_argument: str, place: Place) -> str:
    """Each requirement, with all that is about it, by sections.

    Raises:
        Trouble: a MUST has no check.
    """
    lacking = untested(load().requirements.values(), checks())
    if lacking:
        raise Trouble("; ".join(lacking))
    by_section = itertools.groupby(
        load().requirements.values(), key=lambda one: one.section
    )
    parts = []
    for number, group in by_section:
        for first, one in enumerate(group):
            if first == 0:
                title = one.said_in(place.language).title
                anchor = f"section-{number.replace('.', '-')}"
                parts.append(f"## {number} {title} {{ #{anchor} }}")
            parts.append("\n\n".join(_card(one, place)))
    return linked("\n\n".join(parts), place)


def untested(
    requirements: Iterable[Requirement], listed: Sequence[Listed]
) -> list[str]:
    """Every MUST that no check of a role that it binds cites, in words."""
    return [
        f"{one.id}: a MUST, and no check of a {which} cites it"
        for one in requirements
        for which in Role
        if one.level is Level.MUST and one.binds(which)
        if not any(check.role == which and one.id in check.ids for check in listed)
    ]


@functools.cache
def checks() -> Sequence[Listed]:
    """Every check of the suite."""
    return tuple(check for which in Role for check in collect(which))


def _citing(one: Requirement) -> list[Listed]:
    return [check for check in checks() if one.id in check.ids]


def _row(one: Requirement, place: Place) -> Sequence[str]:
    language = place.language
    title = one.said_in(language).title
    return (
        f"[{one.id}](#{one.id})",
        level(one, language),
        role(one, language),
        f"{one.section} {title}",
        str(len(_citing(one))),
        str(len(mistakes.breaking(one.id))),
    )


def _card(one: Requirement, place: Place) -> Iterator[str]:
    told = words(place.language)
    said = one.said_in(place.language)
    yield f"### {one.id} {{ #{one.id} }}"
    chapter = place.to(f"{SPECIFICATION}/{one.file}{_anchor(one)}")
    binds = f"**{level(one, place.language)}** · {role(one, place.language)}"
    yield f"{binds} · [{one.section} {said.title}]({chapter})"
    yield said.text
    yield f"*{WHY[place.language]}* {said.why}"
    if one.example:
        yield f"*{told('requirements.example')}* {one.example}"
    yield from _shown_in(one, place, told)
    citing = _citing(one)
    if citing:
        lines = [f"- {told(f'role.{x.role}')}: `{x.name}`" for x in citing]
        title = told.count("cited", len(citing))
        yield folded("abstract", title, "\n".join(lines))
    else:
        yield f"*{told('cited.none')}.*"
    for kind, key, some in (
        ("bug", "broken", mistakes.breaking(one.id)),
        ("success", "used", mistakes.using(one.id)),
    ):
        if some:
            title = told.count(key, len(some))
            yield folded(kind, title, mistakes.told(some, told))


def _shown_in(one: Requirement, place: Place, told: Words) -> Iterator[str]:
    """The labs and the transcripts in which a requirement is met."""
    all_labs = lessons.load().lessons.values()
    about = [lab for lab in all_labs if one.id in lab.about]
    checked = [lab for lab in all_labs if lab not in about and _checks(lab, one)]
    lines = []
    for key, labs in (("about.labs", about), ("about.checked", checked)):
        links = [
            f"[{told('about.lab', number=lab.number)}]"
            f"({place.to(f'labs/{lab.name}.md')})"
            for lab in labs
        ]
        lines += [f"- {told(key)} {', '.join(links)}"] * bool(links)
    transcripts = [
        f"[{x.title_in(place.language)}]({place.to(f'{_TRANSCRIPTS}#{x.name}')})"
        for x in load().transcripts.values()
        if one.id in x.shows
    ]
    lines += [f"- {told('about.transcripts')} {'; '.join(transcripts)}"] * bool(
        transcripts
    )
    if lines:
        yield "\n".join(lines)


def _checks(lab: Lesson, one: Requirement) -> bool:
    """Whether a step of a lab checks a requirement."""
    for asked in lab.checks:
        case = _CASE.fullmatch(asked)
        if case:
            transcript = load().transcripts.get(case["name"])
            if transcript is not None and one.id in transcript.shows:
                return True
        elif asked == one.id or asked.partition("[")[0] in _names(one.id):
            return True
    return False


@functools.cache
def _names(rule: str) -> set[str]:
    return {check.name for check in checks() if rule in check.ids}


@functools.cache
def _headings(file: str) -> Sequence[markdown.Heading]:
    return markdown.headings((SPEC / file).read_text(encoding="utf-8"))


def _anchor(one: Requirement) -> str:
    """The anchor of its section in the chapter; none is needed for the first."""
    for heading in _headings(one.file):
        if heading.rank > 1 and heading.title.startswith(f"{one.section} "):
            return f"#{heading.slug}"
    return ""
