"""Where both programs begin: `python -m batepapo_threaded server|client ...`."""

import os
import sys
from collections.abc import Sequence

from .signals import when_asked_to_end


def _leave() -> None:
    # An exception would get lost if it came at a bad moment of an import.
    os._exit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Start a server or a client; gives the exit status.

    Arguments are those of the command line unless given. Raises SystemExit
    with status 2 for wrong usage (RUN-7, ASK-6).
    """
    when_asked_to_end(_leave)  # until the program has something better to do
    # Imported now: a Ctrl-C that comes meanwhile must leave no traceback.
    from .program import run  # noqa: PLC0415

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
