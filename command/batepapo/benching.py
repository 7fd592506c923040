"""The command that measures what servers cost."""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import click

from batepapo.pairs import named
from batepapo.reports import LANGUAGE, words_from

_QUICK = 0.03


@click.command()
@click.option("--only", multiple=True, metavar="WORKLOAD", help="May be repeated.")
@click.option("--contender", multiple=True, metavar="NAME", help="May be repeated.")
@click.option(
    "--server",
    "servers",
    multiple=True,
    metavar="NAME=COMMAND",
    help="One more: a command 'PROGRAM {address} {port}'. May be repeated.",
)
@click.option("--rounds", type=click.IntRange(1), help="Turns of each; by default 5.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    help="For how long people talk in each turn; by default 3.",
)
@click.option(
    "--quick",
    is_flag=True,
    help="One short turn of each, with few participants: does everything work?",
)
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="Write every figure there; - is standard output, instead of the table.",
)
@click.option(
    "--plots",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Draw there, as SVG; needs: pip install 'batepapo[bench]'.",
)
@LANGUAGE
def bench(
    only: Sequence[str],
    contender: Sequence[str],
    servers: Sequence[str],
    *,
    rounds: int | None,
    seconds: float | None,
    quick: bool,
    json_file: Path | None,
    plots: Path | None,
    lang: str | None,
) -> None:
    """Measure servers: ours, IRC servers in C, and the limit, taking turns.

    Workloads: flood, single, paced, growth, entrance, idle, stalled, whispers,
    lecture. Contenders: threaded, asyncio, ngircd, inspircd, limit; those that are
    not on this machine are left out. Servers and load get a core each, where there
    are two.

    Exit status: 0 all was measured; 1 a contender failed; 2 nothing was measured, or
    the run was interrupted.
    """
    from batepapo_bench.measuring import Files, measure
    from batepapo_bench.plots import CannotDraw
    from batepapo_bench.telling import WORDS
    from batepapo_bench.turns import NAMES, Options
    from batepapo_bench.workloads import WORKLOADS
    from batepapo_conformance.words import Words

    options = Options(
        workloads=_chosen(only, WORKLOADS, "--only"),
        contenders=_chosen(contender, NAMES, "--contender"),
        servers=named(servers, "--server"),
        rounds=rounds or (1 if quick else 5),
        seconds=seconds or (0.3 if quick else 3.0),
        scale=_QUICK if quick else 1.0,
    )
    try:
        words = Words(words_from(lang).language, WORDS)
        sys.exit(measure(options, Files(json_file, plots), words, sys.stdout))
    except (CannotDraw, OSError) as error:
        click.echo(error, err=True)
        sys.exit(2)


def _chosen(
    names: Sequence[str], known: Collection[str], option: str
) -> tuple[str, ...]:
    """Those that are named; all if none is."""
    unknown = [name for name in names if name not in known]
    if unknown:
        there_is = ", ".join(known)
        raise click.BadParameter(
            f"{unknown[0]}: there is {there_is}", None, None, option
        )
    return tuple(dict.fromkeys(names)) or tuple(known)
