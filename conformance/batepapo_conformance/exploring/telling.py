"""What an exploration or a fuzzer found: for people, for programs, as a session.

As JSON, `batepapo/exploration/1`: what was asked (`what`, `role`, `testee`, `seed`),
how much was tried (`counts`, `seconds`), `status` (that of the program), `trouble` and
`fault` (empty, or why there is no verdict), and `failure`: null, or a result as in
`batepapo/result/1`, and besides how often it was `seen` of so many `confirmations`, the
`session` as steps of a transcript, where that was `saved`, and how to do it `again`.
"""

import json
import os
import shlex
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from batepapo_conformance.exploring.explore import CONFIRMATIONS, Failure
from batepapo_conformance.exploring.transcribe import transcribe, transcript
from batepapo_conformance.model.lookahead import TooManyWorlds
from batepapo_conformance.results import Broken, Result, Status, Verdict
from batepapo_conformance.spec import Level, load
from batepapo_conformance.story import WIDTH, draw_failure, harmless, wrap
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Words

FORMAT: Final = "batepapo/exploration/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One exploration or one run of a fuzzer, to be told.

    Attributes:
        what: "explore" or "fuzz".
        role: of the testee.
        testee: the program, as it was said on the command line.
        seed: repeats the choices.
        seconds: how long it took.
        counts: how much was tried, by the key of the words for it.
        failure: the shortest failure, if there was any.
        again: the command that repeats it all.
        saved: where the session of the failure is.
        trouble: why there is no verdict.
        fault: what went wrong with the suite itself.
    """

    what: str
    role: Role
    testee: Sequence[str]
    seed: int
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    failure: Failure | None = None
    again: Sequence[str] = ()
    saved: Path | None = None
    trouble: str = ""
    fault: str = ""

    @property
    def status(self) -> Status:
        """The exit status that says it."""
        if self.fault:
            return Status.FAULT
        if self.trouble:
            return Status.NO_VERDICT
        if self.failure is None:
            return Status.PASSED
        rule = load().requirements.get(self.failure.broken.rule)
        serious = rule is None or rule.level is Level.MUST
        return Status.FAILED if serious else Status.PASSED


def save(failure: Failure, path: Path, title: str) -> bool:
    """Save a failure as a session; whether it can be written down as one.

    Raises:
        OSError: the file cannot be written.
    """
    broken = failure.broken
    came = Broken.from_exception(broken)
    comment = f"{broken.rule}: expected {came.expected}\ncame: {came.actual}"
    try:
        text = transcript(
            failure.steps, title=title, shows=[broken.rule], comment=comment
        )
    except TooManyWorlds:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def command_line(words: Sequence[str]) -> str:
    """Give words as a command to be copied into the shell of this system."""
    if os.name == "nt":
        return subprocess.list2cmdline(words)
    return shlex.join(words)


def tell(told: Told, words: Words, out: TextIO) -> None:
    """Tell it to people, in at most 80 columns but for commands."""
    role = words(f"role.{told.role}")
    lines = [
        words("report.head", role=role, testee=command_line(told.testee)),
        "",
    ]
    if told.failure is not None:
        lines += [*_failure(told, told.failure, words), ""]
    if told.trouble:
        lines += [*wrap(words("report.no_verdict", why=told.trouble)), ""]
    if told.fault:
        lines += [words("report.fault"), textwrap.indent(told.fault, "    "), ""]
    counts = [words.count(f"{told.what}.{key}", n) for key, n in told.counts.items()]
    status = words(f"status.{told.status.name.lower()}")
    end = words(
        "explore.end" if counts else "explore.end_without",
        counts=", ".join(counts),
        seconds=f"{told.seconds:.1f}",
        seed=told.seed,
        status=status,
        number=int(told.status),
    )
    out.write(harmless("\n".join([*lines, *wrap(end)])) + "\n")


def _failure(told: Told, failure: Failure, words: Words) -> list[str]:
    rule = load().requirements.get(failure.broken.rule)
    level = Level.MUST if rule is None else rule.level
    lines = [words("explore.broken", rule=failure.broken.rule, level=level), ""]
    lines += draw_failure(as_result(told.what, failure), load(), words).splitlines()
    key = "explore.seen" if failure.seen else "explore.unseen"
    seen = words(key, seen=failure.seen, times=CONFIRMATIONS)
    lines += ["", *wrap(seen, "  ")]
    steps = session(failure)
    lines += ["", f"  {words('explore.course')}"] if steps else []
    for step in steps:
        lines += textwrap.wrap(
            step, WIDTH, initial_indent="    ", subsequent_indent="      "
        )
    if told.saved is not None:
        replay = ["batepapo", "replay", str(told.saved)]
        again = command_line([*replay, *told.testee])
        lines += ["", f"  {words('explore.saved')}", f"    {again}"]
        by_hand = command_line([*replay, "--as-nc"])
        lines += ["", f"  {words('explore.by_hand')}", f"    {by_hand}"]
    if told.again:
        lines += ["", f"  {words('explore.again')}", f"    {command_line(told.again)}"]
    return lines


def session(failure: Failure) -> list[str]:
    """Give the steps of a failure as those of a transcript, or none."""
    try:
        return transcribe(failure.steps)
    except TooManyWorlds:
        return []


def as_result(name: str, failure: Failure) -> Result:
    """Give a failure in the form in which those of checks are told."""
    rule = load().requirements.get(failure.broken.rule)
    return Result(
        name=name,
        variant="",
        file="",
        requirements=(failure.broken.rule,),
        level=Level.MUST if rule is None else rule.level,
        section="" if rule is None else rule.section,
        sentence="",
        verdict=Verdict.FAILED,
        broken=Broken.from_exception(failure.broken),
        exchange=failure.exchange,
        events=failure.events,
        output=failure.death,
    )


def as_json(told: Told, out: TextIO) -> None:
    """Tell it to programs, as one JSON object."""
    data: dict[str, Any] = {
        "format": FORMAT,
        "what": told.what,
        "role": str(told.role),
        "testee": list(told.testee),
        "seed": told.seed,
        "seconds": round(told.seconds, 3),
        "counts": dict(told.counts),
        "status": int(told.status),
        "trouble": told.trouble,
        "fault": told.fault,
        "failure": None,
    }
    if told.failure is not None:
        data["failure"] = {
            **as_result(told.what, told.failure).as_json(),
            "seen": told.failure.seen,
            "confirmations": CONFIRMATIONS,
            "session": session(told.failure),
            "saved": None if told.saved is None else str(told.saved),
            "again": command_line(told.again),
        }
    out.write(json.dumps(data, indent=1) + "\n")
