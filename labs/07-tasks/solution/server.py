"""A chat server with tasks: `python server.py [ADDRESS [PORT]]`."""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from functools import partial

from lines import LineBuffer, Malformed
from messages import parse
from room import OutOfState, Room, State, Visitor


async def converse(visitor: Visitor, room: Room, reader: StreamReader) -> None:
    """Carry out line after line, until the visitor leaves or its stream ends.

    Raises:
        Malformed, OutOfState: a line that does not belong; all before it were good.
    """
    buffer = LineBuffer()
    while chunk := await reader.read(4096):
        for line in buffer.feed(chunk):
            # No lock: others run at an `await`, and from here to the end of a line's
            # deliveries there is none. So the events are one sequence (ORDER-1).
            room.carry_out(visitor, parse(line))
            if visitor.state is State.CLOSED:
                return  # what still comes is not carried out
        await visitor.writer.drain()  # who does not read is not read: SLOW-6


async def hang_up(reader: StreamReader, writer: StreamWriter) -> None:
    """Close a connection so that its last line is not lost (CLOSE-1).

    To close while octets wait unread sends a reset, and that may overtake the line.
    """
    with suppress(OSError):  # it may have gone
        writer.write_eof()
        while await reader.read(4096):
            pass  # not carried out any more (STATE-3)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def talk(reader: StreamReader, writer: StreamWriter, *, room: Room) -> None:
    """Serve one connection, from the greeting to the close."""
    peer = writer.get_extra_info("peername")
    if peer is None:  # it has gone already
        writer.close()
        return
    last = ""
    visitor = Visitor(writer, f"{peer[0]}:{peer[1]}")
    visitor.send("BATEPAPO 1 meu-servidor")  # GREET-1
    try:
        await converse(visitor, room, reader)
    except Malformed:  # STATE-4: grammar is judged first, by `parse`
        last = "ERRO 03 sintaxe :linha fora da gramatica (FRAME-4)"
    except OutOfState:
        last = "ERRO 03 estado :nao e hora disto (STATE-1, STATE-2)"
    except OSError:
        pass  # reset by the other side
    room.depart(visitor, "a conexao acabou (LEAVE-3)")
    if last:
        visitor.send(last)
    await hang_up(reader, writer)


async def serve(address: str, port: str) -> int:
    """Listen there (RUN-1), and serve; each connection has a task of its own (SERVE-1).

    Gives the exit status if it cannot, and otherwise goes on for ever.
    """
    try:
        server = await asyncio.start_server(
            partial(talk, room=Room()), address or "127.0.0.1", int(port or 55555)
        )
    except (OSError, OverflowError, ValueError):
        print("ERRO 05: este endereco ou esta porta nao serve", file=sys.stderr)
        return 5  # RUN-4
    host, chosen = server.sockets[0].getsockname()
    print(f"O servidor atende em {host}:{chosen}", flush=True)  # RUN-2, RUN-3
    await asyncio.Event().wait()  # it serves by itself; this waits for Ctrl-C
    return 0


def main() -> int:
    """Run the server until somebody ends it; gives the exit status."""
    address, port, *_ = [*sys.argv[1:], "", ""]
    with suppress(KeyboardInterrupt):
        return asyncio.run(serve(address, port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
