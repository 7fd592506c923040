import socket; s = socket.create_connection(("127.0.0.1", 55555)); s.sendall(b"/ENTRAR rui\n:oi\n/SAIR\n")
while octets := s.recv(4096): print(octets)
