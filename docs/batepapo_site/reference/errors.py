"""The registry of errors, one after another, with all that is known of each."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from batepapo_conformance.chapters import cell
from batepapo_conformance.spec import ErrorCode, load
from batepapo_conformance.words import Language, Words
from batepapo_site.code import fenced
from batepapo_site.here import Place
from batepapo_site.pages import SPECIFICATION
from batepapo_site.reference import mistakes
from batepapo_site.reference.printed import printed
from batepapo_site.specification import find, linked
from batepapo_site.words import folded, table, words

_RULES: Final = {
    "01": ("ENTER-3", "ENTER-4"),
    "02": ("PRIVATE-2", "SHOW-5"),
    "03": ("ERROR-1", "STATE-3"),
    "04": ("FAIL-1", "FAIL-2", "FAIL-3", "FAIL-4", "FAIL-5"),
    "05": ("RUN-4",),
}
"""What is about an error, beside the rule that the registry names."""
_TRANSCRIPTS: Final = f"{SPECIFICATION}/transcripts/README.md"


def error_cards(_argument: str, place: Place) -> str:
    """Each error of the registry, with an exchange, and what goes wrong with it."""
    cards = [
        "\n\n".join(_card(one, place, words(place.language)))
        for one in load().errors.values()
    ]
    return linked("\n\n".join(cards), place)


def rules(one: ErrorCode) -> list[str]:
    """The ids of the rules about an error: that of the registry is the first."""
    causes = [cause.rule for cause in load().causes.values()] * (one.code == "03")
    every = dict.fromkeys([one.rule, *_RULES.get(one.code, ()), *causes])
    return [find(name).id for name in every]


def _card(one: ErrorCode, place: Place, told: Words) -> Iterator[str]:
    language = place.language
    meaning = cell(one.meaning, language)
    yield f"## {one.code}: {meaning} {{ #error-{one.code} }}"
    nothing = told("errors.nothing")
    form = cell(one.form, language)
    yield table(
        (told("errors.meaning"), meaning),
        (
            (told("errors.form"), f"`{form}`" if form == one.form else form),
            (told("errors.subject"), cell(one.subject, language) or nothing),
            (told("errors.reporter"), cell(one.reporter, language)),
            (told("errors.after"), cell(one.after, language)),
            (told("errors.rules"), ", ".join(rules(one))),
        ),
    )
    if one.code == "03":
        yield f"### {told('errors.causes')} {{ #causes }}"
        yield _causes(place, told)
    yield from _exchange(one, place, told)
    yield from _printed(one, told)
    wrong = [mutant for name in rules(one) for mutant in mistakes.breaking(name)]
    if wrong:
        yield f"### {told('errors.mistakes')} {{ #mistakes-{one.code} }}"
        title = told.count("broken", len(wrong))
        yield folded("bug", title, mistakes.told(wrong, told))


def _causes(place: Place, told: Words) -> str:
    """The causes of error 03, each with the transcripts in which it comes."""
    rows = []
    for one in load().causes.values():
        links = [
            f"[{name}]({place.to(f'{_TRANSCRIPTS}#{name}')})"
            for name in _transcripts(f"<- ERRO 03 {one.name} ")
        ]
        trigger = cell(one.trigger, place.language)
        rows.append((f"`{one.name}`", trigger, one.rule, ", ".join(links) or "–"))
    head = ("errors.cause", "errors.meaning", "errors.rules", "errors.seen")
    return table([told(key) for key in head], rows)


def _exchange(one: ErrorCode, place: Place, told: Words) -> Iterator[str]:
    """The first transcript of the error's rule in which it comes, up to there."""
    about = [
        name
        for name in _transcripts(f"<- ERRO {one.code} ")
        if one.rule in load().transcripts[name].shows
    ]
    if not about:
        return
    transcript = load().transcripts[about[0]]
    link = place.to(f"{_TRANSCRIPTS}#{transcript.name}")
    title = transcript.title_in(place.language)
    yield f"### {told('errors.wire')} {{ #exchange-{one.code} }}"
    yield told("errors.from", title=title, link=link)
    steps = excerpt(transcript.steps, f"<- ERRO {one.code} ")
    yield fenced("\n".join(steps), "text")


def excerpt(steps: Sequence[str], wanted: str) -> list[str]:
    """What a session has up to the first line with `wanted`, and all its sequel.

    Of the sequel, that is what the same connection has to do with.
    """
    before = list(itertools.takewhile(lambda step: wanted not in step, steps))
    at = steps[len(before)]
    who = at.partition(" ")[0]
    after = itertools.takewhile(
        lambda step: step.startswith(f"{who} "), steps[len(before) + 1 :]
    )
    return [*before, at, *after]


def _transcripts(wanted: str) -> list[str]:
    """The names of the transcripts in which such a line comes."""
    return [
        name
        for name, one in load().transcripts.items()
        if any(wanted in step for step in one.steps)
    ]


def _printed(one: ErrorCode, told: Words) -> Iterator[str]:
    """What our programs print, in both languages."""
    who = "operator" if one.code == "05" else "shown"
    yield f"### {told(f'errors.{who}')} {{ #printed-{one.code} }}"
    lines = []
    for language, key in (
        (Language.PORTUGUESE, "errors.portuguese"),
        (Language.ENGLISH, "errors.english"),
    ):
        for program, group in itertools.groupby(
            printed(one.code, language), key=lambda each: each.program
        ):
            text = "\n".join(each.line for each in group)
            lines.append(f"`{program}`, {told(key)}:\n\n{fenced(text, 'text')}")
    yield "\n\n".join(lines)
