"""A chat server: `python server.py [ADDRESS [PORT]]`."""

import socket
import sys
import threading
from contextlib import suppress

from lines import LineBuffer, Malformed
from messages import parse
from room import OutOfState, Room, State, Visitor


def converse(visitor: Visitor, room: Room, lock: threading.Lock) -> None:
    """Carry out line after line, until the visitor leaves or its stream ends.

    Raises:
        Malformed, OutOfState: a line that does not belong; all before it were good.
    """
    buffer = LineBuffer()
    while chunk := visitor.sock.recv(4096):
        for line in buffer.feed(chunk):
            request = parse(line)
            with lock:
                room.carry_out(visitor, request)
            if visitor.state is State.CLOSED:
                return  # what still comes is not carried out


def hang_up(sock: socket.socket) -> None:
    """Close a connection so that its last line is not lost (CLOSE-1).

    To close while octets wait unread sends a reset, and that may overtake the line.
    """
    with suppress(OSError):  # it may have gone
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass  # not carried out any more (STATE-3)
    sock.close()


def talk(visitor: Visitor, room: Room, lock: threading.Lock) -> None:
    """Serve one connection, from the greeting to the close."""
    last = ""
    visitor.send("BATEPAPO 1 meu-servidor")  # GREET-1
    try:
        converse(visitor, room, lock)
    except Malformed:  # STATE-4: grammar is judged first, by `parse`
        last = "ERRO 03 sintaxe :linha fora da gramatica (FRAME-4)"
    except OutOfState:
        last = "ERRO 03 estado :nao e hora disto (STATE-1, STATE-2)"
    except OSError:
        pass  # reset by the other side
    with lock:
        room.depart(visitor, "a conexao acabou (LEAVE-3)")
        if last:
            visitor.send(last)
    hang_up(visitor.sock)


def serve(listener: socket.socket) -> None:
    """Accept connections for ever; each has a thread of its own (SERVE-1)."""
    room = Room()
    # Guards the room. Whoever holds it carries out one line from start to end, all
    # deliveries included: so the events are one sequence, the same for all (ORDER-1).
    lock = threading.Lock()
    while True:
        sock, (host, port) = listener.accept()
        visitor = Visitor(sock, f"{host}:{port}")
        threading.Thread(target=talk, args=(visitor, room, lock), daemon=True).start()


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
