"""Tells what a program can see of how it was started, as JSON, and ends as asked.

`looking.py --warm` keeps itself loaded and does so for each start.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def seen(arguments: list[str]) -> dict[str, Any]:
    return {
        "arguments": arguments,
        "environment": dict(os.environ),
        "streams": [
            looks(stream)
            for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdout__)
        ],
        "leads": os.getpid() == os.getpgrp() == os.getsid(0),
        "descriptors": sorted(map(str, Path("/proc/self/fd").iterdir())),
        "signals": {name: str(signal.getsignal(name)) for name in signal.Signals},
        "blocked": str(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "threads": threading.active_count(),
        "folder": str(Path.cwd()),
    }


def looks(stream: Any) -> list[Any]:
    return [
        stream.name,
        stream.mode,
        stream.fileno(),
        stream.encoding,
        stream.errors,
        stream.newlines,
        stream.line_buffering,
        stream.write_through,
        stream.isatty(),
        type(stream.buffer).__name__,
        stream.buffer.raw.closefd,
    ]


def main(arguments: list[str]) -> None:
    match arguments:
        case ["exit", status]:
            sys.exit(int(status))
        case ["raise"]:
            raise ValueError("asked for")
        case ["kill", number]:
            os.kill(os.getpid(), int(number))
        case ["stay"]:
            print(os.getpid(), flush=True)
            signal.pause()
        case ["unflushed"]:
            print("said at the end", end="")
        case _:
            print(json.dumps(seen(arguments)), flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--warm"]:
        from batepapo_zoo.warm import each_start

        main(each_start())
    else:
        main(sys.argv[1:])
