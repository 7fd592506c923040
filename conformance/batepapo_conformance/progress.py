"""How far a run is, while it runs."""

from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar

from batepapo_conformance.results import Result, Verdict
from batepapo_conformance.runner import Gathered
from batepapo_conformance.words import Language, Words

_STEPS = 10


class Progress:
    """A bar on a terminal; elsewhere a line for every tenth; or nothing at all."""

    def __init__(self, out: TextIO, silent: bool, words: Words | None = None) -> None:
        self._out = out
        self._words = words or Words(Language.ENGLISH)
        self._silent = silent
        self._failed = 0
        self._shown = 0
        self._bar: Bar | None = None
        if not silent and out.isatty():
            self._bar = Bar(
                TextColumn(self._words("progress.checks")),
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
        failed = self._words("progress.failed", number=self._failed)
        failed = failed if self._failed else ""
        if self._bar is not None:
            self._bar.update(
                self._task, completed=done, total=total or None, description=failed
            )
        elif not self._silent and total and done * _STEPS // total > self._shown:
            self._shown = done * _STEPS // total
            said = self._words("progress.done", done=done, total=total)
            print(said + failed, file=self._out, flush=True)

    def say(self, text: str) -> None:
        """Say in a line of its own what comes now."""
        if not self._silent:
            print(text, file=self._out, flush=True)
