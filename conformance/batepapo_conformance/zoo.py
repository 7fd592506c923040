"""`batepapo zoo`: every specimen through all checks, and what that proves."""

import functools
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.kill_matrix import (
    FORMAT,
    Defect,
    Judgement,
    KillMatrix,
    Kind,
    Trial,
    trial,
    trials_from_json,
)
from batepapo_conformance.results import Result, Status, about
from batepapo_conformance.spec import load
from batepapo_conformance.trials import Extent, Tried, try_all
from batepapo_zoo.catalogue import Specimen, specimens

# Most of the time a specimen waits, or is waited for.
_JOBS_PER_CORE: Final = 10
_GROUPS: Final = ("server", "client", "legal")
_GOOD: Final = (Judgement.KILLED, Judgement.PASSED)
_TOLD_EVERY: Final = 10
_TRIES: Final = 3  # of what a sample has missed


class NoSuchSpecimen(Exception):
    """What was asked for is not in the zoo: the user's fault."""


class NoMatrix(Exception):
    """A file that should hold a kill matrix does not: the user's fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the user asks for.

    Attributes:
        only: names of specimens, ids, "server", "client" or "legal"; all if empty.
        checks: which checks, as `--only` of `batepapo check`; all if empty.
        jobs: how many processes run checks at the same time.
        seed: repeats the random choices.
        extent: how much of the suite each specimen goes through.
    """

    only: Sequence[str] = ()
    checks: Sequence[str] = ()
    jobs: int | None = None
    seed: int | None = None
    extent: Extent = Extent.WHOLE


