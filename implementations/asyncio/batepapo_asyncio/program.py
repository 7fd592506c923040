"""From the arguments to the exit status (sections 9 and 10)."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from io import TextIOWrapper

from .arguments import language_of, parser_of
from .errors import InvalidAddress
from .limits import ADDRESS, PORT, ServerLimits
from .log import Log
from .words import Words


def _serve(options: Namespace, parser: ArgumentParser, words: Words) -> int:
    from . import server  # noqa: PLC0415 (a client does not wait for it to load)

    address, port = options.address or ADDRESS, options.port or str(PORT)  # RUN-1
    if options.ask:  # RUN-5
        address = _ask(words.ask_address(address)) or address
        port = _ask(words.ask_port(port)) or port
    try:
        log = Log(words, options.log_file)
    except OSError as error:
        parser.error(f"--log-file: {error.strerror}")
    try:
        return server.run(
            address,
            port,
            limits=ServerLimits(
                entry=options.entry_timeout,
                connections=options.max_connections,
                per_address=options.max_per_address,
                rate=options.rate,
                outbox=options.outbox_limit,
                stall=options.stall_timeout,
            ),
            words=words,
            log=log,
            show_addresses=options.addresses and options.addresses == "show",
        )
    except InvalidAddress as error:
        print(words.failed(error), file=sys.stderr)
        return 5


def _join(options: Namespace, words: Words) -> int:
    from . import client  # noqa: PLC0415 (a server does not wait for it to load)

    return client.run(
        options.address,
        options.port,
        options.nick,
        words=words,
        answer_timeout=options.answer_timeout,
    )


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() if sys.stdin else ""


def run(arguments: Sequence[str]) -> int:
    """Run the server or the client, as the arguments say, and give the status."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # no word is worth a UnicodeError
    words = Words(language_of(arguments))
    parser = parser_of(words)
    options = parser.parse_args(arguments)
    if options.program == "server":
        return _serve(options, parser, words)
    return _join(options, words)
