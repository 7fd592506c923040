"""How many octets do the systems take for somebody who does not read?"""

import socket

listener = socket.create_server(("127.0.0.1", 0))
writer = socket.create_connection(listener.getsockname())
reader, _ = listener.accept()  # and never reads

writer.setblocking(False)
taken = 0
try:
    while True:
        taken += writer.send(b"x" * 400)
except BlockingIOError:
    print(taken, "octets were taken; the next one is refused")
