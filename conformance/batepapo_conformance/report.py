"""A run in words, in at most 80 columns; or as JSON for programs."""

import json
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TextIO

from rich.console import Console
from rich.text import Text

from batepapo_conformance.results import Broken, Listed, Result, Run, Status, Verdict
from batepapo_conformance.spec import Level, Specification

_WIDTH = 80
_BESIDE = 12  # "  expected  "
_NAMED = 8  # further checks of one rule that are named
_STATUS = {
    Status.PASSED: "passed",
    Status.FAILED: "a MUST failed",
    Status.NO_VERDICT: "no verdict",
    Status.FAULT: "a fault of the suite itself",
}


class Reporter:
    """Tells about runs. `again` gives the command that repeats one check."""

    def __init__(
        self,
        out: TextIO,
        specification: Specification,
        again: Callable[[str, int], str] = lambda name, seed: f"{name}, seed {seed}",
    ) -> None:
        self._specification = specification
        self._again = again
        self._out = out
        width = _WIDTH if not out.isatty() else None
        self._console = Console(
            file=out, width=width, highlight=False, soft_wrap=True, emoji=False
        )

    def tell(self, run: Run) -> None:
        """The whole run: failures at length, then what came out."""
        self._say(f"Bate-papo, {run.role}: {run.testee}", "bold")
        for group in _by_rule(run.failures()):
            self._failure(group)
        self._setbacks(run)
        if run.results:
            self._summary(run)
        if run.trouble:
            self._say()
            self._wrapped(f"No verdict: {run.trouble}", "yellow")
        self._end(run)

    def as_json(self, run: Run) -> None:
        """The whole run as one JSON object."""
        data = {
            "role": run.role,
            "testee": run.testee,
            "seed": run.seed,
            "seconds": round(run.seconds, 3),
            "about": dict(run.about),
            "status": int(run.status),
            "trouble": run.trouble,
            "faults": list(run.faults),
            "broken": list(_rules(run.failures())),
            "unexpected_passes": [asdict(one) for one in run.unexpected],
            "results": [
                one.as_json() | {"again": self._again(one.case, one.seed)}
                for one in run.results
            ],
        }
        json.dump(data, self._out, indent=1)
        self._out.write("\n")

    def list(self, listed: "Sequence[Listed]", *, as_json: bool) -> None:
        """Every check: its name and the ids that it cites."""
        if as_json:
            json.dump([asdict(one) for one in listed], self._out, indent=1)
            self._out.write("\n")
            return
        for one in listed:
            times = f" ({len(one.variants)} variants)" if one.variants else ""
            self._say(one.name)
            self._wrapped(", ".join(one.ids) + times, "dim", indent="    ")
        self._say(f"{len(listed)} checks")

    # ---- parts of the report -------------------------------------------------

    def _failure(self, group: Sequence[Result]) -> None:
        first = group[0]
        rule = first.broken.rule if first.broken else ""
        self._say()
        count = f"{len(group)} check{'s' * (len(group) > 1)}"
        head = f"{rule} is broken ({first.level}, {count})"
        self._say(head, "bold red" if first.level is Level.MUST else "bold yellow")
        self._say()
        for line in draw_failure(first, self._specification).splitlines():
            self._say(line)
        self._say()
        self._say("  Again, just this check:")
        # A command is never broken: it is there to be copied.
        self._say(f"    {self._again(first.case, first.seed)}", "cyan")
        others = list(dict.fromkeys(one.full_name for one in group[1:]))
        if others:
            self._say("  The same rule is broken in:")
        for name in others[:_NAMED]:
            self._say(f"    {name}")
        if len(others) > _NAMED:
            self._say(f"    and {len(others) - _NAMED} more")

    def _setbacks(self, run: Run) -> None:
        for result in run.results:
            if result.verdict is Verdict.KNOWN_FAILURE:
                rule = result.broken.rule if result.broken else ""
                self._wrapped(
                    f"Known failure of {rule} in {result.full_name}:", "yellow"
                )
                self._wrapped(result.reason, indent="    ")
            elif result.verdict is Verdict.FAULT:
                self._say()
                self._say(f"Fault of the suite in {result.full_name}:", "bold magenta")
                self._say(textwrap.indent(result.reason, "    "))
        for fault in run.faults:
            self._say()
            self._say("Fault of the suite:", "bold magenta")
            self._say(textwrap.indent(fault, "    "))
        for one in run.unexpected:
            self._wrapped(
                f"Unexpected pass: {one.name} is a known failure no more"
                f" ({one.reason}).",
                "bold yellow",
            )
        self._without_verdict(run)

    def _without_verdict(self, run: Run) -> None:
        reasons: dict[str, list[str]] = {}
        for result in run.results:
            if result.verdict is Verdict.NO_VERDICT:
                reasons.setdefault(result.reason, []).append(result.requirements[0])
        if reasons:
            self._say()
            self._say("No verdict:")
        for reason, ids in reasons.items():
            self._wrapped(f"{len(ids)} x {reason}", indent="    ")
            self._wrapped(f"({', '.join(dict.fromkeys(ids))})", indent="        ")

    def _summary(self, run: Run) -> None:
        kinds = [Verdict.PASSED, Verdict.FAILED, Verdict.KNOWN_FAILURE]
        kinds.append(Verdict.NO_VERDICT)
        self._say()
        self._say("          " + "".join(f"{kind:>15}" for kind in kinds))
        for level in Level:
            counts = "".join(f"{run.count(kind, level):>15}" for kind in kinds)
            self._say(f"{level:<10}{counts}")

    def _end(self, run: Run) -> None:
        self._say()
        rules = list(_rules(run.failures()))
        if rules:
            self._wrapped(f"Broken, most basic first: {', '.join(rules)}", "bold red")
        self._say(
            f"{len(run.results)} checks in {run.seconds:.1f} s, seed {run.seed}:"
            f" {_STATUS[run.status]} (exit status {run.status:d})",
            "bold green" if run.status is Status.PASSED else "bold",
        )

    def _say(self, text: str = "", style: str = "") -> None:
        # As `Text`, so that nothing from a testee is taken for markup.
        self._console.print(Text(harmless(text), style=style))

    def _wrapped(self, text: str, style: str = "", indent: str = "") -> None:
        for line in text.splitlines():
            further = indent + " " * (len(line) - len(line.lstrip()))
            for part in textwrap.wrap(
                line.strip(), _WIDTH, initial_indent=further, subsequent_indent=further
            ):
                self._say(part, style)


