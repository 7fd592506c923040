"""What the zoo proves about the suite: which specimen is killed by which checks.

Nothing is run here (see `zoo.py`). As JSON, a matrix is an object of:

    format        "batepapo/kill-matrix/1"
    about         versions and platform: suite, python, platform
    began         when, in UTC, as ISO 8601 has it
    seconds       how long it all took
    seed          repeats the random choices
    complete      whether the whole zoo was tried: only then it is judged whether
                  a rule or a check is without a specimen
    renewed       object: when specimens were tried again after that, by name
    specimens     list, in the order of the zoo, of objects of:
        name, role, base, rule, legal, does, why    as in `batepapo_zoo.catalogue`
        verdict   "killed", "survived" or "blamed wrongly" of one that breaks a rule;
                  "passed" or "false alarm" of a legal one; "fault" if the suite
                  itself failed
        first     the id that is named first, or null
        failures  list, in the order of a report, of objects of: check, variant,
                  rule (the blamed id), level, requirements (the ids it cites)
        passed, unjudged    how many checks gave these verdicts
        left_out  how many checks were not run, since they reach nothing of what it
                  changes, and so cannot tell it from its reference
        faults    list of texts: what went wrong with the suite
        seconds   from its first check to its last
    references    list of the same for the references, where they were run as well
    requirements  list, by place in the specification, of objects of: id, role,
                  level, killers: list of objects of: specimen, check
    checks        list of objects of: name, role, requirements, kills: list of the
                  names of the specimens that fail it
    defects       list of objects of: kind (see `Kind`), subject, text
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from batepapo_conformance.results import Listed, Result, Verdict
from batepapo_conformance.settling import settle
from batepapo_conformance.spec import Level, Requirement, Specification
from batepapo_zoo.catalogue import Specimen

FORMAT: Final = "batepapo/kill-matrix/1"
"""What the JSON of a matrix says about itself."""


class Judgement(StrEnum):
    """What became of a specimen."""

    KILLED = "killed"
    SURVIVED = "survived"
    BLAMED_WRONGLY = "blamed wrongly"
    PASSED = "passed"
    FALSE_ALARM = "false alarm"
    FAULT = "fault"


class Kind(StrEnum):
    """What can be wrong with a suite, as its zoo shows it."""

    SURVIVOR = "survivor"
    """A specimen breaks a rule, and no check fails."""
    WRONG_ID = "wrong id"
    """The rule named first is not the one that is broken."""
    FALSE_ALARM = "false alarm"
    """A legal specimen fails."""
    FAULT = "fault"
    """The suite itself failed."""
    UNPROVEN_RULE = "unproven rule"
    """No specimen that breaks this MUST is killed by a check that cites it."""
    IDLE_CHECK = "idle check"
    """No specimen fails this check."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A check that a specimen failed, and the rule that was blamed for it."""

    check: str
    variant: str
    rule: str
    level: Level
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What all checks of its role said about one specimen."""

    specimen: Specimen
    failures: tuple[Failure, ...] = ()
    passed: int = 0
    unjudged: int = 0
    left_out: int = 0
    faults: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def run(self) -> int:
        """How many checks gave a verdict, or could not."""
        return self.passed + len(self.failures) + self.unjudged

    @property
    def first(self) -> str | None:
        """The id that is named first."""
        return self.failures[0].rule if self.failures else None

    @property
    def judgement(self) -> Judgement:
        """What became of it."""
        if self.faults or not self.passed + len(self.failures) + self.left_out:
            return Judgement.FAULT
        if self.specimen.legal:
            return Judgement.FALSE_ALARM if self.failures else Judgement.PASSED
        if self.first is None:
            return Judgement.SURVIVED
        right = self.first == self.specimen.rule
        return Judgement.KILLED if right else Judgement.BLAMED_WRONGLY


def trial(
    specimen: Specimen,
    results: Iterable[Result],
    faults: Sequence[str],
    specification: Specification,
) -> Trial:
    """Sum up what a run of the checks gave."""
    settled = settle(results, specification)
    failures = [
        Failure(one.name, one.variant, one.broken.rule, one.level, one.requirements)
        for one in settled
        if one.verdict is Verdict.FAILED and one.broken is not None
    ]
    of_checks = [
        f"{one.full_name}: {one.reason}"
        for one in settled
        if one.verdict is Verdict.FAULT
    ]
    return Trial(
        specimen=specimen,
        failures=tuple(failures),
        passed=sum(one.verdict is Verdict.PASSED for one in settled),
        unjudged=sum(one.verdict is Verdict.NO_VERDICT for one in settled),
        faults=(*faults, *of_checks),
    )


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that keeps the suite from being proven."""

    kind: Kind
    subject: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KillMatrix:
    """All trials, the rules and checks that they are to prove, and what is lacking.

    Attributes:
        trials: of each specimen that was tried.
        requirements: those of the specification, in its order.
        checks: of both roles.
        complete: whether the whole zoo was tried.
        references: trials of the references themselves.
    """

    trials: Sequence[Trial]
    requirements: Sequence[Requirement]
    checks: Sequence[Listed]
    complete: bool
    references: Sequence[Trial] = ()

    def killers(self, rule: str, role: str) -> list[tuple[str, str]]:
        """The specimens that break a rule, with each check citing it that kills it."""
        return [
            (one.specimen.name, check)
            for one in self._wrong(role)
            if one.specimen.rule == rule
            for check in _citing(one.failures, rule)
        ]

    def kills(self, check: Listed) -> list[str]:
        """The specimens that fail a check."""
        return [
            one.specimen.name
            for one in self._wrong(check.role)
            if any(failure.check == check.name for failure in one.failures)
        ]

    def _wrong(self, role: str) -> Iterator[Trial]:
        for one in self.trials:
            if one.specimen.role == role and not one.specimen.legal:
                yield one

    def defects(self) -> list[Defect]:
        """What is lacking, the worst first."""
        every = [*self.references, *self.trials]
        found = [defect for one in every for defect in _defects(one)]
        if self.complete:
            found += self._unproven()
        kinds = list(Kind)
        return sorted(found, key=lambda defect: kinds.index(defect.kind))

    def _unproven(self) -> Iterator[Defect]:
        for role in ("server", "client"):
            for one in self.requirements:
                must = one.level is Level.MUST and one.binds(role)
                if must and not self.killers(one.id, role):
                    text = f"no wrong {role} is killed by a check that cites it"
                    yield Defect(Kind.UNPROVEN_RULE, one.id, text)
        for check in self.checks:
            if not self.kills(check):
                text = f"no wrong {check.role} fails it"
                yield Defect(Kind.IDLE_CHECK, check.name, text)

    def as_json(self) -> dict[str, Any]:
        """Plain data, without what only a run can know (see `zoo.py`)."""
        return {
            "format": FORMAT,
            "complete": self.complete,
            "specimens": [_trial_as_json(one) for one in self.trials],
            "references": [_trial_as_json(one) for one in self.references],
            "requirements": [
                {
                    "id": one.id,
                    "role": role,
                    "level": one.level,
                    "killers": [
                        {"specimen": name, "check": check}
                        for name, check in self.killers(one.id, role)
                    ],
                }
                for one in self.requirements
                for role in ("server", "client")
                if one.binds(role)
            ],
            "checks": [
                {
                    "name": check.name,
                    "role": check.role,
                    "requirements": list(check.ids),
                    "kills": self.kills(check),
                }
                for check in self.checks
            ],
            "defects": [asdict(one) for one in self.defects()],
        }


