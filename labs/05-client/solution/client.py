"""A client: two threads, one for the keyboard and one for the server.

    python client.py [ADDRESS [PORT [NICK]]]

To be read from the end: `main` asks and connects, `enter` gets in, `converse`
talks. What is missing on the command line is asked for.
"""

import argparse
import contextlib
import os
import re
import signal
import socket
import sys
import threading
import unicodedata

NICK = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}")
PORT = re.compile(r"0|[1-9][0-9]{0,4}")
GREETING = re.compile(r"BATEPAPO 1 [!-~]{1,64}")
WORDS_THAT_LEAVE = {"/SAIR", "{QUIT}", "QUIT"}

LONGEST_LINE = 512  # octets, with the LF
LONGEST_TEXT = 400  # octets
ANSWER = 10  # seconds that we wait for a server that should answer
LEAVE = 5  # seconds that we wait for it to close when we leave

HELP = "nick:texto fala com um, :texto com todos; /USUARIOS lista; /SAIR sai"
NOT_A_NICK = "Um nick: uma letra, depois letras, algarismos, - ou _; 16 no máximo."


class ConversationError(Exception):
    """What ends the program; `status` is its exit status."""

    status = 0


class ForcedOut(ConversationError):
    """The server has sent us away, or the network has lost it: error 03."""

    status = 3


class InvalidServer(ConversationError):
    """There is no server, or it is none of ours: error 04."""

    status = 4


class Leaving(Exception):
    """The person has typed a word that leaves."""


class NotSent(Exception):
    """A typed line that is kept back; the text is a hint for the person."""


# ---- the screen and the keyboard ----


def show(text: str) -> None:
    """Write a line to standard output, at once (SHOW-6)."""
    # In one piece, with its end: two threads write, and could meet in between.
    print(f"{text}\n", end="", flush=True)


def show_error(error: ConversationError) -> None:
    """Write an error with its code to standard error."""
    print(f"ERRO 0{error.status}: {error}", file=sys.stderr, flush=True)


def typed(question: str = "") -> str:
    """Wait for a typed line, and give it in ASCII (TYPE-1).

    Raises EOFError at the end of input, and Leaving for a word that leaves.
    """
    while True:
        line = input(question).removesuffix("\r")  # TYPE-13
        letters = unicodedata.normalize("NFKD", line.replace("\t", " "))
        plain = "".join(one for one in letters if not unicodedata.combining(one))
        if not (plain.isascii() and plain.isprintable()):
            show("Não foi enviado: só letras e sinais do ASCII podem ir.")
            continue
        if plain != line:
            show(f"(sem acentos: {plain})")
        if plain.strip().upper() in WORDS_THAT_LEAVE:
            raise Leaving
        return plain


def typed_nick(nick: str | None) -> str:
    """Give this nick, or ask until the answer is one (ASK-2, TYPE-12)."""
    nick = typed("Nick >>> ").strip() if nick is None else nick
    while not NICK.fullmatch(nick):
        show(NOT_A_NICK)
        nick = another_nick()
    return nick


def another_nick() -> str:
    """Ask for the nick again; the program ends if there is no answer (QUIT-5)."""
    try:
        return typed("Outro nick >>> ").strip()
    except EOFError:
        sys.exit(1)


# ---- the server ----


