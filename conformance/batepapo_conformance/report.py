"""A run told on a terminal, in at most 80 columns; or as JSON for programs."""

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from batepapo_conformance import saved
from batepapo_conformance.detail import Detail
from batepapo_conformance.phrases import told
from batepapo_conformance.results import Likeness, Listed, Result, Run, Status, Verdict
from batepapo_conformance.spec import Level, Specification
from batepapo_conformance.story import (
    WIDTH,
    draw_failure,
    harmless,
    tell_stability,
)
from batepapo_conformance.words import Language, Words

_NAMED: Final = 8  # further checks of one rule that are named


class Reporter:
    """Tells about runs, in English unless given other words."""

    def __init__(
        self, out: TextIO, specification: Specification, words: Words | None = None
    ) -> None:
        self._specification = specification
        self._words = words or Words(Language.ENGLISH)
        self._out = out
        width = WIDTH if not out.isatty() else None
        self._console = Console(
            file=out, width=width, highlight=False, soft_wrap=True, emoji=False
        )

    def tell(self, run: Run) -> None:
        """The whole run: failures at length, then what came out."""
        role = self._words(f"role.{run.role}")
        self._say(self._words("report.head", role=role, testee=run.testee), "bold")
        for group in _by_rule(run.failures()):
            self._failure(group, Detail(run.detail))
        self._diagnosis(run.diagnosis)
        self._setbacks(run)
        if run.results:
            self._summary(run)
            self._repetition(run)
        if run.trouble:
            self._say()
            self._wrapped(self._words("report.no_verdict", why=run.trouble), "yellow")
        self._end(run)

    def as_json(self, run: Run) -> None:
        """The whole run as one JSON object."""
        self._out.write(json.dumps(saved.as_json(run), indent=1) + "\n")

    def tell_list(self, listed: Sequence[Listed], *, as_json: bool) -> None:
        """Every check: its name and the ids that it cites."""
        if as_json:
            json.dump([asdict(one) for one in listed], self._out, indent=1)
            self._out.write("\n")
            return
        for one in listed:
            times = f" ({len(one.variants)} x)" if one.variants else ""
            self._say(one.name)
            self._wrapped(", ".join(one.ids) + times, "dim", indent="    ")
        self._say(self._words.count("check", len(listed)))

    # ---- parts of the report -------------------------------------------------

    def _failure(self, group: Sequence[Result], detail: Detail) -> None:
        first = group[0]
        count = self._words.count("check", len(group))
        rule = first.broken.rule if first.broken else ""
        style = "bold red" if first.level is Level.MUST else "bold yellow"
        self._say()
        self._say(
            self._words("report.broken", rule=rule, level=first.level, count=count),
            style,
        )
        self._say()
        story = draw_failure(first, self._specification, self._words, detail)
        for line in story.splitlines():
            self._say(line)
        if first.repeated is not None:
            self._say()
            for sentence in tell_stability(first.repeated, self._words):
                self._wrapped(sentence, "magenta", indent="  ")
        if first.again:
            self._say()
            self._say(f"  {self._words('report.again')}")
            # A command is never broken: it is there to be copied.
            self._say(f"    {first.again}", "cyan")
        others = list(dict.fromkeys(one.full_name for one in group[1:]))
        self._names("report.also", others)

    def _names(self, head: str, names: list[str]) -> None:
        if names:
            self._say(f"  {self._words(head)}")
        for name in names[:_NAMED]:
            self._say(f"    {name}")
        if len(names) > _NAMED:
            more = self._words("report.more", number=len(names) - _NAMED)
            self._say(f"    {more}")

    def _diagnosis(self, likenesses: Sequence[Likeness]) -> None:
        if likenesses:
            self._say()
            self._say(self._words("diagnosis.head"), "bold cyan")
        for one in likenesses:
            language = str(self._words.language)
            self._say()
            does = self._words("diagnosis.like", does=one.does[language])
            self._wrapped(does, "bold", indent="  ")
            self._wrapped(one.why[language], indent="    ")
            specimen = self._words(
                "diagnosis.specimen",
                specimen=one.specimen,
                rule=one.rule,
                percent=round(100 * one.likeness),
            )
            self._wrapped(specimen, "dim", indent="    ")

    def _setbacks(self, run: Run) -> None:
        for result in run.results:
            if result.verdict is Verdict.KNOWN_FAILURE:
                rule = result.broken.rule if result.broken else ""
                name = result.full_name
                head = self._words("report.known_failure", rule=rule, check=name)
                self._wrapped(head, "yellow")
                self._wrapped(result.reason, indent="    ")
            elif result.verdict is Verdict.FAULT:
                head = self._words("report.fault_in", check=result.full_name)
                self._fault(head, result.reason)
        for fault in run.faults:
            self._fault(self._words("report.fault"), fault)
        for one in run.unexpected:
            passed = self._words("report.unexpected", name=one.name, reason=one.reason)
            self._wrapped(passed, "bold yellow")
        self._without_verdict(run)

    def _fault(self, head: str, story: str) -> None:
        self._say()
        self._say(head, "bold magenta")
        self._say(textwrap.indent(story, "    "))

    def _without_verdict(self, run: Run) -> None:
        reasons: dict[str, list[str]] = {}
        for result in run.results:
            if result.verdict is Verdict.NO_VERDICT:
                reasons.setdefault(result.reason, []).append(result.requirements[0])
        if reasons:
            self._say()
            self._say(self._words("report.without_verdict"))
        for reason, ids in reasons.items():
            if reason:  # it may be held back
                said = told(reason, self._words.language)
                self._wrapped(f"{len(ids)} x {said}", indent="    ")
            self._wrapped(f"({', '.join(dict.fromkeys(ids))})", indent="        ")

    def _summary(self, run: Run) -> None:
        kinds = [Verdict.PASSED, Verdict.FAILED, Verdict.KNOWN_FAILURE]
        kinds.append(Verdict.NO_VERDICT)
        names = [self._words(f"verdict.{kind.name.lower()}") for kind in kinds]
        self._say()
        self._say("          " + "".join(f"{name:>16}" for name in names))
        for level in Level:
            counts = "".join(f"{run.count(kind, level):>16}" for kind in kinds)
            self._say(f"{level:<10}{counts}")

    def _repetition(self, run: Run) -> None:
        if run.times == 1:
            return
        differing = run.differing()
        key = "stability.rate" if differing else "stability.steady"
        rate = self._words(
            key,
            times=run.times,
            differing=len(differing),
            total=len(run.results),
        )
        self._say()
        self._wrapped(rate, "magenta" if differing else "")
        self._names("stability.differing", [one.full_name for one in differing])

    def _end(self, run: Run) -> None:
        self._say()
        rules = run.broken_rules()
        if rules:
            told = self._words("report.most_basic_first", rules=", ".join(rules))
            self._wrapped(told, "bold red")
        if run.detail != Detail.FULL:
            self._wrapped(self._words("report.withheld"))
        elif rules and self._words.language is not Language.ENGLISH:
            self._wrapped(self._words("report.quoted"), "dim")
        self._wrapped(
            self._words(
                "report.end" if run.seed is not None else "report.end_without_seed",
                count=self._words.count("check", len(run.results)),
                seconds=f"{run.seconds:.1f}",
                seed=run.seed,
                status=self._words(f"status.{run.status.name.lower()}"),
                number=int(run.status),
            ),
            "bold green" if run.status is Status.PASSED else "bold",
        )

    def _say(self, text: str = "", style: str = "") -> None:
        # As `Text`, so that nothing from a testee is taken for markup.
        self._console.print(Text(harmless(text), style=style))

    def _wrapped(self, text: str, style: str = "", indent: str = "") -> None:
        for line in text.splitlines():
            further = indent + " " * (len(line) - len(line.lstrip()))
            for part in textwrap.wrap(
                line.strip(), WIDTH, initial_indent=further, subsequent_indent=further
            ):
                self._say(part, style)


def _by_rule(failures: Iterable[Result]) -> Iterator[list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in failures:
        groups.setdefault(result.broken.rule if result.broken else "", []).append(
            result
        )
    yield from groups.values()
