"""The beginning and the end of a process: `python -m batepapo_asyncio`."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .signals import when_asked_to_end


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the server or the client, as the arguments say, and exit with its status.

    Args:
        arguments: those of the command line, unless given.
    """
    when_asked_to_end(lambda: os._exit(0))  # nothing to leave or to end yet

    # Not before: Python takes longer to load all this than a person to press Ctrl-C.
    from .program import run  # noqa: PLC0415

    # When it is done, all is written out, or never will be. Python's own way out would
    # flush once more, which may block, and report a closed pipe in its own words.
    os._exit(run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    main()
