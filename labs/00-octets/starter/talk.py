"""A first program that talks to a server. So far it only listens, and not for long.

python talk.py ADDRESS PORT NICK
"""

import socket
import sys

address, port, nick = sys.argv[1:]
with socket.create_connection((address, int(port))) as connection:
    chunk = connection.recv(4096)
    sys.stdout.buffer.write(chunk)
