"""Ana, Beto and Carla talk, and each goes in another way.

python people.py ADDRESS PORT
"""

import socket
import struct
import sys

ROUNDS = 33
DEADLINE = 10.0  # seconds for which anybody waits for a line


class Person:
    """One participant, and the octets that it has not looked at yet."""

    def __init__(self, endpoint: tuple[str, int], nick: str) -> None:
        self.nick = nick
        self.sock = socket.create_connection(endpoint, DEADLINE)
        self.rest = b""
        self.say(f"/ENTRAR {nick}")
        self.hear(b"ENTROU ", f" {nick}@".encode())

    def say(self, line: str) -> None:
        """Send a line."""
        self.sock.sendall(f"{line}\n".encode("ascii"))

    def hear(self, *parts: bytes) -> None:
        """Read on, up to a line in which all these parts are."""
        while True:
            while b"\n" not in self.rest:
                chunk = self.sock.recv(4096)
                if not chunk:
                    sys.exit(f"{self.nick} was waiting for {parts}, and that was all")
                self.rest += chunk
            line, _, self.rest = self.rest.partition(b"\n")
            if all(part in line for part in parts):
                return

    def whisper(self, other: "Person", text: str) -> None:
        """Send a private message, and wait for it on both sides."""
        self.say(f"{other.nick}:{text}")
        other.hear(b"PRIVADA ", text.encode())
        self.hear(b"ENVIADA ")

    def reset(self) -> None:
        """Close so that the other side sees a reset: linger on, for no time at all."""
        self.whisper(self, "barrier")  # so that nothing is due any more
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        self.sock.close()

    def half_close(self) -> None:
        """End the own side, and read what is still to come."""
        self.sock.shutdown(socket.SHUT_WR)
        while self.sock.recv(4096):
            pass
        self.sock.close()


# Two shorts on Windows, two ints elsewhere: on, and 0 seconds.
LINGER = struct.pack("HH" if sys.platform == "win32" else "ii", 1, 0)


def main() -> None:
    """Let them talk; each waits until it has heard what the one before said."""
    endpoint = sys.argv[1], int(sys.argv[2])
    ana, beto, carla = people = [Person(endpoint, n) for n in ("ana", "beto", "carla")]
    for number in range(ROUNDS):
        for one in people:
            one.say(f":{one.nick} diz {number}")
            for listener in people:
                listener.hear(b"PUBLICA ", f":{one.nick} diz {number}".encode())
    ana.whisper(beto, "e segredo")
    beto.say("davi:onde voce esta?")
    beto.hear(b"ERRO 02 davi ")
    carla.reset()
    ana.hear(b"SAIU ", b" carla@")
    beto.half_close()
    ana.hear(b"SAIU ", b" beto@")
    ana.say("/SAIR")
    ana.half_close()


if __name__ == "__main__":
    main()
