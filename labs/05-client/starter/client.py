"""A client that takes turns: first it listens, then it waits for the keyboard.

python client.py ADDRESS PORT NICK
"""

import socket
import sys

address, port, nick = sys.argv[1:]
connection = socket.create_connection((address, int(port)))
print(connection.recv(1024).decode(), end="")  # the greeting
connection.sendall(f"/ENTRAR {nick}\n".encode())
while True:
    print(connection.recv(1024).decode(), end="")
    line = input()
    if line == "quit":
        connection.sendall(b"/SAIR\n")
        break
    connection.sendall(f":{line}\n".encode())
