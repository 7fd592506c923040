"""A rule, its reason, and a correct exchange."""

import textwrap
from collections.abc import Iterator

from batepapo_conformance.spec import Requirement, Specification, Transcript

_WIDTH = 80


class UnknownRequirement(Exception):
    """There is no requirement of that id."""


def explain(name: str, specification: Specification) -> str:
    """What the requirement says, why, and what it looks like when it is met.

    Raises:
        UnknownRequirement: there is none of this id.
    """
    requirement = specification.requirements.get(name.upper())
    if requirement is None:
        raise UnknownRequirement(_no_such(name, specification))
    return "\n".join(_explained(requirement, specification))


def _no_such(name: str, specification: Specification) -> str:
    family = name.upper().split("-")[0]
    near = [one for one in specification.requirements if one.startswith(f"{family}-")]
    hint = f"; there are {', '.join(near)}" if near else ""
    return "\n".join(_wrap(f"there is no requirement {name}{hint}", ""))


def _explained(one: Requirement, specification: Specification) -> Iterator[str]:
    yield f"{one.id} · {one.level} · {one.role}"
    yield f"section {one.section}, {one.title} ({one.file})"
    yield ""
    for paragraph in one.text.split("\n\n"):
        yield from _wrap(paragraph, "  ")
    yield ""
    yield from _wrap(f"Why: {one.why}", "  ")
    if one.example:
        yield ""
        yield from _wrap(one.example.replace("*Example:*", "Example:"), "  ")
    shows = [
        transcript
        for transcript in specification.transcripts.values()
        if one.id in transcript.shows
    ]
    # The one that shows least besides shows it best.
    shows.sort(key=lambda transcript: (len(transcript.shows), len(transcript.steps)))
    for transcript in shows[:1]:
        yield ""
        yield from _exchange(transcript)
    if len(shows) > 1:
        others = ", ".join(transcript.name for transcript in shows[1:])
        yield ""
        yield from _wrap(f"See also the transcripts {others}.", "  ")


def _exchange(transcript: Transcript) -> Iterator[str]:
    yield from _wrap(f"A correct exchange, {transcript.name}: {transcript.title}", "  ")
    if transcript.options:
        yield f"  server options: {' '.join(transcript.options)}"
    yield ""
    for step in transcript.steps:
        yield from textwrap.wrap(
            step, _WIDTH, initial_indent="    ", subsequent_indent="      "
        )


def _wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()), _WIDTH, initial_indent=indent, subsequent_indent=indent
    )


def index(specification: Specification, role: str | None) -> str:
    """Every requirement that binds the role, or all of them: id, level, role, rule."""
    return "\n".join(
        line
        for one in specification.requirements.values()
        if role is None or one.binds(role)
        for line in (
            f"{one.id:<10} {one.level:<6} {one.role:<6} section {one.section}",
            *_wrap(one.text, "    "),
        )
    )
