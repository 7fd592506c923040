"""From the arguments to the exit status (sections 9 and 10)."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper

from .arguments import language_of, parser_of
from .errors import InvalidAddress
from .limits import ADDRESS, PORT, ServerLimits
from .log import Log
from .words import Words


def _serve(options: argparse.Namespace, words: Words) -> int:
    from . import server  # noqa: PLC0415 (a client does not wait for it to load)

    address: str = options.address or ADDRESS
    port: str = options.port or str(PORT)
    if options.ask:
        address = _ask(words.ask_address(address)) or address
        port = _ask(words.ask_port(port)) or port
    try:
        log = Log(words, options.log_file)
    except OSError:
        return _fail(words.no_log_file(), 2)
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
            log=log,
            show_addresses=options.addresses and options.addresses == "show",
        )
    except InvalidAddress:
        return _fail(words.invalid_address(), 5)


def _join(options: argparse.Namespace, words: Words) -> int:
    from . import client  # noqa: PLC0415 (a server does not wait for it to load)

    return client.run(
        options.address,
        options.port,
        options.nick,
        words=words,
        answer_timeout=options.answer_timeout,
    )


def _ask(question: str) -> str:
    """Ask the operator, on standard error (RUN-5); empty at the end of input."""
    with suppress(OSError, ValueError):
        print(question, end="", file=sys.stderr, flush=True)
    if sys.stdin is None:  # started without a standard input
        return ""
    with suppress(OSError, ValueError):
        return sys.stdin.readline().strip()
    return ""


def _fail(text: str, status: int) -> int:
    with suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)
    return status


def run(arguments: Sequence[str]) -> int:
    """Run the server or the client, as the arguments say, and give the status.

    Raises SystemExit with status 2 for wrong usage (RUN-7, ASK-6).
    """
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    words = Words(language_of(arguments))
    options = parser_of(words).parse_args(arguments)
    if options.program == "server":
        return _serve(options, words)
    return _join(options, words)
