"""Options that are given as NAME=VALUE."""

from collections.abc import Sequence

import click


def named(pairs: Sequence[str], option: str) -> dict[str, str]:
    """The value of each name.

    Raises:
        click.BadParameter: one has no name, or two have the same.
    """
    found = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    if len(found) != len(pairs):
        raise click.BadParameter(
            "each needs a NAME of its own: NAME=COMMAND", None, None, option
        )
    return found
