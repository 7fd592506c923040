"""The command line of `batepapo`: what there is, and nothing of how it is done.

Each part is imported when it is asked for, so that a server starts without
waiting for the suite to be loaded.
"""

import io
import json
import runpy
import secrets
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import click

from batepapo.benching import bench
from batepapo.exploring import explore, fuzz, replay
from batepapo.grading import grade
from batepapo.labs import lab
from batepapo.pairs import named
from batepapo.proving import zoo
from batepapo.recording import judge, proxy
from batepapo.reports import (
    FORMS,
    LANGUAGE,
    compare,
    flakes,
    forms_from,
    report,
    telling,
    words_from,
)
from batepapo.spoken import SpokenGroup

_IMPLEMENTATION = click.option(
    "--implementation",
    type=click.Choice(["threaded", "asyncio"]),
    default="threaded",
    show_default=True,
    help="Which of the two reference implementations.",
)
_PASSED_ON = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


@click.group(cls=SpokenGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="batepapo", message="%(package)s %(version)s")
def main() -> None:
    """Bate-papo: a small chat protocol, specified, built twice, and proven."""
    for stream in (sys.stdout, sys.stderr):
        # What a testee wrote is shown whatever this terminal can display.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@main.command(context_settings=_PASSED_ON)
@_IMPLEMENTATION
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def serve(implementation: str, arguments: Sequence[str]) -> None:
    """Start a reference server: [ADDRESS [PORT]] [options of section 9].

    Without arguments it listens at 127.0.0.1, port 55555.
    """
    _start(implementation, "server", arguments)


@main.command(context_settings=_PASSED_ON)
@_IMPLEMENTATION
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def chat(implementation: str, arguments: Sequence[str]) -> None:
    """Start a reference client: [ADDRESS [PORT [NICK]]] [options of section 10].

    Without arguments it starts offline, and /AJUDA says what can be typed.
    """
    _start(implementation, "client", arguments)


def _start(implementation: str, role: str, arguments: Sequence[str]) -> None:
    # As `python -m` does: the implementation is a program of its own.
    module = f"batepapo_{implementation}"
    sys.argv = [module, role, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


@main.group()
def check() -> None:
    """Check a program against the specification.

    Exit status: 0 passed; 1 a MUST failed; 2 no verdict; 3 a fault of the suite.
    """


def _checking(command: Callable[..., None]) -> Callable[..., None]:
    """The options that both kinds of testee have."""
    for option in reversed(
        (
            click.option(
                "--testee", "file", metavar="FILE", help="A TOML file about it."
            ),
            click.option(
                "--implementation", metavar="NAME", help="A reference implementation."
            ),
            click.option(
                "--warm",
                is_flag=True,
                help="Fork it from a loaded copy, where it is known how.",
            ),
            click.option(
                "--only",
                multiple=True,
                metavar="WHAT",
                help="An id, a family of ids, a section, or part of a check's name.",
            ),
            click.option("--list", "listing", is_flag=True, help="List, do not run."),
            telling,
            click.option(
                "--seed", type=int, help="Repeat the random choices of a run."
            ),
            click.option(
                "--jobs", type=click.IntRange(1, 64), help="Checks at the same time."
            ),
            click.option(
                "--repeat",
                type=click.IntRange(1),
                default=1,
                help="Run each check so often.",
            ),
        )
    ):
        command = option(command)
    return command


@check.command("server")
@click.option("--command", metavar="COMMAND", help="'PROGRAM {address} {port}'")
@click.option("--at", metavar="ADDRESS:PORT", help="A server that runs already.")
@_checking
def check_server(**asked: Any) -> None:
    """Check a server: one of --command, --at, --testee or --implementation."""
    _check("server", **asked)


@check.command("client")
@click.option("--command", metavar="COMMAND", help="'PROGRAM {address} {port} {nick}'")
@_checking
def check_client(**asked: Any) -> None:
    """Check a client: one of --command, --testee or --implementation."""
    _check("client", **asked)


def _check(role: str, *, listing: bool, **asked: Any) -> None:
    from batepapo_conformance import check as checking
    from batepapo_conformance.forms import CannotTell
    from batepapo_conformance.testee import Role

    forms = forms_from(**{name: asked.pop(name) for name in FORMS})
    request = checking.Request(role=Role(role), **asked)
    if listing:
        sys.exit(checking.list_checks(request, out=sys.stdout, as_json=forms.json))
    try:
        sys.exit(checking.check(request, out=sys.stdout, forms=forms))
    except CannotTell as error:
        click.echo(error, err=True)
        sys.exit(2)


@main.command()
@click.option("--server", "servers", multiple=True, metavar="NAME=COMMAND")
@click.option("--client", "clients", multiple=True, metavar="NAME=COMMAND")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option("--seed", type=int, help="Repeat the random choices of a run.")
def interop(
    servers: Sequence[str], clients: Sequence[str], as_json: bool, seed: int | None
) -> None:
    """Let every client talk to every server; by default, the references.

    A COMMAND is 'PROGRAM {address} {port}' for a server, and
    'PROGRAM {address} {port} {nick}' for a client.
    """
    from batepapo_conformance.interop import run

    sys.exit(
        run(
            servers=named(servers, "--server"),
            clients=named(clients, "--client"),
            as_json=as_json,
            out=sys.stdout,
            seed=secrets.randbelow(1_000_000) if seed is None else seed,
        )
    )


@main.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@LANGUAGE
def explain(ids: Sequence[str], *, lang: str | None) -> None:
    """Tell a rule, its reason, and a correct exchange; or the rules of a section.

    ID is a rule, as ENTER-3, or the number of a section, as 5.2 or 5.
    """
    from batepapo_conformance import explain as explaining
    from batepapo_conformance.spec import load

    try:
        words = words_from(lang)
        texts = [explaining.explain(name, load(), words) for name in ids]
    except explaining.UnknownRequirement as error:
        click.echo(error, err=True)
        sys.exit(2)
    click.echo("\n\n".join(texts))


@main.command()
@click.option("--role", type=click.Choice(["server", "client"]))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def requirements(role: str | None, as_json: bool) -> None:
    """List every requirement of the specification."""
    from batepapo_conformance.explain import index
    from batepapo_conformance.spec import load

    if as_json:
        every = load().requirements.values()
        chosen = [asdict(one) for one in every if role is None or one.binds(role)]
        click.echo(json.dumps(chosen, indent=1))
    else:
        click.echo(index(load(), role))


main.add_command(report)
main.add_command(compare)
main.add_command(flakes)
main.add_command(proxy)
main.add_command(judge)
main.add_command(zoo)
main.add_command(explore)
main.add_command(fuzz)
main.add_command(replay)
main.add_command(lab)
main.add_command(grade)
main.add_command(bench)


if __name__ == "__main__":
    main()
