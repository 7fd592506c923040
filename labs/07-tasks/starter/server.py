"""A chat server with tasks, of which only the frame is there yet.

`python server.py [ADDRESS [PORT]]`; the old one is worth keeping under another name.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from contextlib import suppress
from functools import partial

from room import Room


async def talk(reader: StreamReader, writer: StreamWriter, *, room: Room) -> None:
    """Serve one connection, from the greeting to the close."""
    writer.write(b"BATEPAPO 1 meu-servidor\n")  # GREET-1
    with suppress(OSError):  # the other side may go at any moment
        while await reader.read(4096):
            pass  # here belongs what lines.py, messages.py and room.py can do
    writer.close()


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
