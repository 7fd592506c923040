"""The suite's own flake rate: the references, again and again.

A check of a program that does nothing wrong has one verdict. If it ever has
another one, that is the suite's fault or the reference's, and no student's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from batepapo_conformance.check import Request, run
from batepapo_conformance.progress import Progress
from batepapo_conformance.report import Reporter
from batepapo_conformance.results import Run, Status
from batepapo_conformance.spec import load
from batepapo_conformance.words import Words

FORMAT: Final = "batepapo/flakes/1"
"""What the JSON of a measurement says about itself."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out for one reference."""

    implementation: str
    run: Run

    @property
    def rate(self) -> float:
        """Of its checks, the part that did not always give the same verdict."""
        checks = len(self.run.results)
        return len(self.run.differing()) / checks if checks else 0.0

    @property
    def status(self) -> Status:
        """As of the run; that a check differs is a failure of a MUST here."""
        if self.run.status is Status.PASSED and self.run.differing():
            return Status.FAILED
        return self.run.status


def measure(
    requests: Sequence[Request], words: Words, out: TextIO, silent: bool
) -> list[Measured]:
    """Run each request, which names an implementation and says how often.

    Progress goes to `out`, unless it is to be silent.
    """
    measured = []
    for request in requests:
        if not silent:
            role = words(f"role.{request.role}")
            print(f"{role} {request.implementation}", file=out, flush=True)
        done = run(request, Progress(out, silent, words), words)
        measured.append(Measured(str(request.implementation), done))
        if done.trouble:  # interrupted, for instance
            break
    return measured


def as_json(measured: Sequence[Measured]) -> dict[str, Any]:
    """What was measured as plain data for programs."""
    return {
        "format": FORMAT,
        "status": int(status(measured)),
        "references": [
            {
                "role": str(one.run.role),
                "implementation": one.implementation,
                "times": one.run.times,
                "checks": len(one.run.results),
                "differing": [result.full_name for result in one.run.differing()],
                "flake_rate": one.rate,
                "status": int(one.status),
                "seed": one.run.seed,
                "seconds": round(one.run.seconds, 3),
            }
            for one in measured
        ],
    }


def tell(measured: Sequence[Measured], words: Words, out: TextIO) -> None:
    """Tell a line a reference, and at length whatever was not as it should be."""
    reporter = Reporter(out, load(), words)
    for one in measured:
        if one.status is not Status.PASSED:
            reporter.tell(one.run)
    for one in measured:
        told = words(
            "flakes.rate",
            role=words(f"role.{one.run.role}"),
            implementation=one.implementation,
            times=one.run.times,
            checks=words.count("check", len(one.run.results)),
            seconds=f"{one.run.seconds:.0f}",
            differing=len(one.run.differing()),
            percent=f"{100 * one.rate:.2f}",
        )
        print(told, file=out)


def status(measured: Sequence[Measured]) -> Status:
    """The exit status: that of the worst."""
    return max((one.status for one in measured), default=Status.NO_VERDICT)
