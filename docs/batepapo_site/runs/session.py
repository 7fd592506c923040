"""Lines for one shell: each is shown, run, and what it prints is waited for.

The shell is bash, which is told no prompt of its own: so it is known where the output
of a line ends.
"""

import re
from typing import Final

from batepapo_site.runs.terminal import Terminal

SHELL: Final = ("bash", "--noprofile", "--norc")

# An octet that no program of ours prints; it follows what a line has printed.
_END: Final = "\x04\n"
_TELL_END: Final = "printf '\\004\\n'\n"


def take(line: str, real: str, terminal: Terminal, patience: float) -> None:
    """Give a line to the shell of a terminal, and wait until it is done.

    What ends in `&` goes on; it is waited for until it has printed a line: a server
    says by it that it listens.

    Args:
        line: as it is shown.
        real: as it is run.
        terminal: in which the shell has been started.
        patience: seconds to wait at most.

    Raises:
        RunError: it was not done in time.
    """
    terminal.add(f"$ {line}\n")
    # The shell's own input is what we write: no program of the line may read it. Each
    # line finds the exit status of the one before in `$?`.
    terminal.give(f"{{ (exit $status); {real}\n}} < /dev/null; status=$?\n")
    if line.endswith("&"):
        terminal.wait_for("\n", patience)
    terminal.give(_TELL_END)
    terminal.wait_for(_END, patience)


def without_ends(text: str) -> str:
    """What is seen in the terminal of a session, each line ended."""
    return re.sub(rf"\n?{_END}", "\n", text)
