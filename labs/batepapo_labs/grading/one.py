"""A process that checks one submission: `python -m batepapo_labs.grading.one`.

It is told what to do in one line of JSON on its standard input, which is then held
open for as long as it may live, and says what comes out in lines of JSON. So nothing
that is private stands among its arguments, where the submission could read it.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import tomlkit

from batepapo_conformance import check as suite
from batepapo_conformance.progress import Progress
from batepapo_conformance.results import Result
from batepapo_conformance.runner import Gathered
from batepapo_conformance.testee import BadTestee, Role, split_command
from batepapo_labs.grading import isolation
from batepapo_labs.grading.isolation import Limits
from batepapo_labs.starting import not_started

_LAST: Final = 4000  # octets of what a program wrote at its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What this process is told.

    Attributes:
        place: a folder that is its own, with the copy of the submission in it.
        folder: the copy.
        tasks: the programs that are checked, in order: what `Task` takes.
        seed: of all random choices.
        jobs: checks at the same time.
        limits: what may be used.
        user: the id of the user that it becomes, if it is to become one.
    """

    place: str
    folder: str
    tasks: Sequence[Mapping[str, Any]]
    seed: int
    jobs: int
    limits: Mapping[str, float]
    user: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A program that is checked.

    Attributes:
        program: what it is called.
        role: what it claims to be.
        command: how it is started.
        build: what is run before, if anything.
        options: which options it has, as a testee's file takes them.
        factor: by how much it may be slower than deadlines expect.
        only: its checks.
    """

    program: str
    role: str
    command: str
    build: str | None
    options: Any
    factor: float
    only: Sequence[str]


class _Telling(Progress):
    """Says each result as it comes: what was passed counts, whatever comes then."""

    def __init__(self, speaker: "_Speaker", program: str) -> None:
        super().__init__(sys.stderr, silent=True)
        self._speaker = speaker
        self._program = program

    def tell(self, gathered: Gathered, result: Result) -> None:
        """Say one more result."""
        self._speaker.say("result", program=self._program, result=result.as_json())


class _Speaker:
    """Says things in lines of JSON."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def say(self, kind: str, **values: Any) -> None:
        """Say one thing."""
        self._out.write(json.dumps({"kind": kind, **values}) + "\n")
        self._out.flush()


def main() -> None:
    """Check what is asked for, and end everything that was started."""
    order = Order(**json.loads(sys.stdin.readline()))
    speaker = _Speaker(_private_output())
    threading.Thread(target=_watch_parent, daemon=True).start()
    isolation.adopt_orphans()
    isolation.settle_in(Path(order.place))
    if order.user is not None:
        isolation.own_user(order.user, Path(order.place))
    isolation.restrict(Limits.from_json(dict(order.limits)))
    try:
        for task in _built(order, speaker):
            _check(task, order, speaker)
    finally:
        isolation.end_all(os.getpid(), os.environ[isolation.MARK])
    speaker.say("done", gone=not Path(order.folder).is_dir())


def _private_output() -> TextIO:
    """Standard output, kept from everything else here, which gets the null device."""
    ours = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return os.fdopen(ours, "w", encoding="utf-8")


def _watch_parent() -> None:
    os.read(0, 1)  # nothing more is ever written: it ends with the parent
    isolation.end_with_parent()


def _built(order: Order, speaker: _Speaker) -> Iterator[Task]:
    """The programs to check, each once its build, if it has one, has succeeded."""
    done: dict[str | None, bool] = {None: True}
    for said in order.tasks:
        task = Task(**said)
        if task.build is not None and task.build not in done:
            done[task.build] = _build(task.build, order, speaker)
        if done[task.build]:
            yield task


def _build(command: str, order: Order, speaker: _Speaker) -> bool:
    """Run the build, and say so if it does not succeed."""
    with tempfile.TemporaryFile() as written:
        try:
            status = subprocess.run(
                split_command(command),
                cwd=order.folder,
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        except (BadTestee, OSError) as error:
            why = getattr(error, "strerror", None) or str(error)
            speaker.say("build", why=why, status=None, output="")
            return False
        if status:
            written.seek(max(0, written.tell() - _LAST))
            output = written.read().decode("utf-8", "backslashreplace")
            speaker.say("build", why="", status=status, output=output)
        return status == 0


def _check(task: Task, order: Order, speaker: _Speaker) -> None:
    file = Path(order.place) / f"{task.program}.toml"
    said = {
        "command": task.command,
        "folder": order.folder,
        "time-factor": task.factor,
        "options": task.options,
    }
    file.write_text(tomlkit.dumps(said), encoding="utf-8")
    request = suite.Request(
        role=Role(task.role),
        file=str(file),
        only=task.only,
        seed=order.seed,
        jobs=order.jobs,
    )
    if not _starts(request, task.program, speaker):
        return
    run = suite.run(request, _Telling(speaker, task.program))
    speaker.say(
        "run",
        program=task.program,
        trouble=run.trouble,
        faults=list(run.faults),
        about=dict(run.about),
        seconds=run.seconds,
    )


def _starts(request: suite.Request, program: str, speaker: _Speaker) -> bool:
    """Whether the program can be started; if not, say what is known of it."""
    found = not_started(request)
    if found is not None:
        last = found.last[-_LAST:].decode("utf-8", "backslashreplace")
        told = {"key": found.key, "why": found.why, "status": found.status}
        speaker.say("start", program=program, last=last, **told)
    return found is None


if __name__ == "__main__":
    main()
