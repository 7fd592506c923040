"""A rule, its reason, and a correct exchange."""

import textwrap
from collections.abc import Iterator

from batepapo_conformance.spec import Requirement, Specification, Transcript
from batepapo_conformance.story import WIDTH
from batepapo_conformance.story import wrap as _wrap
from batepapo_conformance.words import Language, Words


class UnknownRequirement(Exception):
    """There is no requirement of that id."""


def explain(name: str, specification: Specification, words: Words | None = None) -> str:
    """What the requirement says, why, and what it looks like when it is met.

    For a section, `5.2` or `5`, it is what each of its requirements says, and why.
    All of it is English unless other words are given; then a requirement is told in
    their language, and it is said that the English text decides.

    Raises:
        UnknownRequirement: there is none of this id, or in this section.
    """
    words = words or Words(Language.ENGLISH)
    inside = [
        "\n".join(_told(one, words))
        for one in specification.requirements.values()
        if f"{one.section}.".startswith(f"{name.rstrip('.')}.")
    ]
    if inside:
        return "\n\n".join(inside)
    requirement = specification.requirements.get(name.upper())
    if requirement is None:
        raise UnknownRequirement(_no_such(name, specification, words))
    return "\n".join(_explained(requirement, specification, words))


def _no_such(name: str, specification: Specification, words: Words) -> str:
    family = name.upper().split("-")[0]
    near = [one for one in specification.requirements if one.startswith(f"{family}-")]
    hint = words("explain.near", ids=", ".join(near)) if near else ""
    return "\n".join(_wrap(words("explain.none", name=name) + hint))


def _told(one: Requirement, words: Words) -> Iterator[str]:
    yield f"{one.id} · {one.level} · {words(f'role.{one.role}')}"
    section = words("explain.section", number=one.section)
    said = one.said_in(words.language)
    yield f"{section}, {said.title} ({one.file})"
    yield ""
    for paragraph in said.text.split("\n\n"):
        yield from _wrap(paragraph, "  ")
    yield ""
    yield from _wrap(f"{words('explain.why')} {said.why}", "  ")
    if said.language is not Language.ENGLISH:
        yield from _wrap(f"({words('explain.decides')})", "  ")


def _explained(
    one: Requirement, specification: Specification, words: Words
) -> Iterator[str]:
    yield from _told(one, words)
    if one.example:
        yield ""
        example = one.example.replace("*Example:*", words("explain.example"))
        yield from _wrap(example, "  ")
    shows = [
        transcript
        for transcript in specification.transcripts.values()
        if one.id in transcript.shows
    ]
    # The one that shows least besides shows it best.
    shows.sort(key=lambda transcript: (len(transcript.shows), len(transcript.steps)))
    for transcript in shows[:1]:
        yield ""
        yield from _exchange(transcript, words)
    if len(shows) > 1:
        others = ", ".join(transcript.name for transcript in shows[1:])
        yield ""
        yield from _wrap(words("explain.others", names=others), "  ")


def _exchange(transcript: Transcript, words: Words) -> Iterator[str]:
    correct = words("explain.correct", name=transcript.name)
    yield from _wrap(f"{correct}: {transcript.title_in(words.language)}", "  ")
    if transcript.options:
        yield f"  {words('explain.options', options=' '.join(transcript.options))}"
    yield ""
    for step in transcript.steps:
        yield from textwrap.wrap(
            step, WIDTH, initial_indent="    ", subsequent_indent="      "
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
