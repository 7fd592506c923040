"""What was typed on a terminal before a question, at the moment of the question."""

import os
import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("there are no pseudo-terminals", allow_module_level=True)

import pty

# It is read while the reader is kept from handing over what it may have read.
DROPS = """
import time
from batepapo_threaded.keyboard import Keyboard
from batepapo_threaded.mailbox import Mailbox

mailbox = Mailbox()
with mailbox:
    keyboard = Keyboard(mailbox)
    print("type", flush=True)
    time.sleep(0.5)
    keyboard.drop()
time.sleep(0.5)
print("kept" if keyboard.has_line else "dropped", flush=True)
print("type", flush=True)
mailbox.wait_for(lambda: keyboard.has_line)
print(keyboard.take(), flush=True)
"""


def test_what_is_typed_before_a_question_is_dropped_wherever_it_is() -> None:
    """TYPE-12: also what the reader has at hand just then; what comes after stays."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", DROPS], stdin=theirs, stdout=subprocess.PIPE, text=True
    ) as program:
        os.close(theirs)
        assert program.stdout is not None
        assert program.stdout.readline() == "type\n"
        os.write(ours, b"segredo\n")
        assert program.stdout.readline() == "dropped\n"
        assert program.stdout.readline() == "type\n"
        os.write(ours, b"beto\n")
        assert program.stdout.readline() == "b'beto'\n"
        os.close(ours)
        assert program.wait(10) == 0
