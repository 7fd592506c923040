"""A first program that talks to a server: it enters, says one thing, and leaves.

python talk.py ADDRESS PORT NICK
"""

import socket
import sys

address, port, nick = sys.argv[1:]
with socket.create_connection((address, int(port))) as connection:
    connection.sendall(f"/ENTRAR {nick}\n".encode("ascii"))
    connection.sendall(b":bom dia\n")
    connection.sendall(b"/SAIR\n")
    # One recv gives what has come so far: a part of it, and nobody knows which.
    # It gives no octet at all only when the other side has closed.
    while chunk := connection.recv(4096):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
