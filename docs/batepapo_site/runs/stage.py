"""A run under way: its folder, its ports, its terminals, step by step."""

import contextlib
import re
import shlex
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

from batepapo_site.runs import machine, session, shown
from batepapo_site.runs.description import ROOT, Run, RunError, Step
from batepapo_site.runs.terminal import Terminal

_PATIENCE: Final = 120.0  # seconds; it is only for the day on which a run hangs


def told(run: Run, language: str, patience: float = _PATIENCE) -> str:
    """Do what a run says, and return its text.

    Args:
        run: what is to be done.
        language: in which programs speak.
        patience: how long to wait for anything, in seconds.

    Raises:
        RunError: something went another way than the run says.
    """
    with tempfile.TemporaryDirectory(prefix="runs-") as made:
        folder = Path(made).resolve()
        return _Stage(run, language, folder, patience).play()


class _Stage:
    """One run under way."""

    def __init__(self, run: Run, language: str, folder: Path, patience: float) -> None:
        self._run = run
        self._folder = folder
        self._patience = patience
        self._terminals: dict[str, Terminal] = {}
        free = machine.free_ports(len(run.ports))
        self._ports = dict(zip(run.ports, free, strict=True))
        self._environment = machine.environment(language)

    def play(self) -> str:
        """Do all that the run says; return the text, one part for each terminal."""
        for name in self._run.files:
            source, _, there = name.partition(" -> ")
            self._copy(ROOT / source, self._folder / there)
        try:
            for command in self._run.servers:
                self._serve(command)
            for step in self._run.steps:
                self._take(step)
            if self._run.session:
                self._hold_session()
        finally:
            for terminal in self._terminals.values():
                terminal.kill()
        texts = [
            f"# {name}\n{terminal.text}" if name else terminal.text
            for name, terminal in self._terminals.items()
            if terminal.text and not terminal.hidden
        ]
        return self._as_shown(session.without_ends("\n".join(texts)))

    def _copy(self, source: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True)
            return
        copy = Path(shutil.copy(source, folder))
        with contextlib.suppress(UnicodeDecodeError):  # a port may be in it, too
            copy.write_text(self._as_run(copy.read_text("utf-8")), encoding="utf-8")

    # ---- servers, and a session ----------------------------------------------------

    def _serve(self, command: str) -> None:
        ports = "|".join(map(str, self._run.ports))
        port = re.search(rf"\b({ports})\b", command)
        if port is None:
            raise RunError(f"{self._run.name}: {command!r} has none of its ports")
        words = tuple(shlex.split(command))
        listens = {command: f":{port[0]}"}
        self._take(Step(command, start=words, until=listens, hidden=True))

    def _hold_session(self) -> None:
        terminal = self._terminals.setdefault("", Terminal(""))
        terminal.begin(session.SHELL, self._folder, self._environment)
        for line in self._run.session:
            session.take(line, self._as_run(line), terminal, self._patience)

    # ---- steps ---------------------------------------------------------------------

    def _take(self, step: Step) -> None:
        terminal = self._terminals.setdefault(step.terminal, Terminal(step.terminal))
        terminal.hidden |= step.hidden
        if step.run or step.start:
            self._begin(step, terminal)
        elif step.type is not None:
            terminal.type(step.type)
        else:
            self._end(step, terminal)
        for name, wanted in step.until.items():
            self._terminals[name].wait_for(self._as_run(wanted), self._patience)

    def _begin(self, step: Step, terminal: Terminal) -> None:
        command = step.run or step.start
        more = f" > {step.into}" if step.into else ""
        seen = (step.shown or shlex.join(command)) + more
        terminal.add(f"$ {shown.folded(seen)}\n")
        real = [self._as_run(word) for word in command]
        before = len(terminal.text)
        terminal.begin(machine.program(real), self._folder, self._environment)
        if step.run:
            assert terminal.process is not None
            assert terminal.process.stdin is not None
            terminal.process.stdin.close()
            self._expect(step, terminal.finish(self._patience), terminal)
            if step.into:
                (self._folder / step.into).write_text(
                    terminal.take_back(before), encoding="utf-8"
                )

    def _end(self, step: Step, terminal: Terminal) -> None:
        process = terminal.process
        assert process is not None
        if step.end == "interrupt":
            terminal.add("^C\n")
            process.send_signal(signal.SIGINT)
        elif step.end == "input":
            assert process.stdin is not None
            process.stdin.close()
        else:
            raise RunError(f"nobody knows how to end by {step.end!r}")
        self._expect(step, terminal.finish(self._patience), terminal)

    def _expect(self, step: Step, status: int, terminal: Terminal) -> None:
        if status != step.status:
            raise RunError(
                f"{self._run.name}: exit status {status}, not {step.status}:\n"
                + terminal.text
            )

    # ---- ports, and what is of this machine ----------------------------------------

    def _as_run(self, text: str) -> str:
        for usual, real in self._ports.items():
            text = re.sub(rf"\b{usual}\b", str(real), text)
        return text

    def _as_shown(self, text: str) -> str:
        for usual, real in self._ports.items():
            text = re.sub(rf"\b{real}\b", str(usual), text)
        text = text.replace(f"{self._folder}/", "").replace(str(self._folder), ".")
        text = text.replace(sys.executable, "python").replace(f"{ROOT}/", "")
        text = shown.without_lines(text, self._run.drop)
        return shown.without_parts(text, self._run.cut)
