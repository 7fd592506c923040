"""Threads against tasks: how many deliveries a second, measured once each.

python measure.py
"""

import selectors
import socket
import subprocess
import sys
import time

# What is compared. Yours go here, for instance [sys.executable, "server.py"].
SERVERS = {
    "threads": [sys.executable, "-m", "batepapo_threaded", "server"],
    "tasks": [sys.executable, "-m", "batepapo_asyncio", "server"],
}
PEOPLE = 20
MESSAGES = 5000
MESSAGE = b":" + b"x" * 60 + b"\n"
DEADLINE = 20.0  # seconds for one run; whatever takes longer has gone wrong


def free_port() -> int:
    """A port at which nobody listens; the system chooses."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def connect(port: int, deadline: float) -> socket.socket:
    """Connect as soon as somebody listens."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), DEADLINE)
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def enter(port: int, nick: str, deadline: float) -> socket.socket:
    """Connect and enter; everything up to the own `ENTROU` has been read."""
    sock = connect(port, deadline)
    sock.sendall(f"/ENTRAR {nick}\n".encode("ascii"))
    seen = b""
    while f" {nick}@".encode() not in seen or not seen.endswith(b"\n"):
        seen += read(sock)
    return sock


def read(sock: socket.socket) -> bytes:
    """What has come; at least one octet."""
    chunk = sock.recv(65536)
    if not chunk:
        sys.exit("the server has closed a connection: it is no use to measure it")
    return chunk


def read_lines(people: dict[socket.socket, int], deadline: float) -> None:
    """Read until so many lines have come to each."""
    due = {sock: count for sock, count in people.items() if count}
    with selectors.DefaultSelector() as selector:
        for sock in due:
            selector.register(sock, selectors.EVENT_READ)
        while due:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                sys.exit(f"not all has come after {DEADLINE:g} s")
            for key, _ in ready:
                sock = key.fileobj
                assert isinstance(sock, socket.socket)
                due[sock] -= read(sock).count(b"\n")
                if due[sock] <= 0:
                    del due[sock]
                    selector.unregister(sock)


def run(command: list[str]) -> float:
    """Start a server, let one speak and all listen; deliveries a second."""
    port = free_port()
    quiet = subprocess.DEVNULL
    words = [*command, "127.0.0.1", str(port)]
    server = subprocess.Popen(words, stdin=quiet, stdout=quiet, stderr=quiet)
    deadline = time.monotonic() + DEADLINE
    people: list[socket.socket] = []
    try:
        people += (enter(port, f"p{n}", deadline) for n in range(PEOPLE))
        # Who came early has still to read of those who came later.
        later = range(PEOPLE - 1, -1, -1)
        read_lines(dict(zip(people, later, strict=True)), deadline)
        began = time.monotonic()
        people[0].sendall(MESSAGE * MESSAGES)
        read_lines(dict.fromkeys(people, MESSAGES), deadline)
        return PEOPLE * MESSAGES / (time.monotonic() - began)
    finally:
        for sock in people:
            sock.close()
        server.terminate()
        server.wait(DEADLINE)


def main() -> None:
    """Measure each server once. That is easily done, and says nothing."""
    for name, command in SERVERS.items():
        print(f"{name} {run(command):,.0f}/s")


if __name__ == "__main__":
    main()
