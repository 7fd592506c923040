"""Arguments, and which of the two programs they start (sections 9 and 10).

`python -m batepapo_threaded server|client ...`
"""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

from batepapo_threaded import SOFTWARE, client, server
from batepapo_threaded.errors import InvalidAddress
from batepapo_threaded.limits import (
    ADDRESS,
    ANSWER,
    CONNECTIONS,
    ENTRY,
    OUTBOX,
    PER_ADDRESS,
    PORT,
    RATE,
    STALL,
    ServerLimits,
)
from batepapo_threaded.signals import when_asked_to_end
from batepapo_threaded.words import Language, Words, language_from

_LARGEST = 1_000_000_000
"""The largest number an option takes: some 30 years, or a gigabyte."""


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


def _language(arguments: Sequence[str]) -> Language:
    """Find the language before anything else: `--help` speaks it too."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--lang", nargs="?")
    chosen = parser.parse_known_args(arguments)[0].lang
    with suppress(ValueError):
        return Language(chosen)
    return language_from(os.environ)


def _parser(words: Words) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m batepapo_threaded",
        description=words.about(),
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=SOFTWARE)
    programs = parser.add_subparsers(dest="program", required=True)
    _add_server(
        programs.add_parser(
            "server",
            help=words.about_server(),
            description=words.about_server(),
            allow_abbrev=False,
        ),
        words,
    )
    _add_client(
        programs.add_parser(
            "client",
            help=words.about_client(),
            description=words.about_client(),
            epilog=words.help(),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        ),
        words,
    )
    return parser


def _add_server(parser: argparse.ArgumentParser, words: Words) -> None:
    """Add the arguments and options of section 9."""
    option = parser.add_argument
    option("address", nargs="?", default="", help=f"{words.address()} [{ADDRESS}]")
    option("port", nargs="?", help=f"{words.port()} [{PORT}]")
    option("--ask", action="store_true", help=words.option_ask())
    for name, read, default, text in (
        ("--entry-timeout", _seconds, ENTRY, words.option_entry()),
        ("--stall-timeout", _seconds, STALL, words.option_stall()),
        ("--outbox-limit", _positive, OUTBOX, words.option_outbox()),
        ("--max-connections", _positive, CONNECTIONS, words.option_connections()),
        ("--max-per-address", _count, PER_ADDRESS, words.option_per_address()),
        ("--rate", _count, RATE, words.option_rate()),
    ):
        option(
            name, type=read, default=default, metavar="N", help=f"{text} [{default:g}]"
        )
    option("--addresses", choices=("show", "hide"), help=words.option_addresses())
    option("--log-file", type=Path, metavar="PATH", help=words.option_log_file())
    option("--lang", choices=[language.value for language in Language])


def _add_client(parser: argparse.ArgumentParser, words: Words) -> None:
    """Add the arguments and options of section 10."""
    option = parser.add_argument
    option("address", nargs="?", help=f"{words.address()} [{ADDRESS}]")
    option("port", nargs="?", help=f"{words.port()} [{PORT}]")
    option("nick", nargs="?", help="nick")
    option(
        "--answer-timeout",
        type=_seconds,
        default=ANSWER,
        metavar="N",
        help=f"{words.option_answer()} [{ANSWER:g}]",
    )
    option("--lang", choices=[language.value for language in Language])


def _ask(question: str) -> str:
    """Ask the operator, on standard error (RUN-5); empty at the end of input."""
    with suppress(OSError, ValueError):
        print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin is None:  # started without a standard input
        return ""
    with suppress(OSError, ValueError):
        return sys.stdin.readline().strip()
    return ""


def _serve(options: argparse.Namespace, words: Words) -> int:
    address: str = options.address or ADDRESS
    port: str = str(PORT) if options.port is None else options.port
    if options.ask:
        address = _ask(words.ask_server_address(address)) or address
        port = _ask(words.ask_server_port(port)) or port
    try:
        return server.run(
            address,
            port,
            limits=ServerLimits(
                entry=options.entry_timeout,
                stall=options.stall_timeout,
                outbox=options.outbox_limit,
                connections=options.max_connections,
                per_address=options.max_per_address,
                rate=options.rate,
            ),
            words=words,
            show=None if options.addresses is None else options.addresses == "show",
            log_file=options.log_file,
        )
    except InvalidAddress:
        return _fail(words.invalid_address(), 5)
    except OSError:
        return _fail(words.no_log_file(), 2)


def _fail(text: str, status: int) -> int:
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
    return status


def _leave() -> NoReturn:
    raise SystemExit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a server or a client; gives the exit status.

    Arguments are those of the command line unless given. Raises SystemExit
    with status 2 for wrong usage (RUN-7, ASK-6).
    """
    when_asked_to_end(_leave)  # until the program has something better to do
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    given = sys.argv[1:] if arguments is None else arguments
    words = Words(_language(given))
    options = _parser(words).parse_args(given)
    if options.program == "server":
        return _serve(options, words)
    return client.run(
        options.address,
        options.port,
        options.nick,
        words=words,
        answer_timeout=options.answer_timeout,
    )


if __name__ == "__main__":
    sys.exit(main())
