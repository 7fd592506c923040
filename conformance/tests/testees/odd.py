"""A server that is odd in the way that its first argument says.

odd.py greets|quiet|babbles|vanishes|breeds|refuses|ends ADDRESS PORT [NAME]
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from typing import BinaryIO

MEGABYTE = b"x" * (1 << 20)


def main(how: str, address: str, port: int) -> None:
    if how == "ends":
        sys.exit("I do not feel like it.")
    if how == "refuses":
        print("ERRO 05: port in use", file=sys.stderr)
        sys.exit(5)
    if how == "breeds":
        # A child that outlives its parent, and does not care for politeness.
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        words = [sys.executable, "-c", f"{code}; time.sleep(600)", *sys.argv[4:]]
        child = subprocess.Popen(words)
        print(f"child {child.pid}", file=sys.stderr, flush=True)
    listener = socket.create_server((address, port))
    if how != "quiet":
        print(f"listening at {address}:{port}", flush=True)
    if how == "babbles":
        for stream in (sys.stdout.buffer, sys.stderr.buffer):
            threading.Thread(target=babble, args=(stream,), daemon=True).start()
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"BATEPAPO 1 odd\n")
        if how == "vanishes":
            connection.recv(1)
            os.kill(os.getpid(), signal.SIGKILL)
        threading.Thread(target=swallow, args=(connection,), daemon=True).start()


def babble(stream: BinaryIO) -> None:
    with contextlib.suppress(OSError):
        for _ in range(20):
            stream.write(MEGABYTE)
            stream.flush()


def swallow(connection: socket.socket) -> None:
    with contextlib.suppress(OSError), connection:
        while connection.recv(4096):
            pass


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
