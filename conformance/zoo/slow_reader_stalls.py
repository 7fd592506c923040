"""Waits, under the lock, until each reader has read: breaks SLOW-1.

`sendall` in a loop over everybody. It works until somebody's laptop sleeps.
"""

import sys
from contextlib import suppress

from batepapo_threaded import connection, outbox
from batepapo_threaded.__main__ import main
from batepapo_threaded.blocking import send_now, wait_until_writable


class Outbox(outbox.Outbox):
    """Sends everything before it goes on."""

    def put(self, octets: bytes) -> bool:
        with suppress(OSError):
            while octets and self.ended_at is None:
                octets = octets[send_now(self._sock, octets) :]
                if octets:
                    wait_until_writable(self._sock)
        return True


connection.Outbox = Outbox  # the mistake is put in

if __name__ == "__main__":
    sys.exit(main(["server", *sys.argv[1:]]))
