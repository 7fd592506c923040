"""What was typed on a terminal before a question, at the moment of the question."""

import os
import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

import pty

# A thread may be stopped right after it has read; here it is, for a while.
DROPS = """
import asyncio, threading, time
from batepapo_asyncio import terminal
from batepapo_asyncio.words import Language, Words

read, has_read = terminal._read_some, threading.Event()

def read_and_stop():
    octets = read()
    has_read.set()
    time.sleep(0.5)
    return octets

terminal._read_some = read_and_stop

async def main():
    mine = terminal.Terminal(Words(Language.ENGLISH))
    print("type", flush=True)
    await asyncio.to_thread(has_read.wait)
    await mine.drop_typed_ahead()
    print("type", flush=True)
    print(await mine.line(), flush=True)

asyncio.run(main())
"""


def test_what_is_typed_before_a_question_is_dropped_wherever_it_is():
    """TYPE-12: also what the reader has at hand just then; what comes after stays."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", DROPS], stdin=theirs, stdout=subprocess.PIPE, text=True
    ) as program:
        os.close(theirs)
        assert program.stdout.readline() == "type\n"
        os.write(ours, b"segredo\n")
        assert "discarded" in program.stdout.readline()
        assert program.stdout.readline() == "type\n"
        os.write(ours, b"beto\n")
        assert program.stdout.readline() == "beto\n"
        os.close(ours)
        assert program.wait(10) == 0
