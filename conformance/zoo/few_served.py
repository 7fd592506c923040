"""One worker a connection, from a small pool: breaks SERVE-1.

Everything is fine with six people. The seventh is connected, and waits without a word
until somebody leaves.
"""

import sys
import threading

from batepapo_threaded import connection, server
from batepapo_threaded.__main__ import main

WORKERS = threading.Semaphore(6)


class Connection(connection.Connection):
    """Is served as soon as a worker is free."""

    def _run(self) -> None:
        with WORKERS:
            super()._run()


server.Connection = Connection  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
