"""`batepapo bench`: from what is asked to a table, a file, plots, an exit status."""

import contextlib
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from batepapo_bench import saved
from batepapo_bench.gauge import machine
from batepapo_bench.telling import tell
from batepapo_bench.turns import Options, Outcome, find, take
from batepapo_bench.turns import Progress as Told
from batepapo_bench.workloads import MOST
from batepapo_conformance.words import Words


class Status(IntEnum):
    """The exit status."""

    MEASURED = 0
    FAILED = 1
    """A contender failed at something; the others were measured."""
    NOTHING = 2
    """Nothing was measured, or the run was interrupted."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where a run is written to.

    Attributes:
        json: a file for programs; "-" is standard output, with no table then.
        plots: a folder for plots.
    """

    json: Path | None = None
    plots: Path | None = None


def measure(options: Options, files: Files, say: Words, out: TextIO) -> Status:
    """Run the benchmark, tell what came of it, and write what is asked for.

    Raises:
        OSError: a file cannot be written.
        plots.CannotDraw: plots are wanted, and what draws them is not installed.
    """
    if files.plots is not None:
        from batepapo_bench import plots  # noqa: PLC0415 (an extra: see there)

        plots.prepare(files.plots)
    outcome = Outcome()
    interrupted = False
    here = machine(MOST)
    try:
        with tempfile.TemporaryDirectory() as name, _progress(options) as progress:
            find(options, Path(name), outcome)
            take(options, here, outcome, progress)
    except KeyboardInterrupt:
        interrupted = True
    run = saved.as_json(options, here.cores, outcome)
    if files.json == Path("-"):
        json.dump(run, out, indent=1, ensure_ascii=False)
        out.write("\n")
    else:
        tell(run, say, out)
    if interrupted:
        print(say("bench.interrupted"), file=sys.stderr)
    for file in _written(run, files, say):
        print(say("bench.written", file=file), file=sys.stderr)
    if not outcome.measurements:
        print(say("bench.nothing"), file=sys.stderr)
    if interrupted or not outcome.measurements:
        return Status.NOTHING
    return Status.FAILED if outcome.failures else Status.MEASURED


def _written(run: dict[str, object], files: Files, say: Words) -> Iterator[Path]:
    if files.json not in (None, Path("-")):
        assert files.json is not None
        text = json.dumps(run, indent=1, ensure_ascii=False)
        files.json.write_text(text + "\n", encoding="utf-8", newline="\n")
        yield files.json
    if files.plots is not None and run["measurements"]:
        from batepapo_bench import plots  # noqa: PLC0415 (an extra: see there)

        yield from plots.draw(run, files.plots, say)


@contextlib.contextmanager
def _progress(options: Options) -> Iterator[Told]:
    """What is done now, on standard error: a bar on a terminal, else a line each."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda line: print(line, file=sys.stderr)
        return
    form = TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()
    turns = options.rounds * len(options.workloads)
    turns *= len(options.contenders) + len(options.servers)
    with Progress(*form, console=console, transient=True) as bar:
        task = bar.add_task("", total=turns)
        taken = iter(range(turns + 1))
        yield lambda line: bar.update(task, description=line, completed=next(taken))
