"""From the arguments to the exit status (sections 9 and 10)."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper

from .arguments import language_of, parser_of
from .client import Client
from .client import run as run_client
from .errors import InvalidAddress
from .limits import ADDRESS, PORT, ServerLimits
from .log import Log
from .server import Server
from .server import run as run_server
from .words import Words


def _serve(arguments: Namespace, parser: ArgumentParser, words: Words) -> int:
    if arguments.ask:
        arguments.address = _ask(words.ask_address())
        arguments.port = _ask(words.ask_port()) or str(PORT)
    try:
        log = Log(arguments.log_file, words.log_lost_lines)
    except OSError as error:
        parser.error(f"--log-file: {error.strerror}")
    try:
        server = Server(
            arguments.address or ADDRESS,
            arguments.port,
            limits=ServerLimits(
                entry=arguments.entry_timeout,
                connections=arguments.max_connections,
                per_address=arguments.max_per_address,
                rate=arguments.rate,
                outbox=arguments.outbox_limit,
                stall=arguments.stall_timeout,
            ),
            show_addresses=arguments.addresses and arguments.addresses == "show",
            words=words,
            log=log,
        )
    except InvalidAddress as error:
        print(words.failed(error), file=sys.stderr)
        return 5
    _on_signals(server.stop)
    with suppress(OSError):  # nobody reads it: that is no reason not to serve
        print(words.running_at(server.address), flush=True)
    run_server(server)
    return 0


def _join(arguments: Namespace, words: Words) -> int:
    given = [arguments.address, arguments.port, arguments.nick]
    client = Client(
        [part for part in given if part is not None], arguments.answer_timeout, words
    )
    _on_signals(client.interrupt)
    return run_client(client)


def _on_signals(act: Callable[[], object]) -> None:
    signals = [signal.SIGINT, signal.SIGTERM]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    for number in signals:
        signal.signal(number, lambda *_: act())


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip() if sys.stdin else ""


def run(command_line: list[str]) -> int:
    """Run the server or the client, as the arguments say, and give the status."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # no word is worth a UnicodeError
    words = Words(language_of(command_line))
    parser = parser_of(words)
    arguments = parser.parse_args(command_line)
    if arguments.program == "server":
        return _serve(arguments, parser, words)
    return _join(arguments, words)
