"""What the command line can say (RUN-6, ASK-7)."""

import argparse
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from . import SOFTWARE
from .limits import (
    ADDRESS,
    ANSWER,
    CONNECTIONS,
    ENTRY,
    OUTBOX,
    PER_ADDRESS,
    PORT,
    RATE,
    STALL,
)
from .words import Language, Words, language_from

_Say = Callable[[str, str], str]

_LARGEST = 1_000_000_000
"""The largest number an option takes: some 30 years, or a gigabyte."""


def language_of(arguments: Sequence[str]) -> Language:
    """Find the language before anything else: `--help` speaks it too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--lang", nargs="?")
    chosen = parser.parse_known_args(arguments)[0].lang
    with suppress(ValueError):
        return Language(chosen)
    return language_from(os.environ)


def parser_of(words: Words) -> argparse.ArgumentParser:
    """Build the parser; its errors end the program with status 2 (RUN-7, ASK-6)."""
    parser = argparse.ArgumentParser(
        prog="python -m batepapo_threaded",
        description=words.say(
            "Bate-papo: servidor e cliente, com sockets bloqueantes e threads",
            "A chat: server and client, with blocking sockets and threads",
        ),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=SOFTWARE)
    programs = parser.add_subparsers(dest="program", required=True)
    does = words.say("recebe clientes e leva as mensagens", "serves the clients")
    _add_server(
        programs.add_parser("server", help=does, description=does, allow_abbrev=False),
        words.say,
    )
    does = words.say("conversa com um servidor", "talks to a server")
    _add_client(
        programs.add_parser(
            "client",
            help=does,
            description=does,
            epilog=words.help(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        ),
        words.say,
    )
    return parser


def _add_place(parser: argparse.ArgumentParser, say: _Say) -> None:
    address = say("endereço IPv4 ou IPv6", "IPv4 or IPv6 address")
    parser.add_argument("address", nargs="?", help=f"{address} [{ADDRESS}]")
    port = say("porta", "port")
    parser.add_argument("port", nargs="?", help=f"{port} [{PORT}]")


def _add_language(parser: argparse.ArgumentParser) -> None:
    languages = [language.value for language in Language]
    parser.add_argument("--lang", choices=languages, help="português / English")


def _add_server(parser: argparse.ArgumentParser, say: _Say) -> None:
    """Add the arguments and options of section 9."""
    _add_place(parser, say)
    ask = say("pergunta o endereço e a porta", "ask for address and port")
    parser.add_argument("--ask", action="store_true", help=ask)

    def option(
        name: str, read: Callable[[str], float], default: float, what: str
    ) -> None:
        parser.add_argument(
            name,
            type=read,
            default=default,
            metavar="N",
            help=f"{what} [{default:.10g}]",
        )

    option(
        "--entry-timeout",
        _seconds,
        ENTRY,
        say("segundos para entrar", "seconds to enter"),
    )
    option(
        "--stall-timeout",
        _seconds,
        STALL,
        say("segundos que um cliente pode não ler", "seconds a client may not read"),
    )
    option(
        "--outbox-limit",
        _positive,
        OUTBOX,
        say("octetos à espera de um cliente", "octets that may wait for a client"),
    )
    option(
        "--max-connections",
        _positive,
        CONNECTIONS,
        say("conexões ao mesmo tempo", "connections at the same time"),
    )
    option(
        "--max-per-address",
        _count,
        PER_ADDRESS,
        say(
            "conexões de um endereço (0: sem limite)",
            "connections from one address (0: no limit)",
        ),
    )
    option(
        "--rate",
        _count,
        RATE,
        say(
            "linhas por segundo lidas de cada conexão (0: sem limite)",
            "lines per second read from each connection (0: no limit)",
        ),
    )
    parser.add_argument(
        "--addresses",
        choices=("show", "hide"),
        help=say(
            "mostra ou esconde endereços (sem isto, só o loopback os mostra)",
            "show or hide addresses (by default only the loopback shows them)",
        ),
    )
    parser.add_argument(
        "--log-file",
        type=Path,
        metavar="PATH",
        help=say("escreve o registro também aqui", "write the log here, too"),
    )
    _add_language(parser)


def _add_client(parser: argparse.ArgumentParser, say: _Say) -> None:
    """Add the arguments and options of section 10."""
    _add_place(parser, say)
    parser.add_argument("nick", nargs="?", help="nick")
    wait = say("segundos de espera pelo servidor", "seconds to wait for the server")
    parser.add_argument(
        "--answer-timeout",
        type=_seconds,
        default=ANSWER,
        metavar="N",
        help=f"{wait} [{ANSWER:g}]",
    )
    _add_language(parser)


def _seconds(text: str) -> float:
    """Read a time limit: over 0, fractions allowed."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or not 0 < float(text) <= _LARGEST:
        raise argparse.ArgumentTypeError(text)
    return float(text)


def _count(text: str) -> int:
    """Read a whole number from 0."""
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > _LARGEST:
        raise argparse.ArgumentTypeError(text)
    return int(text)


def _positive(text: str) -> int:
    """Read a whole number from 1."""
    if _count(text) == 0:
        raise argparse.ArgumentTypeError(text)
    return int(text)
