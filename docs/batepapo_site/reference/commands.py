"""The command line, as the programs themselves tell it."""

import contextlib
import html
import inspect
import io
import os
from collections.abc import Iterator
from typing import Final
from unittest import mock

import batepapo_asyncio.arguments as of_tasks
import batepapo_asyncio.words as words_of_tasks
import batepapo_threaded.arguments as of_threads
import batepapo_threaded.words as words_of_threads
import click
from batepapo.__main__ import main
from batepapo.spoken import default_in_portuguese, in_portuguese

from batepapo_conformance.words import Language
from batepapo_site.code import fenced
from batepapo_site.here import Place
from batepapo_site.words import table, words

_WIDTH: Final = 88


def command_line(_argument: str, place: Place) -> str:
    """Every command of `batepapo`: how it is called, what it does, its options."""
    portuguese = place.language is Language.PORTUGUESE
    command = in_portuguese(main) if portuguese else main
    return "\n\n".join(_told(command, "batepapo", place.language))


def _told(command: click.Command, name: str, language: Language) -> Iterator[str]:
    context = click.Context(
        command, info_name=name, terminal_width=_WIDTH, max_content_width=_WIDTH
    )
    words_of_name = name.split()
    rank = "##" if len(words_of_name) < 3 else "###"
    anchor = "-".join(words_of_name[1:]) or "batepapo"
    yield f"{rank} `{name}` {{ #{anchor} }}"
    # Not cut: there are paragraphs in it, and examples.
    usage = command.get_usage(context).partition(": ")[2]
    yield fenced(inspect.cleandoc(usage), "text")
    yield _plain(inspect.cleandoc(command.help or "").replace("\b\n", ""))
    told = words(language)
    meaning = default_in_portuguese if language is Language.PORTUGUESE else str
    records = [
        found
        for one in command.get_params(context)
        if (found := one.get_help_record(context))
    ]
    if records:
        yield table(
            (told("commands.option"), told("commands.meaning")),
            ((_code(left), _plain(meaning(right))) for left, right in records),
        )
    if isinstance(command, click.Group):
        for sub, one in command.commands.items():
            yield from _told(one, f"{name} {sub}", language)


def _code(text: str) -> str:
    # As HTML: in a table, a bar within back quotes is not read alike by all.
    return f"<code>{html.escape(text).replace('|', '&#124;')}</code>"


def _plain(text: str) -> str:
    """Text of a help, whose `<` and `[` mean themselves."""
    escaped = text.replace("<", "&lt;").replace("|", "&#124;")
    return escaped.replace("[", "\\[").replace("]", "\\]")


def programs(argument: str, place: Place) -> str:
    """The help of a reference program: `threaded server`, in the page's language."""
    implementation, _, role = argument.partition(" ")
    told = help_of(implementation, role, place.language)
    return fenced(told.rstrip(), "text")


def help_of(implementation: str, role: str, language: Language) -> str:
    """What a reference program prints if it is asked for help."""
    if implementation == "threaded":
        spoken = words_of_threads.Words(words_of_threads.Language(language.value))
        parser = of_threads.parser_of(spoken)
    else:
        others = words_of_tasks.Words(words_of_tasks.Language(language.value))
        parser = of_tasks.parser_of(others)
    out = io.StringIO()
    plain = {**os.environ, "COLUMNS": str(_WIDTH), "NO_COLOR": "1"}
    with (
        mock.patch.dict(os.environ, plain, clear=True),
        contextlib.redirect_stdout(out),
        contextlib.suppress(SystemExit),
    ):
        parser.parse_args([role, "--help"])
    return out.getvalue()
