"""Run a server, and say after each burst of activity how often it called `send`.

python count_sends.py MODULE ARGUMENTS, for example

    python count_sends.py batepapo_threaded server
"""

import runpy
import socket
import sys
import threading
import time
from typing import Any

_QUIET = 0.4
"""Seconds without a `send` that end a burst."""

_send = socket.socket.send
_lock = threading.Lock()
_calls = {"send": 0}


def _counted(sock: socket.socket, *arguments: Any) -> int:
    with _lock:
        _calls["send"] += 1
    return _send(sock, *arguments)


def _tell() -> None:
    told = before = 0
    while True:
        time.sleep(_QUIET)
        calls = _calls["send"]
        if calls == before and calls > told:
            print("send was called", calls - told, "times", flush=True)
            told = calls
        before = calls


def main() -> None:
    """Put the counting `send` in place of the real one, and start the module."""
    socket.socket.send = _counted  # type: ignore[method-assign, assignment]
    threading.Thread(target=_tell, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