class Server:
    """The connection to the server, as lines."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._octets = b""  # what has come and was not read yet

    def send(self, line: str) -> None:
        """Send a line."""
        with contextlib.suppress(OSError):  # if it has gone, `read` says so
            self.connection.sendall(f"{line}\n".encode("ascii"))

    def read(self) -> str:
        """Wait for a line, and give it without its end.

        Raises ForcedOut if the connection ends instead; InvalidServer if what
        comes is no line, or nothing comes in the time that the socket waits.
        """
        while b"\n" not in self._octets:
            if len(self._octets) >= LONGEST_LINE:
                raise InvalidServer("uma linha do servidor não termina")
            self._octets += self._receive()
        octets, _, self._octets = self._octets.partition(b"\n")
        line = octets.removesuffix(b"\r").decode("latin-1")
        if not (line.isascii() and line.isprintable()):  # SAFE-1
            raise InvalidServer("o servidor enviou o que não é texto")
        return line

    def _receive(self) -> bytes:
        try:
            chunk = self.connection.recv(4096)
        except OSError as error:
            if isinstance(error, TimeoutError) and self.connection.gettimeout():
                raise InvalidServer("o servidor não responde") from error
            chunk = b""  # a reset is an end like any other (FAIL-6)
        if not chunk:
            raise ForcedOut("rede (a conexão terminou)")
        return chunk


def told(line: str) -> str:
    """Say for people what a line of the server tells.

    Raises ForcedOut for `ERRO 03`, InvalidServer for what no server sends.
    """
    head, _, text = line.partition(" :")
    match head.split(" "):
        case ["USUARIOS", _, *nicks]:
            return f"Presentes: {' '.join(nicks) or 'ninguém'}"
        case ["ENTROU", _, origin]:
            return f"{nick_of(origin)} entrou."
        case ["SAIU", _, origin]:
            return f"{nick_of(origin)} saiu: {text}"
        case ["PUBLICA", _, origin]:
            return f"{nick_of(origin)}: {text}"
        case ["PRIVADA", _, origin]:
            return f"[privada] {nick_of(origin)}: {text}"
        case ["ENVIADA", nick]:
            return f"Mensagem enviada: {nick}"
        case ["ERRO", "01", nick]:
            return f"ERRO 01: já há alguém com o nick {nick}."
        case ["ERRO", "02", nick]:
            return (
                f"ERRO 02: ninguém se chama {nick}, e nada foi enviado. "
                "Com : no começo, a linha vai para todos."
            )
        case ["ERRO", "03", cause]:
            raise ForcedOut(f"{cause} ({text})")
        case _:
            raise InvalidServer("o servidor enviou uma linha que não existe")


def nick_of(origin: str) -> str:
    """Give the nick of an origin, `nick@address:port`."""
    return origin.partition("@")[0]


# ---- what is typed ----


def meaning(line: str) -> list[str]:
    """Give the lines to be sent for a typed one (section 10.2); there may be none.

    Raises NotSent for a line that is kept back.
    """
    word = line.strip().upper()
    if not word:
        return []
    if word == "/USUARIOS":
        return [word]
    if word.startswith("/"):  # TYPE-4: /AJUDA, or a mistake
        raise NotSent(HELP)
    to, colon, text = line.partition(":")
    if colon and NICK.fullmatch(to.strip()) and to != to.strip():
        raise NotSent(f"Não foi enviado. Sem espaços: {to.strip()}:texto")
    if not colon or (to and not NICK.fullmatch(to)):
        to, text = "", line  # no destination: all of it is the text
    if not text:
        raise NotSent("Não foi enviado: falta o texto.")
    starts = range(0, len(text), LONGEST_TEXT)
    return [f"{to}:{text[start : start + LONGEST_TEXT]}" for start in starts]


# ---- the conversation ----


def connect(address: str, port: str) -> socket.socket:
    """Connect to a server. Raises InvalidServer if there is none (FAIL-1)."""
    if not PORT.fullmatch(port) or int(port) > 65535:
        raise InvalidServer("a porta não é um número de 0 a 65535")
    try:
        return socket.create_connection((address, int(port)), timeout=ANSWER)
    except (OSError, UnicodeError) as error:
        raise InvalidServer("ninguém responde nesse endereço e porta") from error


def enter(server: Server, nick: str) -> None:
    """Wait for the greeting, and enter; a nick that is taken is asked for again."""
    try:
        greeting = server.read()
    except ForcedOut as error:  # FAIL-2
        raise InvalidServer("a conexão terminou antes da saudação") from error
    if not GREETING.fullmatch(greeting):
        raise InvalidServer("isto não é um servidor de bate-papo")
    server.send(f"/ENTRAR {nick}")
    while True:
        line = server.read()
        show(told(line))
        if line.startswith("ENTROU "):
            show(f"Você está conectado. {HELP}")
            return
        if line.startswith("ERRO 01 "):
            server.send(f"/ENTRAR {typed_nick(another_nick())}")


def converse(server: Server) -> None:
    """Say what is typed while another thread shows what comes; then leave."""
    leaving = threading.Event()
    reader = threading.Thread(target=listen, args=(server, leaving), daemon=True)
    reader.start()
    try:
        while True:
            say(server, typed())
    except (EOFError, KeyboardInterrupt, Leaving):
        leaving.set()
    server.send("/SAIR")
    reader.join(LEAVE)  # QUIT-2: it ends when the server closes


def say(server: Server, line: str) -> None:
    """Send what a typed line means, or tell why it is not sent."""
    try:
        for request in meaning(line):
            server.send(request)
    except NotSent as hint:
        show(str(hint))


def listen(server: Server, leaving: threading.Event) -> None:
    """Show what comes, until the server closes: a thread of its own."""
    try:
        while True:
            show(told(server.read()))
    except ConversationError as error:
        if leaving.is_set():
            return  # just what was waited for (QUIT-4)
        show_error(error)
        # The other thread waits for the keyboard, and nothing can wake it: so the
        # program ends here, without waiting for it. All has been written out.
        os._exit(error.status)


def main() -> int:
    """Ask, connect, enter, converse; gives the exit status."""
    parser = argparse.ArgumentParser()
    for name in ("address", "port", "nick"):
        parser.add_argument(name, nargs="?")
    given = parser.parse_args()
    try:
        address = typed("Endereço >>> ") if given.address is None else given.address
        port = typed("Porta >>> ") if given.port is None else given.port
        nick = typed_nick(given.nick)
        with connect(address.strip() or "127.0.0.1", port.strip() or "55555") as link:
            server = Server(link)
            enter(server, nick)
            link.settimeout(None)
            converse(server)
    except ConversationError as error:
        show_error(error)
        return error.status
    except (EOFError, KeyboardInterrupt, Leaving):
        pass
    return 0


if __name__ == "__main__":
    sys.stdin.reconfigure(errors="replace")  # octets that are no text are refused
    for name in ("SIGTERM", "SIGBREAK"):  # like Ctrl-C; the second is of Windows
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    sys.exit(main())
