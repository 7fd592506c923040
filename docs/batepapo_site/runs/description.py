"""What `runs.toml` says: commands, what is typed, and what is waited for."""

import dataclasses
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

ROOT: Final = Path(__file__).parents[3]
"""The root of the project."""
RUNS: Final = ROOT / "docs" / "runs"
"""The folder with `runs.toml`, what it runs, and what came out."""
LANGUAGES: Final = ("en", "pt")


class RunError(Exception):
    """A run did not do what `runs.toml` says; nothing of it should be shown."""


class NoSuchRunError(Exception):
    """A page asks for a run that is not kept; `--write` it, or mend its name."""


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
    steps: tuple[Step, ...] = ()
    """What is done first, step by step, without a shell."""
    session: tuple[str, ...] = ()
    """What is done then: lines for one bash, each shown over what it prints."""
    servers: tuple[str, ...] = ()
    """Started before all else, in terminals that are not shown: each has to say
    where it listens."""
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
    needs: tuple[str, ...] = ()
    """Programs besides Python, and what else a machine may lack (see `missing`)."""


def load(name: str, language: str, folder: Path = RUNS) -> str:
    """Return the text that is shown for a run, prompts included, in this language.

    Raises:
        NoSuchRunError: none is kept by that name.
    """
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
    """Read `runs.toml` for a language: every run by its name.

    Raises:
        RunError: it says something that nobody knows.
    """
    return {
        name: _run(name, cast("dict[str, Any]", _in_language(both, language)))
        for name, both in tomllib.loads(text).items()
    }


def _run(name: str, table: dict[str, Any]) -> Run:
    steps = tuple(_step(one, name) for one in table.pop("step", ()))
    session = tuple(table.pop("session", "").strip("\n").splitlines())
    if not (steps or session):
        raise RunError(f"{name}: a run has steps, or a session, or both")
    _known(Run, table, name)
    more = {key: _frozen(value) for key, value in table.items()}
    if session:
        more["needs"] = ("bash", *more.get("needs", ()))
    return Run(name=name, steps=steps, session=session, **more)


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
