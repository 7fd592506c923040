"""The commands and options that tell about runs: how, to whom, how much."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from batepapo_conformance.forms import Forms
    from batepapo_conformance.words import Words

FORMS = (
    "json",
    "html",
    "junit",
    "gradescope",
    "classroom",
    "badge",
    "detail",
    "lang",
)
"""The parameters that `telling` adds, which `forms_from` takes."""

LANGUAGE = click.option(
    "--lang",
    type=click.Choice(["en", "pt"]),
    help="The language of the words; by default, the environment's.",
)
"""The option that says in which language people are told."""

_FILE = click.Path(dir_okay=False, path_type=Path)


def telling(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say in which forms a run is told."""
    for option in reversed(
        (
            click.option("--json", is_flag=True, help="Report as JSON."),
            click.option("--html", type=_FILE, help="Write a page there."),
            click.option("--junit", type=_FILE, help="Write JUnit XML there."),
            click.option(
                "--gradescope", type=_FILE, help="Write a Gradescope results.json."
            ),
            click.option(
                "--classroom", type=_FILE, help="Write a Classroom 50 result.json."
            ),
            click.option(
                "--badge",
                type=_FILE,
                help="Write a badge: SVG, or JSON for shields.io.",
            ),
            click.option(
                "--detail",
                type=click.Choice(["full", "actual", "id"]),
                default="full",
                show_default=True,
                help="How much is told: all; what came, but not what was expected;"
                " or only ids and names.",
            ),
            LANGUAGE,
        )
    ):
        command = option(command)
    return command


def forms_from(*, detail: str, lang: str | None, **asked: Any) -> "Forms":
    """The forms that the options of `telling` ask for."""
    from batepapo_conformance.detail import Detail
    from batepapo_conformance.forms import Forms

    return Forms(detail=Detail(detail), words=words_from(lang), **asked)


def words_from(lang: str | None) -> "Words":
    """The words of the language that is asked for, or else the environment's."""
    from batepapo_conformance.words import Language, Words, language_from

    return Words(language_from() if lang is None else Language(lang))


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULT.json...")
@click.option("--text", is_flag=True, help="Tell it here even if a file is written.")
@telling
def report(results: Sequence[str], *, text: bool, **asked: Any) -> None:
    """Tell again about runs that were saved with `batepapo check ... --json`.

    The kill matrix of `batepapo zoo --json` can be told as a page (--html).
    Exit status: that of the worst run; 2 if a file is not the result of a run.
    """
    from batepapo_conformance.forms import CannotTell, tell
    from batepapo_conformance.saved import BadResult, read
    from batepapo_conformance.zoo_page import is_matrix, write_page

    forms = forms_from(**asked)
    forms = replace(forms, quiet=forms.files and not (text or forms.json))
    try:
        if any(is_matrix(Path(result)) for result in results):
            write_page([Path(result) for result in results], forms)
            sys.exit(0)
        runs = [read(Path(result)) for result in results]
        tell(runs, forms, sys.stdout, [Path(result).stem for result in results])
    except (BadResult, CannotTell) as error:
        click.echo(error, err=True)
        sys.exit(2)
    sys.exit(max(run.status for run in runs))


@click.command()
@click.argument("old", metavar="OLD.json")
@click.argument("new", metavar="NEW.json")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@LANGUAGE
def compare(old: str, new: str, *, as_json: bool, lang: str | None) -> None:
    """Compare two saved results: what was fixed, what broke, what still fails.

    Exit status: 1 if something broke; 2 if the two cannot be compared.
    """
    from batepapo_conformance import comparison
    from batepapo_conformance.saved import BadResult, read

    try:
        found = comparison.compare(read(Path(old)), read(Path(new)))
    except (BadResult, comparison.NotComparable) as error:
        click.echo(error, err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps(comparison.as_json(found), indent=1))
    else:
        click.echo(comparison.as_text(found, words_from(lang)))
    sys.exit(found.status)


@click.command()
@click.option("--role", type=click.Choice(["server", "client"]), help="Only these.")
@click.option("--implementation", metavar="NAME", help="Only this one.")
@click.option("--times", type=click.IntRange(2), default=30, show_default=True)
@click.option("--only", multiple=True, metavar="WHAT", help="As in `batepapo check`.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Checks at the same time.")
@click.option("--seed", type=int, help="Repeat the random choices of a run.")
@click.option("--warm", is_flag=True, help="Start the references warm: faster.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@LANGUAGE
def flakes(
    role: str | None,
    implementation: str | None,
    *,
    times: int,
    as_json: bool,
    lang: str | None,
    **asked: Any,
) -> None:
    """Measure the suite's own flake rate, on the references.

    Exit status: 1 if a check ever failed, or did not always give the same verdict.
    """
    from batepapo_conformance import flakes as measuring
    from batepapo_conformance.check import Request
    from batepapo_conformance.testee import IMPLEMENTATIONS, Role

    requests = [
        Request(role=one, implementation=name, repeat=times, **asked)
        for one in ([Role(role)] if role else Role)
        for name in ([implementation] if implementation else IMPLEMENTATIONS)
    ]
    words = words_from(lang)
    measured = measuring.measure(requests, words, sys.stderr, silent=as_json)
    if as_json:
        click.echo(json.dumps(measuring.as_json(measured), indent=1))
    else:
        measuring.tell(measured, words, sys.stdout)
    sys.exit(measuring.status(measured))
