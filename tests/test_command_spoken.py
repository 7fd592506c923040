"""The help of the commands in the language that is asked for."""

import inspect
from collections.abc import Iterator

import click
import pytest
from batepapo.__main__ import main
from batepapo.spoken import table
from click.testing import CliRunner

HELP_OF_CLICK = {"Show this message and exit.", "Show the version and exit."}
NOBODYS = {"LC_ALL": None, "LC_MESSAGES": None, "LANG": None}


def texts(command: click.Command) -> Iterator[str]:
    """All that a command and what is below it say of themselves, in English."""
    yield inspect.cleandoc(command.help or "")
    for one in command.params:
        if isinstance(one, click.Option) and one.help:
            yield one.help
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from texts(below)


def names(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[list[str]]:
    yield list(path)
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from names(below, (*path, name))


def told(*arguments: str, **environment: str) -> str:
    runner = CliRunner(env={**NOBODYS, **environment})
    done = runner.invoke(main, arguments, terminal_width=80)
    assert done.exit_code == 0, done.output
    return done.output


def test_every_text_is_there_in_portuguese_and_none_that_nobody_says() -> None:
    said = set(texts(main)) | HELP_OF_CLICK
    assert said - set(table()) == set(), "lacking in help.pt.toml"
    assert set(table()) - said == set(), "in help.pt.toml, but no command says it"


@pytest.mark.parametrize("path", list(names(main)), ids=" ".join)
def test_help_in_portuguese_has_no_english_and_fits_80_columns(path: list[str]) -> None:
    help_ = told(*path, "--help", LANG="pt_BR.UTF-8")
    assert help_.startswith("Uso: ")
    assert "Opções:" in help_
    assert max(map(len, help_.splitlines())) <= 80
    lines = {line.strip() for line in help_.splitlines()}
    for english in ("Usage", "Options:", "Commands:", "[default", "Show this message"):
        assert not any(english in line for line in lines)


@pytest.mark.parametrize("asked", [("--lang", "pt"), ("--lang=pt",)])
def test_the_option_counts_more_than_the_environment(asked: tuple[str, ...]) -> None:
    assert told("judge", "--help", LANG="en_US.UTF-8").startswith("Usage: ")
    for path in (("check", "server"), ("lab", "check"), ("explain",), ("serve",)):
        assert told(*path, *asked, "--help", LANG="en_US.UTF-8").startswith("Uso: ")
        assert told(*path, "--help", *asked, LANG="en_US.UTF-8").startswith("Uso: ")


def test_without_any_it_is_as_of_the_reports() -> None:
    assert told("--help").startswith("Uso: ")
    assert told("--help", LC_ALL="en", LANG="pt_BR.UTF-8").startswith("Usage: ")


def test_what_a_program_is_told_is_no_language_of_the_help() -> None:
    command = ("--command", "python server.py --lang pt {address} {port}")
    help_ = told("check", "server", *command, "--help", LANG="en_US.UTF-8")
    assert help_.startswith("Usage: ")


def test_the_commands_themselves_stay_as_they_are_written() -> None:
    before = list(texts(main))
    told("--help", LANG="pt_BR.UTF-8")
    assert list(texts(main)) == before
