"""The limit: a bare relay in C, compiled where there is a compiler."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from batepapo_bench.contenders import Absent, Contender
from batepapo_bench.dialects import Bare

SOURCE: Final = Path(__file__).with_name("relay.c")
_COMPILERS: Final = ("cc", "gcc", "clang")


def limit(folder: Path) -> Contender:
    """The relay.

    Args:
        folder: where the program is put; it has to outlive the contender.

    Raises:
        Absent: it cannot be compiled on this machine.
    """
    if sys.platform != "linux":
        raise Absent("needs Linux: it is built on epoll")
    chosen = os.environ.get("CC")
    compiler = chosen or next(filter(shutil.which, _COMPILERS), None)
    if compiler is None:
        raise Absent("no C compiler; on Debian: apt install gcc libc6-dev")
    program = folder / "relay"
    compiling = [compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(SOURCE)]
    try:
        done = subprocess.run(compiling, capture_output=True, text=True, check=False)
    except OSError as error:  # what CC names is not there
        raise Absent(f"cannot start {compiler}: {error.strerror}") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise Absent(f"{compiler} cannot compile it: {said}")

    def command(_folder: Path, port: int) -> list[str]:
        return [str(program), str(port)]

    return Contender("limit", Bare(), command, f"relay.c, {compiler} -O2")
