"""A run in words: for people, in at most 80 columns."""

import textwrap

from batepapo_conformance.results import Broken, Result
from batepapo_conformance.spec import Specification

_WIDTH = 80


def draw_failure(result: Result, specification: Specification) -> str:
    """One failure at length: the rule, what came instead, and the whole exchange."""
    broken = result.broken
    if broken is None:
        return result.reason
    lines = [f"{broken.rule}: {result.title}"]
    if result.variant:
        lines[0] += f" [{result.variant}]"
    rule = specification.requirements.get(broken.rule)
    if rule is not None:
        head = f"{rule.id} · {rule.level} · {rule.role} · section {rule.section}"
        lines += ["", f"  {head}", *_quoted(rule.text)]
    lines += ["", *_difference(broken)]
    if broken.note:
        lines += [
            "",
            *textwrap.wrap(
                broken.note, _WIDTH - 2, initial_indent="  ", subsequent_indent="  "
            ),
        ]
    if result.exchange:
        lines += ["", "  The exchange (seconds, who, what):", result.exchange]
    if result.output:
        lines += ["", "  The testee's own output:"]
        lines += [line[:_WIDTH] for line in result.output.splitlines()]
    return "\n".join(lines)


def _quoted(text: str) -> list[str]:
    return textwrap.wrap(
        f'"{text}"', _WIDTH - 4, initial_indent="    ", subsequent_indent="    "
    )


def _difference(broken: Broken) -> list[str]:
    """Expected over actual, with a caret under the first octet that differs."""
    lines = [f"  expected  {broken.expected}", f"  received  {broken.actual}"]
    if broken.at is not None and broken.actual_is_octets:
        lines.append(" " * (12 + _column(broken)) + "^")
    return lines


def _column(broken: Broken) -> int:
    return broken.at or 0
