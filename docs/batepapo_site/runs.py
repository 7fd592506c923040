"""Outputs of real commands, to be shown on pages: run, kept, and run again to compare.

`docs/runs/runs.toml` says what is run; its first lines tell the form. What came out is
in `docs/runs/NAME.en.txt` and `NAME.pt.txt`, which nobody edits by hand.

    python -m batepapo_site.runs --write [NAME...]   # run, and keep what is printed
    python -m batepapo_site.runs --check [NAME...]   # is it still what is printed?
"""

import argparse
import contextlib
import dataclasses
import difflib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final, cast

__all__ = [
    "LANGUAGES",
    "NoSuchRunError",
    "Run",
    "RunError",
    "Step",
    "differences",
    "load",
    "main",
    "read",
    "same",
    "told",
]

ROOT: Final = Path(__file__).parents[2]
RUNS: Final = ROOT / "docs" / "runs"
LANGUAGES: Final = ("en", "pt")

_LOCALES: Final = {"en": "en_US.UTF-8", "pt": "pt_BR.UTF-8"}

# What is another each time, and is passed over when two texts are compared.
_VARIES: Final = (
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",  # the time of an event, or of a log
    r"(?<=127\.0\.0\.1:)\d+",  # a port that the system chose
    r"(?m)^ +\d+\.\d{3}",  # the first column of an exchange
    r"\b\d+\.\d+ s\b",  # how long it took
    r"(?<=--seed )\d+",
)
# How far it is: of interest only as long as one waits.
_PROGRESS: Final = r"^\d+ (of|de) \d+( checks| verificações|: )"
_WIDE: Final = 88  # columns, after which a command goes on in the next line
_PATIENCE: Final = 120.0  # seconds; it is only for the day on which a run hangs
_CUT: Final = "[...]"


class RunError(Exception):
    """A run did not do what `runs.toml` says; nothing of it should be shown."""


class NoSuchRunError(Exception):
    """A page asks for a run that is not kept; `--write` it, or mend its name."""


