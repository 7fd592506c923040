"""The command that lets the zoo prove the suite."""

import sys
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option(
    "--only",
    multiple=True,
    metavar="WHAT",
    help="A specimen, an id, or one of: server, client, legal.",
)
@click.option(
    "--checks",
    multiple=True,
    metavar="WHAT",
    help="An id, a family of ids, a section, or part of a check's name.",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the whole matrix there.",
)
@click.option(
    "--renew",
    is_flag=True,
    help="Put what --only means into the matrix that --json names.",
)
@click.option("--seed", type=int, help="Repeat the random choices of a run.")
@click.option(
    "--quick",
    "extent",
    flag_value="quick",
    help="Run what the last whole visit found telling, and a sample of the rest.",
)
@click.option(
    "--thorough",
    "extent",
    flag_value="thorough",
    help="Leave out no check, even if it reaches nothing of what a specimen changes.",
)
@click.option("--jobs", type=click.IntRange(1, 256), help="Workers at the same time.")
def zoo(
    json_file: Path | None, extent: str | None, *, renew: bool, **asked: Any
) -> None:
    """Run every wrong and every odd specimen through all checks.

    Exit status: 0 if each wrong one is killed, with the right rule named first, no
    legal one fails, and every MUST and every check has a specimen to prove it; 1 if
    not; 2 if nothing can be said; 3 if the suite itself is at fault.
    """
    from batepapo_conformance.trials import Extent
    from batepapo_conformance.zoo import NoMatrix, NoSuchSpecimen, Visit, visit

    if renew and (json_file is None or extent == "quick" or asked["checks"]):
        raise click.UsageError(
            "--renew needs --json, and whole trials: no --quick, no --checks"
        )
    request = Visit(extent=Extent(extent or Extent.WHOLE), **asked)
    try:
        status = visit(request, out=sys.stdout, json_file=json_file, renew=renew)
        sys.exit(status)
    except (NoSuchSpecimen, NoMatrix, OSError) as error:
        click.echo(error, err=True)
        sys.exit(2)
