"""The command that marks a class."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from batepapo_conformance.results import Status
    from batepapo_labs.commands import Context

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_FILES = ("csv", "json", "reports", "gradescope", "classroom")


@click.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.option(
    "--labs",
    metavar="1-4",
    help="Which labs.  [all but 10, which has a server of its own]",
)
@click.option("--weights", type=_FILE, help="TOML: the weight of each lab.")
@click.option("--config", type=_FILE, help="TOML: all of this, see README.")
@click.option("--out-of", type=click.FloatRange(0, min_open=True), help="[100]")
@click.option("--leave-out", multiple=True, metavar="CHECK", help="Does not count.")
@click.option("--seed", type=int, help="Private: draws what checks draw at random.")
@click.option(
    "--detail",
    type=click.Choice(["full", "actual", "id"]),
    help="How much reports tell.  [full; with --seed: actual]",
)
@click.option("--server", metavar="COMMAND", help="How everybody's server is started.")
@click.option("--client", metavar="COMMAND", help="How everybody's client is started.")
@click.option("--build", metavar="COMMAND", help="What is run before.")
@click.option(
    "--ignore-their-commands",
    is_flag=True,
    default=None,
    help="Take no server, client, build of theirs; so with --server or --client.",
)
@click.option("--jobs", type=click.IntRange(1, 64), help="Checks at the same time.")
@click.option(
    "--time-limit",
    type=click.FloatRange(1),
    metavar="SECONDS",
    help="For each submission, all in all.  [600; with --autograder: 540]",
)
@click.option(
    "--time-factor",
    type=click.FloatRange(0.1, 100),
    help="All programs may be slower by this.  [1, or up to 2 as theirs say]",
)
@click.option("--single", is_flag=True, help="FOLDER is itself the only submission.")
@click.option(
    "--users",
    "first_user",
    type=click.IntRange(1000),
    metavar="ID",
    help="As root: a user for each submission, from this id on.",
)
@click.option("--csv", type=_FILE, help="Write the marks there.")
@click.option("--json", type=_FILE, help="Write everything there.")
@click.option("--reports", type=_FOLDER, help="Write a report for each student there.")
@click.option("--gradescope", type=_FOLDER, help="A NAME/results.json for each.")
@click.option("--classroom", type=_FOLDER, help="A NAME/result.json for each.")
@click.option("--lang", type=click.Choice(["en", "pt"]), help="The language.")
@click.option(
    "--autograder",
    type=(click.Choice(["gradescope"]), _FILE),
    metavar="gradescope ZIP",
    help="Mark nobody; write an autograder that will.",
)
@click.option(
    "--install",
    multiple=True,
    metavar="PACKAGE",
    help="With --autograder: of Ubuntu, as nodejs; for other languages.",
)
def grade(
    *,
    folder: Path | None,
    weights: Path | None,
    config: Path | None,
    autograder: tuple[str, Path] | None,
    install: tuple[str, ...],
    lang: str | None,
    **asked: Any,
) -> None:
    """Mark a class: each sub-folder of FOLDER is a submission.

    Each is copied, checked by itself with a time limit, and ended. Exit status:
    0 all were marked, however badly; 2 nothing could be marked; 3 a fault of the
    suite in at least one. It is never 1, which would mean a bad mark elsewhere.
    """
    from batepapo_conformance.words import Language
    from batepapo_labs.commands import answered
    from batepapo_labs.grading import autograder as zips
    from batepapo_labs.grading import commands, settings

    if (folder is None) == (autograder is None):
        raise click.UsageError("say either FOLDER or --autograder")
    for name in install:
        if autograder is None or not re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name):
            raise click.UsageError("say --autograder and --install PACKAGE")
    files = commands.Files(**{name: asked.pop(name) for name in _FILES})
    how = {name: asked.pop(name) for name in ("jobs", "single", "first_user")}

    def run(context: "Context") -> "Status":
        said = settings.read(config) if config else {}
        if weights is not None:
            said["weights"] = settings.read_weights(weights)
        wanted = settings.merged(said, lang=lang, **asked)
        context = replace(context, language=wanted.lang or context.language)
        if folder is not None:
            return commands.grade(context, folder, wanted, files, **how)
        assert autograder is not None
        return zips.write(
            context, autograder[1], wanted, jobs=how["jobs"], install=install
        )

    language = None if lang is None else Language(lang)
    sys.exit(answered(run, language=language, out=sys.stdout))
