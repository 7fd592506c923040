"""The first step to a server: it listens, says where, and greets. Nobody can enter."""

import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
listener = socket.create_server((address, port))
print(f"listening at {address}:{listener.getsockname()[1]}", flush=True)
while True:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(b"BATEPAPO 1 my-server\n")
        while connection.recv(4096):
            pass  # octets, not lines: what they say is the next step
