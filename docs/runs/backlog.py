"""Who is connected to a server that never accepts?"""

import socket

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(2)  # and never accepts

clients = []
try:
    while len(clients) < 10:
        client = socket.create_connection(listener.getsockname(), timeout=2)
        client.sendall(b"/ENTRAR ana\n")
        clients.append(client)
        print(len(clients), "connected; 12 octets sent")
except TimeoutError:
    print(len(clients) + 1, "2 s without an answer")

connection, _ = listener.accept()
print("accepted:", connection.recv(4096))
