"""A chat server: `python server.py [ADDRESS [PORT]]`."""

import os
import selectors
import signal
import socket
import sys
import threading
from contextlib import suppress
from time import monotonic

from lines import LineBuffer, Malformed
from messages import parse
from outbox import wait
from room import OutOfState, Room, State, Visitor, write_log

KEEPALIVE = 60
"""Seconds of silence after which the system asks whether a client is there (TCP-3)."""
DRAIN = 5.0
"""Seconds in which a closing server reads and discards (CLOSE-2)."""
END = 1.0
"""Seconds that are left to the clients when the server ends (of the 2 of END-2)."""


def converse(visitor: Visitor, room: Room, lock: threading.Lock) -> None:
    """Carry out line after line, until the visitor leaves or its stream ends.

    Raises:
        Malformed, OutOfState: a line that does not belong; all before it were good.
    """
    buffer = LineBuffer()
    while wait(visitor.sock, selectors.EVENT_READ) and (
        chunk := visitor.sock.recv(4096)
    ):
        for line in buffer.feed(chunk):
            request = parse(line)
            with lock:
                room.carry_out(visitor, request)
            if visitor.state is State.CLOSED:
                return  # what still comes is not carried out


def hang_up(visitor: Visitor) -> None:
    """Close a connection so that its last line is not lost (CLOSE-1).

    To close while octets wait unread sends a reset, and that may overtake the line.
    """
    visitor.outbox.finish()
    visitor.outbox.wait_until_over()
    patience = 0.0 if visitor.outbox.is_cut else DRAIN  # no politeness for the cut off
    deadline = monotonic() + patience
    with suppress(OSError):  # it may have gone
        while (
            (left := deadline - monotonic()) > 0
            and wait(visitor.sock, selectors.EVENT_READ, left)
            and visitor.sock.recv(4096)
        ):
            pass  # not carried out any more (STATE-3)
    visitor.sock.close()
    visitor.is_gone.set()


def talk(visitor: Visitor, room: Room, lock: threading.Lock) -> None:
    """Serve one connection, from the greeting to the close."""
    last = ""
    with lock:
        room.greet(visitor)
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
    hang_up(visitor)


def prepare(sock: socket.socket) -> None:
    """Let a socket never block, and its system ask whether anybody is there."""
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE)


def serve(listener: socket.socket, room: Room, lock: threading.Lock) -> None:
    """Accept connections until Ctrl-C; each has a thread of its own (SERVE-1)."""
    listener.settimeout(0.5)  # Windows lets no signal into an `accept` that waits
    while True:
        with suppress(TimeoutError):
            sock, (host, port) = listener.accept()
            prepare(sock)
            visitor = Visitor(sock, f"{host}:{port}")
            threading.Thread(
                target=talk, args=(visitor, room, lock), daemon=True
            ).start()


def end(room: Room, lock: threading.Lock) -> None:
    """Tell everyone that the server ends, and let them hear it (END-1, END-2)."""
    deadline = monotonic() + END
    with lock:
        everyone = room.end()
    for one in everyone:
        while not one.is_gone.wait(0.1) and monotonic() < deadline:
            pass  # in short waits: a second signal gets its turn (END-3)


def main() -> int:
    """Listen where the arguments say (RUN-1), and serve; gives the exit status."""
    address, port, *_ = [*sys.argv[1:], "", ""]
    try:
        where = (address or "127.0.0.1", int(port or 55555))
        listener = socket.create_server(where)
    except (OSError, OverflowError, ValueError):
        print("ERRO 05: este endereco ou esta porta nao serve", file=sys.stderr)
        return 5  # RUN-4
    room = Room()
    # Guards the room. Whoever holds it carries out one line from start to end, all
    # deliveries included: so the events are one sequence, the same for all (ORDER-1).
    # None of them waits for anybody, so it is never held for long (SLOW-1).
    lock = threading.Lock()
    threading.Thread(target=write_log, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C does
    with listener, suppress(KeyboardInterrupt):
        host, chosen = listener.getsockname()
        print(f"O servidor atende em {host}:{chosen}", flush=True)  # RUN-2, RUN-3
        serve(listener, room, lock)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: os._exit(0))  # END-3
    end(room, lock)
    os._exit(0)  # whoever is still there is not waited for, nor is the log


if __name__ == "__main__":
    sys.exit(main())
