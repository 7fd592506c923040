"""One failure as text: the rule, what came instead, the exchange; 80 columns."""

import textwrap
from collections.abc import Iterator
from typing import Final

from batepapo_conformance.detail import Detail
from batepapo_conformance.phrases import told, told_output
from batepapo_conformance.results import Broken, Repeated, Result, Verdict
from batepapo_conformance.spec import Specification
from batepapo_conformance.words import Language, Words

WIDTH: Final = 80
"""The columns that a line of a report has at most."""

_BESIDE: Final = 12  # "  expected  "
_MOST_BESIDE: Final = 4  # lines of either end of a long one: floods are megabytes


def harmless(text: str) -> str:
    """Text without anything that a terminal obeys, or that has no encoding."""
    return "".join(
        letter
        if letter.isprintable() or letter == "\n"
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def draw_failure(
    result: Result,
    specification: Specification,
    words: Words | None = None,
    detail: Detail = Detail.FULL,
) -> str:
    """One failure at length: the rule, what came instead, and the whole exchange.

    Of a result from which something is withheld, what there is. The words are
    English unless others are given; in their language the rule is quoted too, and
    what the check says is told as far as there are forms for it.
    """
    words = words or Words(Language.ENGLISH)
    if result.broken is None:
        return harmless(result.reason)
    variant = f" [{result.variant}]" if result.variant else ""
    lines = wrap(f"{result.title}{variant}", "  ")
    if detail is Detail.ID:
        return harmless("\n".join(lines))
    lines += [*_rule(result.broken, specification, words)]
    lines += ["", *_difference(result.broken, words)]
    if result.broken.note:
        lines += ["", *wrap(told(result.broken.note, words.language), "  ")]
    if result.exchange:
        lines += ["", f"  {words('report.exchange')}", result.exchange]
    if result.output:
        lines += ["", f"  {words('report.output')}"]
        output = told_output(result.output, words.language)
        lines += [f"  {line}"[:WIDTH] for line in output.splitlines()]
    return harmless("\n".join(lines))


def _rule(broken: Broken, specification: Specification, words: Words) -> Iterator[str]:
    rule = specification.requirements.get(broken.rule)
    if rule is not None:
        yield ""
        role = words(f"role.{rule.role}")
        yield f"  {rule.id} · {rule.level} · {role} · {rule.section}"
        yield from wrap(f'"{rule.said_in(words.language).text}"', "    ")


def wrap(text: str, indent: str = "") -> list[str]:
    """The text as one paragraph of indented lines."""
    return textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_on_hyphens=False,  # an option is to be found again as it is
    )


def _difference(broken: Broken, words: Words) -> Iterator[str]:
    """Expected over received, with a caret under the first octet that differs."""
    if broken.expected:
        expected = told(broken.expected, words.language)
        yield from _beside(words("report.expected"), expected, words)
    if not broken.actual_is_octets or broken.at is None:
        octets = broken.actual_is_octets  # of the testee: they are in no language
        actual = broken.actual if octets else told(broken.actual, words.language)
        yield from _beside(words("report.received"), actual, words)
        return
    # Of a long line, the part around the difference is what matters.
    room = WIDTH - _BESIDE
    begin = max(0, broken.column - room // 2) if len(broken.actual) > room else 0
    dots = "..." if begin else ""
    shown = (dots + broken.actual[begin + len(dots) :])[:room]
    caret = " " * (_BESIDE + broken.column - begin) + "^ "
    yield f"  {words('report.received'):<10}{shown}"
    yield (caret + words("report.octet", number=broken.at))[:WIDTH]


def _beside(head: str, text: str, words: Words) -> Iterator[str]:
    room = WIDTH - _BESIDE
    most = _MOST_BESIDE * room
    hidden = len(text) - 2 * most
    ends = [text]
    if hidden > 0:
        ends = [text[:most], words("report.left_out", number=hidden), text[-most:]]
    parts = [
        part
        for end in ends
        for part in textwrap.wrap(
            end, room, drop_whitespace=False, break_on_hyphens=False
        )
    ]
    for index, part in enumerate(parts or [words("report.nothing")]):
        yield (" " * _BESIDE if index else f"  {head:<10}") + part


def tell_stability(repeated: Repeated, words: Words) -> list[str]:
    """What repeating a failing check has shown, in sentences."""
    stability = repeated.stability
    if stability is None:
        return []
    told = [words(f"stability.{stability}")]
    for place, counts in (
        ("in_the_run", repeated.verdicts),
        ("alone", repeated.alone),
    ):
        if counts:
            failed, runs = counts.get(Verdict.FAILED, 0), sum(counts.values())
            told.append(words(f"stability.{place}", failed=failed, runs=runs))
    return told
