"""Counts the threads of each server, alone and with fifty clients (Linux)."""

import socket
import subprocess
import sys
import time
from pathlib import Path


def threads(process):
    return len(list(Path(f"/proc/{process.pid}/task").iterdir()))


for name in ("batepapo_threaded", "batepapo_asyncio"):
    server = subprocess.Popen(
        [sys.executable, "-m", name, "server", "127.0.0.1", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    port = int(server.stdout.readline().rpartition(":")[2])
    alone = threads(server)
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    for client in clients:
        client.recv(64)  # the greeting: it has been accepted
    time.sleep(0.5)
    print(name, alone, threads(server))
    server.terminate()
    server.wait()
