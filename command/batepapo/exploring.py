"""The commands that make sessions up, and that take saved ones again."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from batepapo_conformance.check import Request
    from batepapo_conformance.words import Words

_FILE = click.Path(dir_okay=False, path_type=Path)
_NO_VERDICT = 2


def testee(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say which program is meant, and in which language we speak."""
    for option in reversed(
        (
            click.option("--command", metavar="COMMAND", help="To start it."),
            click.option("--at", metavar="ADDRESS:PORT", help="One that runs already."),
            click.option("--testee", "file", metavar="FILE", help="A TOML file."),
            click.option("--implementation", metavar="NAME", help="A reference."),
            click.option(
                "--lang", type=click.Choice(["en", "pt"]), help="Of what is told."
            ),
        )
    ):
        command = option(command)
    return command


def words_of(lang: str | None) -> "Words":
    """The words of this language, or of the environment's."""
    from batepapo_conformance.words import Language, Words, language_from

    return Words(language_from() if lang is None else Language(lang))


def request_from(role: str, asked: dict[str, Any]) -> "Request":
    """Take the options of `testee` out of all that was asked."""
    from batepapo_conformance.check import Request
    from batepapo_conformance.testee import Role

    names = ("command", "at", "file", "implementation")
    return Request(role=Role(role), **{name: asked.pop(name) for name in names})


@click.command()
@testee
@click.option("--examples", type=click.IntRange(1), default=200, show_default=True)
@click.option("--steps", type=click.IntRange(1), default=20, show_default=True)
@click.option("--seed", type=int, help="Repeat the choices.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option("--save", type=_FILE, help="Where a failure goes.  [failure-ID.txt]")
def explore(lang: str | None, as_json: bool, **asked: Any) -> None:
    """Make up sessions for a server, and judge every answer.

    Several people come, speak, blunder and go, in every way and at the same time. A
    failure becomes a session of a few lines, which is saved.

    Exit status: 0 nothing was found; 1 a MUST is broken; 2 no verdict; 3 a fault of
    the suite.
    """
    from batepapo_conformance.check import ended_politely
    from batepapo_conformance.exploring import searching

    request = request_from("server", asked)
    with ended_politely():
        status = searching.explore_server(
            request, words=words_of(lang), out=sys.stdout, as_json=as_json, **asked
        )
    sys.exit(status)


@click.command()
@click.argument("session", type=_FILE)
@testee
@click.option("--repeat", type=click.IntRange(1), default=1, help="So often.")
@click.option("--as-nc", is_flag=True, help="Show what to type; nothing is started.")
def replay(
    session: Path, lang: str | None, repeat: int, as_nc: bool, **asked: Any
) -> None:
    """Take a saved session again, or one of spec/transcripts, with any server.

    Exit status: 0 every line came as it is written; 1 another came; 2 no verdict.
    """
    from batepapo_conformance.check import ended_politely
    from batepapo_conformance.exploring import searching

    request = request_from("server", asked)
    words = words_of(lang)
    if as_nc:
        sys.exit(searching.show_by_hand(session, request, words, sys.stdout))
    with ended_politely():
        status = searching.replay_file(session, request, repeat, words, sys.stdout)
    sys.exit(status)


@click.group()
def fuzz() -> None:
    """Send a program what is hostile: near the grammar, and in strange pieces.

    It stops at the first broken rule, and makes what broke it small.

    Exit status: 0 nothing was found; 1 a MUST is broken; 2 no verdict; 3 a fault of
    the suite.
    """


def _fuzzing(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            testee,
            click.option(
                "--octets", type=click.IntRange(1), default=1_000_000, show_default=True
            ),
            click.option("--seed", type=int, help="Repeat the choices."),
            click.option("--json", "as_json", is_flag=True, help="Report as JSON."),
        )
    ):
        command = option(command)
    return command


@fuzz.command("server")
@_fuzzing
@click.option("--save", type=_FILE, help="Where a failure goes.  [failure-ID.txt]")
def fuzz_server(**asked: Any) -> None:
    """Every line is answered as the specification says, and a witness sees it."""
    _fuzz("server", **asked)


@fuzz.command("client")
@_fuzzing
def fuzz_client(**asked: Any) -> None:
    """Ends or goes on as section 10 says; shows nothing that a terminal obeys."""
    _fuzz("client", save=None, **asked)


def _fuzz(role: str, *, lang: str | None, **asked: Any) -> None:
    from batepapo_conformance.check import ended_politely
    from batepapo_conformance.fuzzing.running import fuzz as run

    request = request_from(role, asked)
    with ended_politely():
        status = run(request, words=words_of(lang), out=sys.stdout, **asked)
    sys.exit(status)
