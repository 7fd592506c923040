"""The system clock is set back by an hour while people talk (ORDER-4).

The machine's clock is left alone: a library of a few lines in C stands between the
server and the C library, and changes what the server's own process is told of the time
of day. What it proves is seen in the server's log, whose lines do jump back.
"""

import re
import shutil
import struct
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from attackers import connect
from bystanders import LATEST, Bystanders
from target import Serve, read_to_the_end

COMPILER = shutil.which("cc") or shutil.which("gcc")
HOUR = 3600
ENTRY = 1.0  # seconds

pytestmark = pytest.mark.skipif(
    not (COMPILER and sys.platform == "linux"),
    reason="needs Linux, and a C compiler: cc or gcc",
)


class Clock:
    """The time of day as a server sees it; `environment` is what the server needs."""

    def __init__(self, folder: Path) -> None:
        library = folder / "clock_set_back.so"
        source = Path(__file__).with_name("clock_set_back.c")
        command = [str(COMPILER), "-shared", "-fPIC", "-o", str(library), str(source)]
        subprocess.run(command, check=True, timeout=60)
        self._offset = folder / "offset"
        self._offset.write_bytes(struct.pack("@l", 0))
        self.environment = {
            "LD_PRELOAD": str(library),
            "CLOCK_OFFSET": str(self._offset),
        }

    def set_by(self, seconds: int) -> None:
        with self._offset.open("r+b") as file:  # the same file: it is mapped
            file.write(struct.pack("@l", seconds))


def times_in(log: str) -> list[str]:
    """Give the times of all lines."""
    return re.findall(r"(?m)^\S+Z", log)


def test_a_clock_that_is_set_back(
    serve: Serve, tmp_path: Path, stack: ExitStack
) -> None:
    clock = Clock(tmp_path)
    target = serve(f"--entry-timeout={ENTRY}", environment=clock.environment)
    room = stack.enter_context(Bystanders(target.address))
    room.talk_through()
    began = time.monotonic()
    late = connect(stack, target.address)
    clock.set_by(-HOUR)
    room.talk_through()
    assert b"\nERRO 03 tempo " in read_to_the_end(late)  # no deadline waits an hour
    assert ENTRY <= time.monotonic() - began < ENTRY + 2 + LATEST
    room.part()  # the judge has looked at every time: none went back

    target.enters("depois")
    times = times_in(target.log())
    assert max(times) > times[-1]  # but the clock of that process did
