"""The commands of the labs: handing out, checking, hints."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from batepapo_conformance.results import Status
    from batepapo_labs.commands import Context

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.group()
def lab() -> None:
    """Learn the protocol by writing it, one idea at a time.

    Exit status: 0 passed; 1 failed; 2 no verdict; 3 a fault of the suite.
    """


def _common(command: Callable[..., None]) -> Callable[..., None]:
    """The options of every command."""
    for option in (
        click.option(
            "--folder", type=_FOLDER, help="The student's folder.  [where you are]"
        ),
        click.option(
            "--lang",
            type=click.Choice(["en", "pt"]),
            help="The language; by default, that of the folder.",
        ),
    ):
        command = option(command)
    return command


_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


def _do(
    command: "Callable[[Context], Status]", folder: Path | None, lang: str | None
) -> None:
    from batepapo_conformance.words import Language
    from batepapo_labs.commands import answered

    language = None if lang is None else Language(lang)
    sys.exit(answered(command, folder=folder, language=language, out=sys.stdout))


@lab.command("list")
@_common
def list_labs(**common: Any) -> None:
    """List the labs, what each is about, and which you have passed."""
    from batepapo_labs.commands import list_lessons

    _do(list_lessons, **common)


@lab.command()
@click.argument("number", type=int)
@click.argument("where", type=_FOLDER, required=False, metavar="[FOLDER]")
@_common
def start(number: int, where: Path | None, **common: Any) -> None:
    """Begin lab NUMBER in a new folder, or go on in the one that there is.

    Nothing of yours is overwritten.
    """
    from batepapo_labs import commands

    _do(lambda context: commands.start(context, number, where), **common)


@lab.command()
@click.option(
    "--all", "everything", is_flag=True, help="Do not stop at a step that fails."
)
@click.option("--command", metavar="COMMAND", help="Start the program so, this once.")
@click.option(
    "--only",
    multiple=True,
    metavar="WHAT",
    help="Just these checks, as `batepapo check --only` takes them.",
)
@click.option("--seed", type=int, help="Repeat the random choices of a check.")
@_JSON
@_common
def check(
    *, folder: Path | None, lang: str | None, as_json: bool, **asked: Any
) -> None:
    """Check what you have: first the labs before, then this one step by step."""
    from batepapo_labs import commands
    from batepapo_labs.checking import Asked

    def run(context: "Context") -> "Status":
        return commands.check(context, Asked(**asked), as_json=as_json)

    _do(run, folder, lang)


@lab.command()
@_common
def hint(**common: Any) -> None:
    """Give the next hint for what failed first: a question, a pointer, an answer."""
    from batepapo_labs import commands

    _do(commands.hint, **common)


@lab.command()
@click.option(
    "--polling", is_flag=True, help="Where saving is not noticed: network drives."
)
@_common
def watch(*, polling: bool, **common: Any) -> None:
    """Check each time that you save; c checks now, h gives a hint, q ends."""
    from batepapo_labs import commands

    _do(lambda context: commands.watch(context, polling=polling), **common)


@lab.command()
@_common
def reset(**common: Any) -> None:
    """Begin this lab again; what you have is kept in kept/."""
    from batepapo_labs import commands

    _do(commands.reset, **common)


@lab.command()
@_JSON
@_common
def status(*, as_json: bool, **common: Any) -> None:
    """Say where you are."""
    from batepapo_labs import commands

    _do(lambda context: commands.status(context, as_json=as_json), **common)


@lab.command()
@click.argument("number", type=int, required=False)
@click.option("--i-give-up", "give_up", is_flag=True, help="Though it is not passed.")
@_common
def solution(*, number: int | None, give_up: bool, **common: Any) -> None:
    """Put a solution of a lab that you have passed into solution-NUMBER/."""
    from batepapo_labs import commands

    _do(lambda context: commands.solution(context, number, give_up=give_up), **common)
