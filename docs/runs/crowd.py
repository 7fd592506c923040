"""A crowd enters a server, and one of them says many lines in a single write.

python crowd.py PEOPLE LINES [ADDRESS PORT]
"""

import socket
import sys
import time

_PAUSE = 1.0
"""Seconds between entering, speaking and leaving, so that each can be seen apart."""


class Person:
    """A participant that can wait until it has seen something."""

    def __init__(self, address: str, port: int, nick: str) -> None:
        self.sock = socket.create_connection((address, port), timeout=60)
        self.seen = b""
        self.sock.sendall(f"/ENTRAR {nick}\n".encode())
        self.wait_for(b"ENTROU", 1)

    def wait_for(self, what: bytes, times: int) -> None:
        """Read until `what` has come so many times since the last call."""
        while self.seen.count(what) < times:
            chunk = self.sock.recv(65_536)
            if not chunk:
                raise SystemExit("the server has closed the connection")
            self.seen += chunk
        self.seen = b""

    def leave(self) -> None:
        """Leave, and wait until the server has closed."""
        self.sock.sendall(b"/SAIR\n")
        while self.sock.recv(65_536):
            pass


def main() -> None:
    """Enter, speak, wait until everybody has heard everything, and leave."""
    people, lines = int(sys.argv[1]), int(sys.argv[2])
    address, port = (*sys.argv[3:5], "127.0.0.1", "55555")[:2]
    crowd = [Person(address, int(port), f"p{number}") for number in range(people)]
    time.sleep(_PAUSE)
    crowd[-1].sock.sendall(b":boa noite\n" * lines)
    for person in crowd:
        person.wait_for(b":boa noite\n", lines)
    print(people * lines, "deliveries")
    time.sleep(_PAUSE)
    for person in crowd:
        person.leave()
    time.sleep(_PAUSE)


if __name__ == "__main__":
    main()
