"""Runs of every kind, made by hand, for the tests of the forms."""

from dataclasses import replace
from typing import Any

from batepapo_conformance.exchange import Event, Kind
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.results import (
    Broken,
    Likeness,
    Repeated,
    Result,
    Run,
    Unexpected,
    Verdict,
)
from batepapo_conformance.spec import load

NASTY = "\x1b[2J\x00 <b>[bold]]]> & \ud800 \u202e"
SECRET = "PUBLICA <time> ana@- :o segredo"  # what was expected


def result(
    rule: str, verdict: Verdict = Verdict.PASSED, name: str = "", **more: Any
) -> Result:
    """A result of a check that cites `rule`, and blames it if it failed."""
    requirement = load().requirements[rule]
    broken = RuleBroken(rule, SECRET, b"PUBLICA 12h ana@- :\x1b\r", NASTY)
    failed = verdict in (Verdict.FAILED, Verdict.KNOWN_FAILURE)
    default = Result(
        name=name or f"test_of_{rule.lower().replace('-', '_')}",
        variant="",
        file="test_05.py",
        requirements=(rule,),
        level=requirement.level,
        section=requirement.section,
        sentence=requirement.text,
        verdict=verdict,
        broken=Broken.from_exception(broken) if failed else None,
        seconds=0.25,
        seed=4711,
        again="batepapo check server --only test_x --seed 4711",
        exchange="   0.001  ana        ->    :oi" if failed else "",
        events=(
            Event(0.001, "ana", Kind.NOTE, text="connects"),
            Event(0.002, "ana", Kind.RECEIVED, b"BATEPAPO 1 x\n", 13),
            Event(0.003, "ana", Kind.SENT, b":oi\xff\n", 5, pieces=5),
        )
        if failed
        else (),
        output=f"server, its end:\n  oops {NASTY}" if failed else "",
    )
    return replace(default, **more)


def run(*results: Result, **more: Any) -> Run:
    """A run that gave these results."""
    default = Run(
        role="server",
        testee="--command 'x {address} {port}'",
        seed=4711,
        results=results,
        seconds=1.5,
        about={"suite": "0.1.0", "platform": NASTY},
        began="2026-11-21T10:00:00Z",
    )
    return replace(default, **more)


PASSING = run(result("GREET-1"), result("PUBLIC-1"), result("RUN-5"))
FAILING = run(
    result("GREET-1"),
    result("PUBLIC-1", Verdict.FAILED),
    result(
        "PRIVATE-1", Verdict.FAILED, broken=result("PUBLIC-1", Verdict.FAILED).broken
    ),
    diagnosis=[
        Likeness(
            specimen="no_echo",
            rule="PUBLIC-1",
            likeness=0.93,
            does={"en": "forgets its sender", "pt": "se esquece de quem enviou"},
            why={"en": "A reason in English.", "pt": "Uma razão em português."},
        )
    ],
)
SHOULD_ONLY = run(result("GREET-1"), result("RUN-5", Verdict.FAILED))
FLAKY = run(
    result("GREET-1", repeated=Repeated({Verdict.PASSED: 5})),
    result(
        "PUBLIC-1",
        Verdict.FAILED,
        repeated=Repeated({Verdict.PASSED: 4, Verdict.FAILED: 1}, {Verdict.PASSED: 5}),
    ),
    times=5,
)
NO_VERDICT = run(result("GREET-1", Verdict.NO_VERDICT, reason=f"no option {NASTY}"))
NOT_STARTED = run(trouble="the testee ended with status 1")
FAULTY = run(
    result("GREET-1", Verdict.FAULT, reason=f"Traceback {NASTY}"),
    faults=[f"a worker died {NASTY}"],
)
KNOWN = run(
    result("GREET-1"),
    result("SLOW-1", Verdict.KNOWN_FAILURE, reason=f"later {NASTY}"),
    unexpected=[Unexpected("GREET-1", "not yet")],
)

EVERY_KIND = {
    "passing": PASSING,
    "failing": FAILING,
    "should only": SHOULD_ONLY,
    "flaky": FLAKY,
    "no verdict": NO_VERDICT,
    "not started": NOT_STARTED,
    "faulty": FAULTY,
    "known": KNOWN,
}
