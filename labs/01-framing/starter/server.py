"""A server that nobody can enter yet: `python server.py [ADDRESS [PORT]]`."""

import socket
import sys
import threading
from contextlib import suppress

LINE = 512
"""Octets that a line may have, its end included (FRAME-5)."""


def answer(line: bytes) -> str:
    """Give the last line for whoever has sent this one; "" if there is none."""
    if line in (b"/SAIR", b"{quit}"):
        return ""  # LEAVE-2
    if not line or len(line) >= LINE:
        return "ERRO 03 sintaxe :linha vazia, ou longa demais (FRAME-4, FRAME-5)"
    return "ERRO 03 estado :aqui ninguem entra ainda (STATE-1)"


def talk(sock: socket.socket) -> None:
    """Serve one connection, from the greeting to the close."""
    with sock, suppress(OSError):  # the other side may go at any moment
        sock.sendall(b"BATEPAPO 1 meu-servidor\n")  # GREET-1
        while chunk := sock.recv(1024):
            if not chunk.endswith(b"\n"):
                continue  # not even the end of a line: this is no message
            last = answer(chunk.rstrip(b"\r\n"))
            if last:
                sock.sendall(f"{last}\n".encode("ascii"))
            return


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