def _by_rule(failures: Iterable[Result]) -> Iterator[list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in failures:
        groups.setdefault(result.broken.rule if result.broken else "", []).append(
            result
        )
    yield from groups.values()


def _rules(failures: Iterable[Result]) -> dict[str, None]:
    return dict.fromkeys(one.broken.rule for one in failures if one.broken)


def harmless(text: str) -> str:
    """Text without anything that a terminal obeys, or that has no encoding."""
    return "".join(
        letter
        if letter.isprintable() or letter == "\n"
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def draw_failure(result: Result, specification: Specification) -> str:
    """One failure at length: the rule, what came instead, and the whole exchange."""
    broken = result.broken
    if broken is None:
        return result.reason
    variant = f" [{result.variant}]" if result.variant else ""
    lines = _wrap(f"{result.title}{variant}", "  ")
    rule = specification.requirements.get(broken.rule)
    if rule is not None:
        lines += ["", f"  {rule.id} · {rule.level} · {rule.role} · {rule.section}"]
        lines += _wrap(f'"{rule.text}"', "    ")
    lines += ["", *_difference(broken)]
    if broken.note:
        lines += ["", *_wrap(broken.note, "  ")]
    if result.exchange:
        lines += ["", "  The exchange (seconds, who, what):", result.exchange]
    if result.output:
        lines += ["", "  The testee's own output:"]
        lines += [f"  {line}"[:_WIDTH] for line in result.output.splitlines()]
    return harmless("\n".join(lines))


def _wrap(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()), _WIDTH, initial_indent=indent, subsequent_indent=indent
    )


def _difference(broken: Broken) -> list[str]:
    """Expected over received, with a caret under the first octet that differs."""
    room = _WIDTH - _BESIDE
    if not broken.actual_is_octets or broken.at is None:
        return [
            *_beside("expected", broken.expected),
            *_beside("received", broken.actual),
        ]
    # Of a long line, the part around the difference is what matters.
    begin = max(0, broken.column - room // 2) if len(broken.actual) > room else 0
    dots = "..." if begin else ""
    shown = (dots + broken.actual[begin + len(dots) :])[:room]
    caret = " " * (_BESIDE + broken.column - begin) + "^"
    return [
        *_beside("expected", broken.expected),
        f"  received  {shown}",
        f"{caret} octet {broken.at}"[:_WIDTH],
    ]


def _beside(head: str, text: str) -> list[str]:
    parts = textwrap.wrap(
        text, _WIDTH - _BESIDE, drop_whitespace=False, break_on_hyphens=False
    ) or ["(nothing)"]
    return [
        (f"  {head:<10}" if not index else " " * _BESIDE) + part
        for index, part in enumerate(parts)
    ]
