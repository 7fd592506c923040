"""What can be said on the command line (RUN-6, ASK-7)."""

import os
import re
from argparse import ArgumentError, ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path

from . import limits
from .words import Language, Words, language_from


def language_of(arguments: Sequence[str]) -> Language:
    """Find the language before anything can be said in it: `--lang`, or RUN-8."""
    peek = ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    peek.add_argument("--lang", choices=list(Language), type=str)
    try:
        chosen = peek.parse_known_args(arguments)[0].lang
    except ArgumentError:  # the parser proper will report it
        chosen = None
    return Language(chosen) if chosen else language_from(os.environ)


def parser_of(words: Words) -> ArgumentParser:
    """Build the parser; its errors end the program with status 2 (RUN-7, ASK-6)."""
    parser = ArgumentParser(
        prog="python -m batepapo_asyncio",
        description=words.help_program(),
        allow_abbrev=False,
    )
    programs = parser.add_subparsers(dest="program", required=True)
    server = programs.add_parser("server", help=words.help_server(), allow_abbrev=False)
    client = programs.add_parser("client", help=words.help_client(), allow_abbrev=False)
    _add_server(server, words)
    _add_client(client, words)
    for each in (server, client):
        each.add_argument("--lang", choices=list(Language), help=words.help_lang())
    return parser


def _add_server(parser: ArgumentParser, words: Words) -> None:
    add = parser.add_argument
    add("address", nargs="?", help=words.help_address())
    add("port", nargs="?", help=words.help_port())
    add("--ask", action="store_true", help=words.help_ask())
    for option, kind, default in (
        ("--entry-timeout", _seconds, limits.ENTRY),
        ("--stall-timeout", _seconds, limits.STALL),
        ("--outbox-limit", _at_least(1), limits.OUTBOX),
        ("--max-connections", _at_least(1), limits.CONNECTIONS),
        ("--max-per-address", _at_least(0), limits.PER_ADDRESS),
        ("--rate", _at_least(0), limits.RATE),
    ):
        text = words.help_option(option, default)
        add(option, type=kind, default=default, metavar="N", help=text)
    add("--addresses", choices=["show", "hide"], help=words.help_addresses())
    add("--log-file", type=Path, metavar="PATH", help=words.help_log_file())


def _add_client(parser: ArgumentParser, words: Words) -> None:
    add = parser.add_argument
    add("address", nargs="?", help=words.help_address())
    add("port", nargs="?", help=words.help_port())
    add("nick", nargs="?", help=words.help_nick())
    default = limits.ANSWER
    text = words.help_option("--answer-timeout", default)
    add("--answer-timeout", type=_seconds, default=default, metavar="N", help=text)


def _seconds(text: str) -> float:
    seconds = float(text) if re.fullmatch(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", text) else 0
    if seconds <= 0 or not isfinite(seconds):
        raise ArgumentTypeError(f"{text!a}: > 0")
    return seconds


def _at_least(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if not re.fullmatch("[0-9]{1,18}", text) or int(text) < least:
            raise ArgumentTypeError(f"{text!a}: >= {least}")
        return int(text)

    return whole
