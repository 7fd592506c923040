"""A server that nobody can enter yet: `python server.py [ADDRESS [PORT]]`."""

import socket
import sys
import threading
from contextlib import suppress

from lines import LineBuffer, Malformed


def answer(line: bytes) -> str:
    """Give the last line for whoever has sent this one; "" if there is none.

    Raises:
        Malformed: it is no line of the protocol.
    """
    if line in (b"/SAIR", b"{quit}"):
        return ""  # LEAVE-2
    if not line:
        raise Malformed
    return "ERRO 03 estado :aqui ninguem entra ainda (STATE-1)"


def converse(sock: socket.socket) -> str:
    """Read up to the first line, and give the last one of the server.

    Raises:
        Malformed: what came is no line of the protocol.
    """
    buffer = LineBuffer()
    while chunk := sock.recv(4096):
        for line in buffer.feed(chunk):
            return answer(line)
    return ""


def talk(sock: socket.socket) -> None:
    """Serve one connection, from the greeting to the close."""
    with sock, suppress(OSError):  # the other side may go at any moment
        sock.sendall(b"BATEPAPO 1 meu-servidor\n")  # GREET-1
        try:
            last = converse(sock)
        except Malformed:
            last = "ERRO 03 sintaxe :linha fora da gramatica (FRAME-4)"
        if last:
            sock.sendall(f"{last}\n".encode("ascii"))


def serve(listener: socket.socket) -> None:
    """Accept connections for ever; each has a thread of its own (SERVE-1)."""
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=talk, args=(sock,), daemon=True).start()


def main() -> int:
    """Listen where the arguments say (RUN-1), and serve; gives the exit status."""
    address, port, *_ = [*sys.argv[1:], "", ""]
    try:
        where = (address or "127.0.0.1", int(port or 55555))
        listener = socket.create_server(where)
    except (OSError, OverflowError, ValueError):
        print("ERRO 05: este endereco ou esta porta nao serve", file=sys.stderr)
        return 5  # RUN-4
    with listener, suppress(KeyboardInterrupt):
        host, chosen = listener.getsockname()
        print(f"O servidor atende em {host}:{chosen}", flush=True)  # RUN-2, RUN-3
        serve(listener)
    return 0


if __name__ == "__main__":
    sys.exit(main())
