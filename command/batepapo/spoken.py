"""The help of every command in Portuguese, for whoever asks for it in Portuguese.

What a command does is said in English where it is written; `help.pt.toml` says the
same in Portuguese, sentence by sentence.
"""

import copy
import functools
import inspect
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

_TABLE: Final = Path(__file__).with_name("help.pt.toml")
_Kind = TypeVar("_Kind", bound=click.Command)
_HEADINGS: Final = {"Options": "Opções", "Commands": "Comandos"}
_DEFAULT: Final = re.compile(r"\[default: (.*)\]$")


class SpokenGroup(click.Group):
    """A group whose help, and that of all below it, is of the language asked for.

    That is the one of `--lang`, wherever it stands, or else the environment's.
    """

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command that the arguments name (`click.Group.main`)."""
        asked = args[0] if args else extra.get("args")
        given = sys.argv[1:] if asked is None else asked
        group = in_portuguese(self) if _wants_portuguese(given) else self
        return click.Group.main(group, *args, **extra)


def _wants_portuguese(arguments: Sequence[str]) -> bool:
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        asked = value if option == "--lang" else option.partition("--lang=")[2]
        if asked in ("en", "pt"):
            return asked == "pt"
    # Not before: it takes a moment, and whoever says --lang need not wait for it.
    from batepapo_conformance.words import Language, language_from

    return language_from() is Language.PORTUGUESE


def in_portuguese(command: _Kind) -> _Kind:
    """A copy of a command, and of all below it, whose help is in Portuguese."""
    spoken = copy.copy(command)
    spoken.help = _translated(command.help)
    spoken.params = [_option(one) for one in command.params]
    spoken.context_class = _Context
    spoken.options_metavar = "[OPÇÕES]"
    if isinstance(spoken, click.Group):
        spoken.subcommand_metavar = "COMANDO [ARGUMENTOS]..."
        below = spoken.commands.items()
        spoken.commands = {name: in_portuguese(one) for name, one in below}
    return spoken


def _option(parameter: click.Parameter) -> click.Parameter:
    if not isinstance(parameter, click.Option):
        return parameter
    spoken = copy.copy(parameter)
    spoken.help = _translated(parameter.help)
    return spoken


def _translated(text: str | None) -> str | None:
    return text and table().get(inspect.cleandoc(text), text)


@functools.cache
def table() -> Mapping[str, str]:
    """What each text of a help is in Portuguese; without a text, it is as it was."""
    said = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["text"]
    return {one["en"].strip(): one["pt"].strip() for one in said}


def default_in_portuguese(meaning: str) -> str:
    """What an option means, with what click itself adds to it in Portuguese."""
    return _DEFAULT.sub(r"[padrão: \1]", table().get(meaning, meaning))


class _Formatter(click.HelpFormatter):
    """What click itself says around the texts, in Portuguese."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, "Uso: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(_HEADINGS.get(heading, heading))

    def write_dl(
        self, rows: Iterable[tuple[str, str]], *args: Any, **more: Any
    ) -> None:
        told = [(left, default_in_portuguese(right)) for left, right in rows]
        super().write_dl(told, *args, **more)


class _Context(click.Context):
    formatter_class = _Formatter
