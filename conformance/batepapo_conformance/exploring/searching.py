"""From what the user asks to an exploration or a replay, a report, an exit status.

0  nothing found    1  a MUST is broken
2  no verdict       3  a fault of the suite itself (whatever else comes out)
"""

import random
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TextIO

from batepapo_conformance.check import Request
from batepapo_conformance.exploring import telling
from batepapo_conformance.exploring.again import CannotReplay, read_session, replay
from batepapo_conformance.exploring.by_hand import by_hand
from batepapo_conformance.exploring.explore import Exploration, Failure, explore
from batepapo_conformance.exploring.ground import Ground
from batepapo_conformance.exploring.telling import Told
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.results import Status
from batepapo_conformance.spec import load
from batepapo_conformance.story import draw_failure, wrap
from batepapo_conformance.testee import BadTestee, Endpoint
from batepapo_conformance.words import Words

_EVERY: Final = 0.2  # seconds between two looks at the progress
_DEFAULT: Final = ("127.0.0.1", 55555)


Found = tuple[dict[str, int], Failure | None]
"""How much was tried, by the key of the words for it; and the failure, if any."""

Search = Callable[[], Found]


class Progress:
    """One line on standard error that is written over, if that is a terminal."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._shows = sys.stderr.isatty()
        self._last = 0.0

    def tell(self, key: str, **values: object) -> None:
        """Show where things stand, not too often."""
        now = time.monotonic()
        if self._shows and now - self._last > _EVERY:
            self._last = now
            sys.stderr.write(f"\r{self._words(key, **values):<79}\r")
            sys.stderr.flush()

    def end(self) -> None:
        """Wipe the line out."""
        if self._shows:
            sys.stderr.write(f"\r{'':<79}\r")


def explore_server(
    request: Request,
    *,
    examples: int,
    steps: int,
    seed: int | None,
    save: Path | None,
    words: Words,
    out: TextIO,
    as_json: bool,
) -> Status:
    """Explore a server, report to `out`, and return the exit status."""
    seed = random.randrange(1_000_000) if seed is None else seed
    numbers = [f"--examples={examples}", f"--steps={steps}", f"--seed={seed}"]

    def search() -> Found:
        found = _explored(request, examples, steps, seed, words)
        return {"sessions": found.examples, "steps": found.steps}, found.failure

    told = searched(
        search,
        what="explore",
        request=request,
        seed=seed,
        again=["batepapo", "explore", *request.words(), *numbers],
        path=save,
        words=words,
    )
    tell_in(told, words, out, as_json=as_json)
    return told.status


def searched(
    search: Search,
    *,
    what: str,
    request: Request,
    seed: int,
    again: Sequence[str],
    path: Path | None,
    words: Words,
) -> Told:
    """Search for a failure, save it as a session, and give all that is to be told.

    Args:
        search: gives how much was tried, and the failure, if any.
        what: "explore" or "fuzz".
        request: what the user asked for.
        seed: repeats the choices.
        again: the command that does.
        path: where a session goes; `None` for a name made of the rule.
        words: for what kept it from a verdict.
    """
    began = time.monotonic()
    asked = Told(
        what=what, role=request.role, testee=request.words(), seed=seed, again=again
    )
    try:
        told = _outcome(asked, search, path, words)
    except Exception:  # whatever else comes out is the suite's own
        told = replace(asked, fault=traceback.format_exc())
    return replace(told, seconds=time.monotonic() - began)


def _outcome(asked: Told, search: Search, path: Path | None, words: Words) -> Told:
    try:
        counts, failure = search()
        saved = _saved(failure, path)
    except (BadTestee, NoVerdict) as error:
        return replace(asked, trouble=str(error))
    except OSError as error:
        return replace(asked, trouble=words("explore.not_saved", why=error))
    except KeyboardInterrupt:
        return replace(asked, trouble=words("explore.interrupted"))
    return replace(asked, counts=counts, failure=failure, saved=saved)


def tell_in(told: Told, words: Words, out: TextIO, *, as_json: bool) -> None:
    """Tell it to people, or as JSON to programs."""
    if as_json:
        telling.as_json(told, out)
    else:
        telling.tell(told, words, out)


def _explored(
    request: Request, examples: int, steps: int, seed: int, words: Words
) -> Exploration:
    progress = Progress(words)

    def show(sessions: int, done: int) -> None:
        progress.tell("explore.progress", sessions=sessions, all=examples, steps=done)

    try:
        with Ground(request.testee()) as ground:
            return explore(ground, examples=examples, steps=steps, seed=seed, told=show)
    finally:
        progress.end()


def _saved(failure: Failure | None, path: Path | None) -> Path | None:
    if failure is None or not failure.steps:
        return None
    path = path or Path(f"failure-{failure.broken.rule}.txt")
    rule = load().requirements.get(failure.broken.rule)
    title = f"Found: {failure.broken.rule}" + (f", {rule.title}" if rule else "")
    return path if telling.save(failure, path, title) else None


def replay_file(
    path: Path, request: Request, times: int, words: Words, out: TextIO
) -> Status:
    """Replay a saved session, report to `out`, and return the exit status."""
    progress = Progress(words)

    def show(done: int) -> None:
        progress.tell("replay.progress", done=done, times=times)

    try:
        session = read_session(path)
        failed = replay(session, request.testee(), times=times, told=show)
    except (CannotReplay, BadTestee, NoVerdict) as error:
        return _cannot(path, str(error), words, out)
    except KeyboardInterrupt:
        return _cannot(path, words("explore.interrupted"), words, out)
    finally:
        progress.end()
    if failed:
        story = draw_failure(telling.as_result(session.title, failed[0]), load(), words)
        out.write(f"{story}\n\n")
    key = "replay.failed" if failed else "replay.passed"
    told = words(key, file=path, failed=len(failed), times=times)
    out.write("\n".join(wrap(told)) + "\n")
    return Status.FAILED if failed else Status.PASSED


def show_by_hand(path: Path, request: Request, words: Words, out: TextIO) -> Status:
    """Show how a saved session is taken with `nc`, step by step."""
    try:
        steps = read_session(path).steps
        at = request.testee().at if request.at else Endpoint(*_DEFAULT)
    except (CannotReplay, BadTestee) as error:
        return _cannot(path, str(error), words, out)
    assert at is not None
    lines = by_hand(steps, at.address, at.port, words)
    out.write("\n".join(lines) + "\n")
    return Status.PASSED


def _cannot(path: Path, why: str, words: Words, out: TextIO) -> Status:
    cannot = words("replay.cannot", file=path, why=why)
    out.write("\n".join(wrap(cannot)) + "\n")
    return Status.NO_VERDICT