class _NotHereError(Exception):
    """A program that a run needs is not on this machine: it cannot be compared."""


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done in one terminal; just one of `run` to `end` is given."""

    terminal: str = ""
    """In which terminal; each has a name, and a text of its own."""
    run: tuple[str, ...] = ()
    """A command that ends by itself."""
    start: tuple[str, ...] = ()
    """A command that goes on, while other steps are taken."""
    type: str | None = None
    """A line to type into what was started in this terminal."""
    end: str | None = None
    """How to end what was started: `interrupt` (Ctrl-C), or `input` (Ctrl-D)."""
    until: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Terminal -> what has to be printed there before the next step is taken."""
    into: str = ""
    """The file that takes what is printed, as with `>` in a shell."""
    shown: str = ""
    """The command as it is shown, where that is not as it was run."""
    status: int = 0
    """With which exit status it has to end."""
    hidden: bool = False
    """Whether nothing of its terminal is shown, from here on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """Commands whose output is shown together, under one name."""

    name: str
    steps: tuple[Step, ...]
    both: bool = True
    """Whether the output depends on the language; else it is made once for all."""
    ports: tuple[int, ...] = (55555,)
    """Ports as they are shown; others, that are free, are taken in their place."""
    files: tuple[str, ...] = ()
    """What lies in the folder in which it runs: paths seen from the project.

    With `path -> there` it lies in a folder there."""
    varies: tuple[str, ...] = ()
    """More that is another each time: regular expressions."""
    cut: tuple[tuple[str, str], ...] = ()
    """Left out: from a line in which the first is found, to before the second."""
    drop: tuple[str, ...] = ()
    """Lines that are not shown: regular expressions; of a machine, not of a run."""
    programs: tuple[str, ...] = ()
    """Programs that are needed besides Python."""


# ---- what pages ask for -----------------------------------------------------------


def load(name: str, language: str, folder: Path = RUNS) -> str:
    """Return the text that is shown for a run, prompts included, in this language."""
    path = folder / f"{name}.{language}.txt"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        kept = sorted(one.name.split(".")[0] for one in folder.glob("*.en.txt"))
        raise NoSuchRunError(
            f"there is no run {name!r} in {language!r}: describe it in"
            f" docs/runs/runs.toml, then `python -m batepapo_site.runs --write {name}`"
            f" (kept are: {', '.join(kept) or 'none'})"
        ) from None


def read(text: str, language: str) -> dict[str, Run]:
    """Read `runs.toml` for a language: every run by its name."""
    runs = {}
    for name, both in tomllib.loads(text).items():
        table = cast("dict[str, Any]", _in_language(both, language))
        steps = tuple(_step(one, name) for one in table.pop("step"))
        _known(Run, table, name)
        more = {key: _frozen(value) for key, value in table.items()}
        runs[name] = Run(name=name, steps=steps, **more)
    return runs


def _step(table: dict[str, Any], name: str) -> Step:
    _known(Step, table, name)
    until = table.get("until", {})
    if isinstance(until, str):
        table["until"] = {str(table.get("terminal", "")): until}
    step = Step(**{key: _frozen(value) for key, value in table.items()})
    if sum(map(bool, (step.run, step.start, step.type is not None, step.end))) != 1:
        raise RunError(f"{name}: a step is one of run, start, type, end: {step}")
    return step


def _known(of: type, table: Mapping[str, object], name: str) -> None:
    fields = {field.name for field in dataclasses.fields(of)}
    if unknown := sorted(set(table) - fields):
        raise RunError(f"{name}: nobody knows what {', '.join(unknown)} means")


def _in_language(value: object, language: str) -> object:
    """Choose where there is one value for each language (`type.en`, `type.pt`)."""
    match value:
        case dict() if set(value) == set(LANGUAGES):
            return value[language]
        case dict():
            return {key: _in_language(one, language) for key, one in value.items()}
        case list():
            return [_in_language(one, language) for one in value]
        case _:
            return value


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


# ---- running ----------------------------------------------------------------------


class _Terminal:
    """What one person sees: commands, what they print, and what is typed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text = ""
        self.hidden = False
        self.process: subprocess.Popen[str] | None = None
        self._seen = 0
        self._more = threading.Condition()
        self._reader: threading.Thread | None = None

    def add(self, text: str) -> None:
        """Put text at the end, as a terminal would."""
        with self._more:
            self.text += text
            self._more.notify_all()

    def take_back(self, begin: int) -> str:
        """Take what stands from a place on out of the text."""
        taken, self.text = self.text[begin:], self.text[:begin]
        return taken

    def begin(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Start a program whose output goes here."""
        self.process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,
        )
        output = self.process.stdout
        self._reader = threading.Thread(target=self._read, args=(output,), daemon=True)
        self._reader.start()

    def _read(self, output: IO[str]) -> None:
        for line in output:
            self.add(line)

    def type(self, line: str) -> None:
        """Type a line; a terminal shows it, the program may print it again."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.add(f"{line}\n")
        self._seen = len(self.text)
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def wait_for(self, wanted: str, patience: float) -> None:
        """Wait until this is printed, behind what the last wait has found."""
        deadline = time.monotonic() + patience
        with self._more:
            while (place := self.text.find(wanted, self._seen)) < 0:
                if not self._more.wait(deadline - time.monotonic()):
                    raise RunError(f"no {wanted!r} came, but:\n{self.text}")
            self._seen = place + len(wanted)

    def finish(self, patience: float) -> int:
        """Wait for the end of the program; return its exit status."""
        assert self.process is not None
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise RunError(f"it has not ended:\n{self.text}") from None
        self._close()
        return status

    def kill(self) -> None:
        """End the program and what it has started, if it still runs."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self._close()

    def _close(self) -> None:
        assert self.process is not None
        assert self._reader is not None
        self._reader.join(1)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):  # nobody has read what was typed
                cast("IO[str]", pipe).close()
        self.process = None


class _Stage:
    """One run under way: its folder, its ports, its terminals."""

    def __init__(self, run: Run, language: str, folder: Path, patience: float) -> None:
        self._run = run
        self._folder = folder
        self._patience = patience
        self._terminals: dict[str, _Terminal] = {}
        self._ports = dict(zip(run.ports, _free_ports(len(run.ports)), strict=True))
        self._environment = _environment(language)

    def play(self) -> str:
        """Take all steps; return the text, one part for each terminal."""
        for name in self._run.files:
            source, _, there = name.partition(" -> ")
            self._copy(ROOT / source, self._folder / there)
        try:
            for step in self._run.steps:
                self._take(step)
        finally:
            for terminal in self._terminals.values():
                terminal.kill()
        texts = [
            f"# {name}\n{terminal.text}" if name else terminal.text
            for name, terminal in self._terminals.items()
            if terminal.text and not terminal.hidden
        ]
        return self._as_shown("\n".join(texts))

    def _copy(self, source: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, folder, dirs_exist_ok=True)
            return
        copy = Path(shutil.copy(source, folder))
        with contextlib.suppress(UnicodeDecodeError):  # a port may be in it, too
            copy.write_text(self._as_run(copy.read_text("utf-8")), encoding="utf-8")

    def _take(self, step: Step) -> None:
        terminal = self._terminals.setdefault(step.terminal, _Terminal(step.terminal))
        terminal.hidden |= step.hidden
        if step.run or step.start:
            self._begin(step, terminal)
        elif step.type is not None:
            terminal.type(step.type)
        else:
            self._end(step, terminal)
        for name, wanted in step.until.items():
            self._terminals[name].wait_for(self._as_run(wanted), self._patience)

    def _begin(self, step: Step, terminal: _Terminal) -> None:
        command = step.run or step.start
        more = f" > {step.into}" if step.into else ""
        terminal.add(f"$ {_folded((step.shown or shlex.join(command)) + more)}\n")
        real = [self._as_run(word) for word in command]
        before = len(terminal.text)
        terminal.begin(_program(real), self._folder, self._environment)
        if step.run:
            assert terminal.process is not None
            assert terminal.process.stdin is not None
            terminal.process.stdin.close()
            self._expect(step, terminal.finish(self._patience), terminal)
            if step.into:
                (self._folder / step.into).write_text(
                    terminal.take_back(before), encoding="utf-8"
                )

    def _end(self, step: Step, terminal: _Terminal) -> None:
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

    def _expect(self, step: Step, status: int, terminal: _Terminal) -> None:
        if status != step.status:
            raise RunError(
                f"{self._run.name}: exit status {status}, not {step.status}:\n"
                + terminal.text
            )

    def _as_run(self, text: str) -> str:
        for shown, real in self._ports.items():
            text = re.sub(rf"\b{shown}\b", str(real), text)
        return text

    def _as_shown(self, text: str) -> str:
        drop = (*self._run.drop, _PROGRESS)
        for usual, real in self._ports.items():
            text = re.sub(rf"\b{real}\b", str(usual), text)
        text = text.replace(f"{self._folder}/", "").replace(str(self._folder), ".")
        text = text.replace(sys.executable, "python").replace(f"{ROOT}/", "")
        lines = [line.rstrip() for line in text.splitlines()]
        shown = [one for one in lines if not any(re.search(r, one) for r in drop)]
        text = "".join(f"{line}\n" for line in shown)
        return _without(text, self._run.cut)


def _folded(command: str) -> str:
    """A long command in several lines, as one may type it: each begins an option."""
    lines = [""]
    for part in re.split(r" (?=--)", command):
        if lines[-1] and len(lines[-1]) + len(part) > _WIDE:
            lines.append(f"   {part}")
        else:
            lines[-1] += f" {part}"
    return " \\\n".join(lines).lstrip()


def _without(text: str, cuts: Sequence[tuple[str, str]]) -> str:
    """Leave lines out, and say so."""
    for first, after in cuts:
        lines = text.splitlines(keepends=True)
        begin = next((at for at, one in enumerate(lines) if re.search(first, one)), -1)
        if begin < 0:
            raise RunError(f"there is no {first!r} from which to cut:\n{text}")
        rest = enumerate(lines[begin + 1 :], begin + 1)
        end = next((at for at, one in rest if after and re.search(after, one)), None)
        if end is None and after:
            raise RunError(f"there is no {after!r} up to which to cut:\n{text}")
        text = "".join([*lines[:begin], f"{_CUT}\n", *lines[end or len(lines) :]])
    return text


def _program(command: Sequence[str]) -> list[str]:
    """Take our own Python, and our own `batepapo`."""
    match command:
        case ["batepapo", *rest]:
            return [sys.executable, "-m", "batepapo", *rest]
        case ["python", *rest]:
            return [sys.executable, *rest]
        case _:
            return list(command)


def _environment(language: str) -> dict[str, str]:
    folder = str(Path(sys.executable).parent)  # `python`, also in what is started
    mine = {key: one for key, one in os.environ.items() if not key.startswith("LC_")}
    more = {
        "LANG": _LOCALES[language],
        "PATH": os.pathsep.join([folder, os.environ.get("PATH", os.defpath)]),
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    return mine | more


def _free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def told(run: Run, language: str, patience: float = _PATIENCE) -> str:
    """Do what a run says, and return its text; `RunError` if something goes wrong."""
    if missing := [one for one in run.programs if shutil.which(one) is None]:
        raise _NotHereError(", ".join(missing))
    with tempfile.TemporaryDirectory(prefix="runs-") as made:
        folder = Path(made).resolve()
        return _Stage(run, language, folder, patience).play()


# ---- comparing --------------------------------------------------------------------


def same(run: Run, one: str, other: str) -> bool:
    """Whether two texts of a run differ in nothing but what is another each time."""
    return _masked(run, one) == _masked(run, other)


def differences(run: Run, kept: str, new: str) -> str:
    """What a run prints that it did not print before, as a patch."""
    before, now = (_masked(run, text).splitlines() for text in (kept, new))
    patch = difflib.unified_diff(before, now, "kept", "printed now", lineterm="")
    return "\n".join(patch)


def _masked(run: Run, text: str) -> str:
    for pattern in (*_VARIES, *run.varies):
        text = re.sub(pattern, "~", text)
    return re.sub(r"(?<=\S) {2,}", " ", text)  # columns move with what is in them


# ---- the command ------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None, folder: Path = RUNS) -> int:
    """Write or check the texts of runs; the exit status is 1 if one is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m batepapo_site.runs", description=(__doc__ or "").split("\n")[0]
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="run, and keep the outputs")
    what.add_argument("--check", action="store_true", help="run, and compare")
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is")
    given = parser.parse_args(arguments)
    text = (folder / "runs.toml").read_text(encoding="utf-8")
    in_languages = {language: read(text, language) for language in LANGUAGES}
    if unknown := set(given.names) - set(in_languages["en"]):
        parser.error(f"runs.toml has no {', '.join(sorted(unknown))}")
    names = given.names or list(in_languages["en"])
    good = [_one(in_languages, name, folder, write=bool(given.write)) for name in names]
    return 0 if all(good) else 1


def _one(
    in_languages: Mapping[str, Mapping[str, Run]],
    name: str,
    folder: Path,
    *,
    write: bool,
) -> bool:
    """Write or check one run in both languages; whether all is well."""
    good = True
    new = ""
    for language in LANGUAGES:
        run = in_languages[language][name]
        path = folder / f"{name}.{language}.txt"
        kept = path.read_text(encoding="utf-8") if path.exists() else ""
        try:
            if run.both or not new:
                new = told(run, language)
        except _NotHereError as missing:
            print(f"{path.name}: not run, there is no {missing} on this machine")
            good = good and not write
        except RunError as error:
            print(f"{path.name}: {error}")
            good = False
        else:
            good = _settle(run, path, kept, new, write=write) and good
    return good


def _settle(run: Run, path: Path, kept: str, new: str, *, write: bool) -> bool:
    if kept and same(run, kept, new):
        print(f"{path.name}: as it was")
    elif write:
        path.write_text(new, encoding="utf-8")
        print(f"{path.name}: written")
    else:
        print(f"{path.name}: no longer what is printed\n{differences(run, kept, new)}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