def visit(
    asked: Visit, *, out: TextIO, json_file: Path | None = None, renew: bool = False
) -> Status:
    """Try the zoo, tell `out` what that proves, and give the exit status.

    Args:
        asked: what is tried.
        out: where it is told.
        json_file: where the matrix goes, if anywhere.
        renew: the file holds a matrix; only what is tried now is new in it.

    Raises:
        NoSuchSpecimen: there is none such.
        NoMatrix: the file that is to be renewed holds none.
        OSError: the file cannot be read or written.
    """
    earlier = _read(json_file) if renew and json_file is not None else None
    chosen = choose(asked.only)
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    began, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
    # SIGTERM ends it as Ctrl-C does, and leaves nothing behind.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        matrix = _try(asked, chosen, seed, out)
        if asked.extent is Extent.QUICK:
            matrix = _try_again(asked, matrix, seed, out)
    except RuntimeError as error:
        print(error, file=out)
        return Status.FAULT
    except KeyboardInterrupt:
        print("interrupted", file=out)
        return Status.NO_VERDICT
    finally:
        signal.signal(signal.SIGTERM, before)
    seconds = time.monotonic() - clock
    if json_file is not None:
        run = {"about": about(), "began": began, "seconds": round(seconds, 3)}
        data = {**matrix.as_json(), **run, "seed": seed, "renewed": {}}
        if earlier is not None:
            data = _renewed(earlier, matrix, began)
        text = json.dumps(data, indent=1, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    for line in tell(matrix, seconds):
        print(line, file=out)
    return Status.FAILED if matrix.defects() else Status.PASSED


def _read(file: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if found["format"] == FORMAT:
            return found
    except (ValueError, LookupError, TypeError):
        pass
    raise NoMatrix(f"{file} is not a kill matrix of `batepapo zoo --json`")


def _renewed(
    earlier: Mapping[str, Any], matrix: KillMatrix, when: str
) -> dict[str, Any]:
    """The earlier matrix, with what was tried now in the place of what it had."""
    known = specimens()
    trials = {one.specimen.name: one for one in trials_from_json(earlier, known)}
    trials |= {one.specimen.name: one for one in matrix.trials}
    whole = KillMatrix(
        trials=[trials[name] for name in known if name in trials],
        requirements=matrix.requirements,
        checks=matrix.checks,
        complete=bool(earlier["complete"]) and trials.keys() == known.keys(),
    )
    now = {one.specimen.name: when for one in matrix.trials}
    kept = {name: earlier[name] for name in ("about", "began", "seconds", "seed")}
    kept["references"] = earlier["references"]
    renewed = {**earlier.get("renewed", {}), **now}
    return {**whole.as_json(), **kept, "renewed": renewed}


@functools.cache
def _published() -> dict[str, Any] | None:
    return _read(MATRIX) if MATRIX.exists() else None  # without it, all is run


def choose(only: Sequence[str]) -> list[Specimen]:
    """The specimens that are meant: by name, by id, or by group.

    Raises:
        NoSuchSpecimen: there is none such.
    """
    every = list(specimens().values())
    for word in only:
        if not any(_means(word, one) for one in every):
            raise NoSuchSpecimen(f"the zoo has no specimen, rule or group {word}")
    return [one for one in every if not only or any(_means(w, one) for w in only)]


def _means(word: str, specimen: Specimen) -> bool:
    groups = {specimen.role} | ({"legal"} if specimen.legal else set())
    return word in (specimen.name, *groups) or word.upper() == specimen.rule


def _try(
    asked: Visit, chosen: Sequence[Specimen], seed: int, out: TextIO
) -> KillMatrix:
    trials: dict[str, Trial] = {}
    references: list[Trial] = []
    with _Progress(out, len(chosen)) as progress:

        def told(tried: Tried) -> None:
            results = [Result.from_json(json.loads(text)) for text in tried.results]
            done = replace(
                trial(tried.specimen, results, tried.faults, load()),
                left_out=tried.left_out,
                seconds=tried.seconds,
            )
            if tried.specimen.changes:
                trials[tried.specimen.name] = done
                progress.tell(done)
            else:
                references.append(done)

        checks = try_all(
            chosen,
            jobs=asked.jobs or _JOBS_PER_CORE * (os.cpu_count() or 1),
            seed=seed,
            extent=asked.extent,
            only=asked.checks,
            told=told,
            matrix=_published() if asked.extent is Extent.QUICK else None,
        )
    return KillMatrix(
        trials=[trials[one.name] for one in chosen],
        requirements=list(load().requirements.values()),
        checks=checks,
        complete=not asked.only and not asked.checks,
        references=references,
    )


def _try_again(asked: Visit, matrix: KillMatrix, seed: int, out: TextIO) -> KillMatrix:
    """Try what a sample has missed with all checks that may find it, a few times.

    Where people act at once, it is a matter of luck which check sees it.
    """
    published = _published() or {"checks": (), "specimens": ()}
    for turn in range(_TRIES):
        missed, checks = _missed(matrix, published)
        chosen = [one.specimen for one in matrix.trials if one.specimen.name in missed]
        if not chosen:
            break
        print(f"{len(chosen)} of them again, with more checks", file=out, flush=True)
        more = replace(asked, extent=Extent.THOROUGH, checks=sorted(checks))
        again = _try(more, chosen, seed + 1 + turn, out)
        trials = {one.specimen.name: one for one in matrix.trials}
        for one in again.trials:
            trials[one.specimen.name] = _both(trials[one.specimen.name], one)
        matrix = replace(matrix, trials=list(trials.values()))
    return matrix


def _missed(
    matrix: KillMatrix, published: Mapping[str, Any]
) -> tuple[set[str], set[str]]:
    """The specimens that should have shown what a matrix lacks, and by which checks.

    What stands for checks is as `--only` of `batepapo check` takes it.
    """
    wrong = {
        one.specimen.name: one.specimen.rule
        for one in matrix.trials
        if not one.specimen.legal
    }
    killers = {one["name"]: one["kills"] for one in published["checks"]}
    failures = {one["name"]: one["failures"] for one in published["specimens"]}
    missed: set[str] = set()
    checks: set[str] = set()
    for defect in matrix.defects():
        match defect.kind:
            case Kind.SURVIVOR | Kind.WRONG_ID:
                missed.add(defect.subject)
                checks.add(wrong[defect.subject])
                checks.update(one["check"] for one in failures.get(defect.subject, ()))
            case Kind.IDLE_CHECK:
                missed.update(killers.get(defect.subject, ()))
                checks.add(defect.subject)
            case Kind.UNPROVEN_RULE:
                missed.update(one for one in wrong if wrong[one] == defect.subject)
                checks.add(defect.subject)
            case _:  # a false alarm is one, even if it comes once
                pass
    return missed, checks


def _both(first: Trial, again: Trial) -> Trial:
    """What a specimen gave that was tried again: of a killed one, all its failures."""
    if first.judgement is not Judgement.KILLED:
        return again
    failures = dict.fromkeys((*first.failures, *again.failures))
    return replace(first, failures=tuple(failures))


class _Progress:
    """A bar on a terminal; elsewhere a line now and then; what is wrong, at once."""

    def __init__(self, out: TextIO, total: int) -> None:
        self._out = out
        self._total = total
        self._done = 0
        self._bar: Progress | None = None
        if out.isatty():
            self._bar = Progress(
                TextColumn("specimens"),
                BarColumn(30),
                MofNCompleteColumn(),
                console=Console(file=out),
                transient=True,
                auto_refresh=False,  # a thread would not survive a fork
            )
            self._task = self._bar.add_task("", total=total)

    def __enter__(self) -> "_Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, done: Trial) -> None:
        """One more specimen has been tried."""
        self._done += 1
        wrong = done.judgement not in _GOOD
        line = f"{done.specimen.name}: {done.judgement}"
        if self._bar is not None:
            if wrong:
                self._bar.console.print(line, markup=False, highlight=False)
            self._bar.update(self._task, completed=self._done, refresh=True)
        elif wrong or self._done % _TOLD_EVERY == 0 or self._done == self._total:
            line = f" ({line})" if wrong else ""
            text = f"{self._done} of {self._total} specimens{line}"
            print(text, file=self._out, flush=True)


def tell(matrix: KillMatrix, seconds: float) -> Iterator[str]:
    """The matrix in a few lines, then what is lacking."""
    counted = Counter(one.judgement for one in matrix.trials)
    defects = matrix.defects()
    yield ""
    yield from (f"{counted[one]:5} {one}" for one in Judgement if counted[one])
    for kind in Kind:
        of_kind = [one for one in defects if one.kind is kind]
        if of_kind:
            yield ""
            yield f"{kind} ({len(of_kind)}):"
            yield from (line for one in of_kind for line in _told(one))
    yield ""
    what = "the whole zoo" if matrix.complete else f"{len(matrix.trials)} specimens"
    run = sum(one.run for one in matrix.trials)
    left_out = sum(one.left_out for one in matrix.trials)
    yield f"{run} runs of checks; {left_out} left out"
    verdict = f"{len(defects)} defects" if defects else "nothing is lacking"
    yield f"{what}: {verdict}, in {seconds:.0f} s"


def _told(defect: Defect) -> Iterator[str]:
    yield f"  {defect.subject}"
    yield f"      {defect.text}"
