"""Makes the recording `first-conversation`: an entry, a word, a whisper, goodbye.

    python docs/recordings/first_conversation.py

A real server, `batepapo proxy` in front of it, and two who speak by turns.
"""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

_FILE = Path(__file__).with_name("first-conversation.jsonl")
_TURN = 0.4
"""Seconds in which everybody has what somebody said."""


def _started(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    """Start a program, and give the address in the first line that it says."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert process.stdout is not None
    for word in process.stdout.readline().replace(",", " ").split():
        if word.startswith("127.0.0.1:"):
            return process, word
    raise SystemExit(f"{arguments[0]} does not say where it is")


def _connected(through: str) -> socket.socket:
    address, _, port = through.partition(":")
    who = socket.create_connection((address, int(port)))
    time.sleep(_TURN)  # the greeting
    return who


def _turn(who: socket.socket, line: str) -> None:
    who.sendall(line.encode("ascii") + b"\n")
    time.sleep(_TURN)


def _leave(who: socket.socket) -> None:
    _turn(who, "/SAIR")
    while who.recv(4096):
        pass
    who.close()
    time.sleep(_TURN)


def main() -> None:
    """Hold the conversation and write the recording."""
    server, at = _started("batepapo", "serve", "127.0.0.1", "0")
    proxy, through = _started(
        "batepapo", "proxy", at, "--alone", "--record", str(_FILE)
    )
    ana = _connected(through)
    _turn(ana, "/ENTRAR ana")
    beto = _connected(through)
    _turn(beto, "/ENTRAR beto")
    _turn(beto, ":oi, gente!")
    _turn(ana, "beto:trouxe o caderno?")
    _turn(ana, "/USUARIOS")
    _leave(beto)
    _leave(ana)
    proxy.send_signal(signal.SIGINT)
    proxy.wait()
    server.terminate()
    server.wait()


if __name__ == "__main__":
    main()
