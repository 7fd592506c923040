"""How far a run is, while it runs."""

from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from batepapo_conformance.results import Result, Verdict
from batepapo_conformance.runner import Gathered

_STEPS = 10


class Progress:
    """A bar on a terminal; elsewhere a line for every tenth; or nothing at all."""

    def __init__(self, out: TextIO, silent: bool) -> None:
        self._out = out
        self._silent = silent
        self._failed = 0
        self._shown = 0
        self._bar: Bar | None = None
        if not silent and out.isatty():
            self._bar = Bar(
                TextColumn("checks"),
                BarColumn(30),
                MofNCompleteColumn(),
                TextColumn("{task.description}"),
                console=Console(file=out),
                transient=True,
            )
            self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def tell(self, gathered: Gathered, result: Result) -> None:
        """Show that one more check has its result."""
        self._failed += result.verdict in (Verdict.FAILED, Verdict.FAULT)
        done, total = len(gathered.results), gathered.total
        words = f", {self._failed} failed" if self._failed else ""
        if self._bar is not None:
            self._bar.update(
                self._task, completed=done, total=total or None, description=words
            )
        elif not self._silent and total and done * _STEPS // total > self._shown:
            self._shown = done * _STEPS // total
            print(f"{done} of {total} checks{words}", file=self._out, flush=True)
