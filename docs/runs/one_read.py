"""Both ends of one connection: what is written, and what each read brings."""

import socket

listener = socket.create_server(("127.0.0.1", 0))
s = socket.create_connection(listener.getsockname())
connection, _ = listener.accept()

s.sendall(b":oi\n")
s.sendall(b":tchau\n")
print(connection.recv(4096))

s.sendall(b":bom d")
print(connection.recv(4096))
s.sendall(b"ia\n:oi\n")
print(connection.recv(4))
print(connection.recv(4))
