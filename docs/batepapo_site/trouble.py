"""What is wrong with a page, said to whoever wrote it."""

import sys
from collections.abc import Callable


class Trouble(Exception):
    """A page, or what it asks for, cannot be meant; the text says where and why."""


def run(command: Callable[[], None]) -> None:
    """Run a command of the site; trouble is told on standard error, with status 1."""
    try:
        command()
    except Trouble as said:
        print(said, file=sys.stderr)
        sys.exit(1)