def trials_from_json(
    data: Mapping[str, Any], known: Mapping[str, Specimen]
) -> list[Trial]:
    """The trials that a matrix holds, but for specimens that are no longer known."""
    return [
        _trial_from_json(one, known[one["name"]])
        for one in data["specimens"]
        if one["name"] in known
    ]


def _trial_from_json(data: Mapping[str, Any], specimen: Specimen) -> Trial:
    failures = [
        Failure(
            one["check"],
            one["variant"],
            one["rule"],
            Level(one["level"]),
            tuple(one["requirements"]),
        )
        for one in data["failures"]
    ]
    counts = {name: data[name] for name in ("passed", "unjudged", "left_out")}
    return Trial(
        specimen=specimen,
        failures=tuple(failures),
        faults=tuple(data["faults"]),
        seconds=data["seconds"],
        **counts,
    )


def _citing(failures: Iterable[Failure], rule: str) -> list[str]:
    checks = (one.check for one in failures if rule in one.requirements)
    return list(dict.fromkeys(checks))


def _defects(one: Trial) -> Iterator[Defect]:
    name, first = one.specimen.name, one.first
    match one.judgement:
        case Judgement.SURVIVED:
            text = f"breaks {one.specimen.rule}, and no check fails"
            yield Defect(Kind.SURVIVOR, name, text)
        case Judgement.BLAMED_WRONGLY:
            text = f"breaks {one.specimen.rule}, but {first} is named first"
            yield Defect(Kind.WRONG_ID, name, f"{text}, by {one.failures[0].check}")
        case Judgement.FALSE_ALARM:
            failed = one.failures[0]
            text = f"is legal ({one.specimen.rule}), but fails {failed.check}"
            yield Defect(Kind.FALSE_ALARM, name, f"{text}, for {failed.rule}")
        case Judgement.FAULT:
            said = one.faults[0] if one.faults else "no check gave a verdict"
            yield Defect(Kind.FAULT, name, said.strip().splitlines()[-1])
        case Judgement.KILLED | Judgement.PASSED:
            pass


def _trial_as_json(one: Trial) -> Mapping[str, Any]:
    specimen = one.specimen
    return {
        "name": specimen.name,
        "role": specimen.role,
        "base": specimen.base,
        "rule": specimen.rule,
        "legal": specimen.legal,
        "does": dict(specimen.does),
        "why": dict(specimen.why),
        "verdict": one.judgement,
        "first": one.first,
        "failures": [
            {**asdict(failure), "requirements": list(failure.requirements)}
            for failure in one.failures
        ],
        "passed": one.passed,
        "unjudged": one.unjudged,
        "left_out": one.left_out,
        "faults": list(one.faults),
        "seconds": round(one.seconds, 3),
    }
