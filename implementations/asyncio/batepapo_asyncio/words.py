"""What people read, in Portuguese and English, side by side (RUN-8).

What goes over the wire (explanations and reasons) is ASCII, has at most 400 octets and
names the rule that applies (ERROR-2); everything else may have accents.
"""

from collections.abc import Mapping
from enum import StrEnum

from .errors import (
    ChatError,
    ConnectionLost,
    ForcedOut,
    InvalidAddress,
    InvalidServer,
    Malformed,
    NickInUse,
    NoSuchDestination,
    OutOfState,
    OverLimit,
    Problem,
    ServerEnds,
    ServerFull,
    TooLate,
)


class Language(StrEnum):
    """The languages that there are words in."""

    PORTUGUESE = "pt"
    ENGLISH = "en"


def language_from(environment: Mapping[str, str]) -> Language:
    """Find the language of a person by the variables of their environment (RUN-8)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return Language.ENGLISH if value.startswith("en") else Language.PORTUGUESE
    return Language.PORTUGUESE


class Words:
    """Every sentence for people; the order is that of the files that say them."""

    def __init__(self, language: Language) -> None:
        self._portuguese = language is Language.PORTUGUESE

    def _in(self, portuguese: str, english: str) -> str:
        return portuguese if self._portuguese else english

    # ---- on the wire: ASCII, and never a word of what somebody sent (ERROR-2) --------

    def explanation(self, error: ChatError) -> str:
        """Say what an error means, without quoting anything (ERROR-2)."""
        return f"{self._meaning(error)} ({error.rule})"

    def _meaning(self, error: ChatError) -> str:  # noqa: PLR0911, PLR0912 - a table
        match error:
            case NickInUse():
                return self._in("este nick ja esta em uso", "this nick is in use")
            case NoSuchDestination():
                return self._in(
                    "nao ha ninguem aqui com este nick", "nobody here has this nick"
                )
            case Malformed(rule="FRAME-5"):
                return self._in(
                    "linha com mais de 512 octetos", "line of more than 512 octets"
                )
            case Malformed():
                return self._in("linha malformada", "malformed line")
            case OutOfState(rule="STATE-1"):
                return self._in("entre primeiro: /ENTRAR nick", "enter first")
            case OutOfState():
                return self._in("voce ja entrou", "you have already entered")
            case TooLate():
                return self._in("demorou demais para entrar", "took too long to enter")
            case ServerFull():
                return self._in("o servidor esta cheio", "the server is full")
            case OverLimit(rule="LIMIT-3"):
                return self._in(
                    "conexoes demais deste endereco",
                    "too many connections from this address",
                )
            case OverLimit():
                return self._in(
                    "nao leu o que recebeu", "did not read what it was sent"
                )
            case ServerEnds():
                return self._in(
                    "o servidor esta sendo encerrado", "the server is shutting down"
                )
            case ConnectionLost():
                return self._in("a conexão foi perdida", "the connection was lost")
            case InvalidServer(problem=Problem.UNREACHABLE):
                return self._in(
                    "nenhum servidor responde neste endereço e nesta porta",
                    "no server answers at this address and port",
                )
            case InvalidServer(problem=Problem.GREETING):
                return self._in(
                    "o que respondeu não é um servidor de bate-papo, versão 1",
                    "what answered is not a bate-papo server, version 1",
                )
            case InvalidServer(problem=Problem.SILENCE):
                return self._in("o servidor não responde", "the server does not answer")
            case InvalidServer():
                return self._in(
                    "o servidor enviou algo que o protocolo não permite",
                    "the server sent something that the protocol does not allow",
                )
            case InvalidAddress():
                return self._in(
                    "endereço ou porta do servidor inválidos",
                    "the server's address or port is invalid",
                )
            case _:
                return self._in("conexao encerrada a forca", "forced out")

    def goodbye(self) -> str:
        """Give the reason of who left by word."""
        return self._in("despediu-se (LEAVE-1)", "said goodbye (LEAVE-1)")

    def hung_up(self) -> str:
        """Give the reason of who ended its stream."""
        return self._in("desligou (EOF-1)", "hung up (EOF-1)")

    def reset(self) -> str:
        """Give the reason of who was reset."""
        return self._in("perdeu a conexao (LEAVE-3)", "lost its connection (LEAVE-3)")

    # ---- the server's log ------------------------------------------------------------

    def log_connected(self, peer: str) -> str:
        """Say who connects, and from where (LOG-1)."""
        return self._in(f"{peer} conectou-se", f"{peer} connected")

    def log_entered(self, peer: str, nick: str) -> str:
        """Say who enters."""
        return self._in(f"{peer} entrou como {nick}", f"{peer} entered as {nick}")

    def log_left(self, peer: str, nick: str, reason: str) -> str:
        """Say who leaves, and why; `nick` is empty if it never entered."""
        name = f" ({nick})" if nick else ""
        return self._in(f"{peer}{name} saiu: {reason}", f"{peer}{name} left: {reason}")

    def log_answered(self, peer: str, error: ChatError) -> str:
        """Say which error is answered; what was sent is not quoted (LOG-2)."""
        cause = f" {error.subject}" if isinstance(error, ForcedOut) else ""
        return f"{peer} <- ERRO {error.code}{cause}: {self.explanation(error)}"

    def log_cannot_accept(self, detail: str) -> str:
        """Say that the system gives no more sockets."""
        return self._in(
            f"não é possível aceitar mais conexões: {detail}",
            f"cannot accept more connections: {detail}",
        )

    def log_lost(self, count: int) -> str:
        """Say that nobody read the log for a while."""
        return self._in(
            f"linhas perdidas do registro: {count}", f"lines lost from the log: {count}"
        )

    def log_ends(self) -> str:
        """Say that the server was told to end."""
        return self._in(
            "o servidor está sendo encerrado", "the server is shutting down"
        )

    # ---- the server's other words ----------------------------------------------------

    def running(self, where: str) -> str:
        """Say where to connect; ends in the address (RUN-2)."""
        return self._in(
            f"Servidor está rodando em {where}", f"Server is running at {where}"
        )

    # ---- the command line ------------------------------------------------------------

    def help_program(self) -> str:
        """Say what the program is."""
        return self._in(
            "Bate-papo, versão 1: um servidor e um cliente, feitos com tarefas.",
            "Bate-papo, version 1: a server and a client, made with tasks.",
        )

    def help_server(self) -> str:
        """Say what `server` does."""
        return self._in("abre uma sala de bate-papo", "open a chat room")

    def help_client(self) -> str:
        """Say what `client` does."""
        return self._in(
            "entra em uma sala; sem argumentos, começa desconectado",
            "enter a room; without arguments, start offline",
        )

    def help_lang(self) -> str:
        """Explain `--lang`."""
        return self._in("idioma das mensagens", "language of the messages")

    def help_address(self) -> str:
        """Explain the address."""
        return self._in(
            "endereço IPv4 ou IPv6 (padrão: 127.0.0.1)",
            "IPv4 or IPv6 address (default: 127.0.0.1)",
        )

    def help_port(self) -> str:
        """Explain the port."""
        return self._in(
            "porta, de 0 a 65535 (padrão: 55555); 0 deixa o sistema escolher",
            "port, from 0 to 65535 (default: 55555); with 0 the system chooses",
        )

    def help_nick(self) -> str:
        """Explain the nick."""
        return self._in("o nick com o qual entrar", "the nick to enter under")

    def help_ask(self) -> str:
        """Explain `--ask`."""
        return self._in("pergunta o endereço e a porta", "ask for address and port")

    def help_addresses(self) -> str:
        """Explain `--addresses`."""
        return self._in(
            "mostra ou esconde endereços (padrão: mostra só em 127.0.0.0/8 e ::1)",
            "show or hide addresses (default: show on 127.0.0.0/8 and ::1 only)",
        )

    def help_log_file(self) -> str:
        """Explain `--log-file`."""
        return self._in("escreve o registro também aqui", "write the log here as well")

    def help_option(self, option: str, default: float) -> str:
        """Explain an option that has a number; 0 is shown as what it means."""
        meaning = {
            "--entry-timeout": self._in("segundos para entrar", "seconds to enter"),
            "--stall-timeout": self._in(
                "segundos que um cliente pode passar sem ler",
                "seconds that a client may go without reading",
            ),
            "--outbox-limit": self._in(
                "octetos que podem ficar à espera de um cliente",
                "octets that may wait for a client",
            ),
            "--max-connections": self._in(
                "conexões ao mesmo tempo", "connections at the same time"
            ),
            "--max-per-address": self._in(
                "conexões por endereço", "connections from one address"
            ),
            "--rate": self._in(
                "linhas por segundo lidas de cada conexão",
                "lines per second read from each connection",
            ),
            "--answer-timeout": self._in(
                "segundos de espera por uma resposta do servidor",
                "seconds to wait for an answer from the server",
            ),
        }[option]
        shown = f"{default:.10g}" if default else self._in("sem limite", "no limit")
        return self._in(f"{meaning} (padrão: {shown})", f"{meaning} (default: {shown})")

    # ---- what is asked, and answered before entering ---------------------------------

    def ask_address(self, default: str) -> str:
        """Ask for an address (ASK-2, RUN-5)."""
        return self._in(f"Endereço [{default}] >>> ", f"Address [{default}] >>> ")

    def ask_port(self, default: str) -> str:
        """Ask for a port (ASK-2, RUN-5)."""
        return self._in(f"Porta [{default}] >>> ", f"Port [{default}] >>> ")

    def ask_nick(self) -> str:
        """Ask for a nick."""
        return self._in("Escolha um nick para você >>> ", "Choose a nick >>> ")

    def not_a_nick(self) -> str:
        """Explain what a nick is made of (TYPE-12)."""
        return self._in(
            "* Um nick tem de 1 a 16 letras sem acento, algarismos, - ou _, "
            "e começa com uma letra",
            "* A nick has 1 to 16 ASCII letters, digits, - or _, "
            "and begins with a letter",
        )

    def dropped(self) -> str:
        """Say that what was typed ahead does not count (TYPE-12)."""
        return self._in(
            "* O que já tinha sido digitado foi descartado",
            "* What had already been typed was discarded",
        )

    def offline(self) -> str:
        """Tell how to enter, to somebody who is not connected (ASK-3)."""
        return self._in(
            "* Você não está conectado. Para entrar: /ENTRAR, ou "
            "/ENTRAR nick [endereço [porta]]; /AJUDA mostra a ajuda; /SAIR termina",
            "* You are not connected. To enter: /ENTRAR, or "
            "/ENTRAR nick [address [port]]; /AJUDA shows the help; /SAIR ends",
        )

    # ---- what a client shows of its server -------------------------------------------

    def connected(self, nick: str) -> str:
        """Tell a person that they are in (SHOW-2)."""
        return self._in(
            f"* Você está conectado ao servidor como {nick} (/AJUDA mostra a ajuda)",
            f"* You are connected to the server as {nick} (/AJUDA shows the help)",
        )

    def greeted(self, software: str) -> str:
        """Say what the server calls itself."""
        return self._in(f"* Servidor: {software}", f"* Server: {software}")

    def said(self, nick: str, text: str) -> str:
        """Show a public message (SHOW-1)."""
        return self._in(f"Cliente({nick}): {text}", f"Client({nick}): {text}")

    def whispered(self, nick: str, text: str) -> str:
        """Show a private message, marked as such (SHOW-1)."""
        return self._in(
            f"[privada] Mensagem recebida de: Cliente({nick}): {text}",
            f"[private] Message received from: Client({nick}): {text}",
        )

    def sent(self, nick: str) -> str:
        """Say that a private message is on its way (SHOW-3)."""
        return self._in(f"* Mensagem enviada a {nick}", f"* Message sent to {nick}")

    def entered(self, nick: str) -> str:
        """Say who enters (SHOW-2)."""
        return self._in(f"* {nick} entrou na sala", f"* {nick} entered the room")

    def left(self, nick: str, reason: str) -> str:
        """Say who leaves (SHOW-2)."""
        return self._in(
            f"* {nick} saiu da sala: {reason}", f"* {nick} left the room: {reason}"
        )

    def present(self, nicks: str) -> str:
        """Say who is here (SHOW-2)."""
        if not nicks:
            return self._in("* A sala está vazia", "* The room is empty")
        return self._in(f"* Na sala: {nicks}", f"* In the room: {nicks}")

    def no_such_destination(self, nick: str, explanation: str) -> str:
        """Report ERRO 02, with the way out (SHOW-5)."""
        return self._in(
            f"ERRO 02 {nick}: {explanation}. Nada foi enviado a {nick}; "
            f"para dizer a todos, comece a linha com :",
            f"ERRO 02 {nick}: {explanation}. Nothing was sent to {nick}; "
            f"to say it to all, begin the line with :",
        )

    def failed(self, error: InvalidAddress | InvalidServer | ConnectionLost) -> str:
        """Report an error that never crossed the wire to who started the program."""
        if isinstance(error, ConnectionLost):
            return f"ERRO {error.code} {error.subject}: {self.explanation(error)}"
        detail = f": {error.detail}" if error.detail else ""
        return f"ERRO {error.code}: {self.explanation(error)}{detail}"

    # ---- what a client says of a typed line ------------------------------------------

    def folded(self, line: str) -> str:
        """Show what a line became (TYPE-1)."""
        return self._in(f"* Em ASCII: {line}", f"* In ASCII: {line}")

    def not_ascii(self) -> str:
        """Say why a line is not sent (TYPE-1)."""
        return self._in(
            "* Nada foi enviado: a linha tem algo fora do ASCII ou é longa demais",
            "* Nothing was sent: the line has something outside ASCII or is too long",
        )

    def unknown_command(self) -> str:
        """Say why a line that begins with a slash is not sent (TYPE-4)."""
        return self._in(
            "* Nada foi enviado: comando desconhecido; /AJUDA mostra os que existem. "
            "Para dizer a todos algo que começa com /, comece a linha com :",
            "* Nothing was sent: unknown command; /AJUDA lists them. "
            "To say something that begins with / to all, begin the line with :",
        )

    def nick_with_blanks(self) -> str:
        """Say why a line that may have been private is not sent (TYPE-6)."""
        return self._in(
            "* Nada foi enviado: há espaços em volta do nick. A um só: nick:texto; "
            "a todos: :texto",
            "* Nothing was sent: there are blanks around the nick. To one: "
            "nick:text; to all: :text",
        )

    def empty_text(self) -> str:
        """Say why a line without a text is not sent (TYPE-8)."""
        return self._in(
            "* Nada foi enviado: falta o texto",
            "* Nothing was sent: the text is missing",
        )

    def help(self) -> str:
        """Explain what can be typed (TYPE-4)."""
        return self._in(
            """\
* texto         diz o texto a todos
* :texto        o mesmo, seja qual for o início do texto
* nick:texto    diz o texto só a quem tem esse nick
* /USUARIOS     mostra quem está na sala
* /ENTRAR       entra em uma sala (só quando desconectado)
* /AJUDA        mostra esta ajuda
* /SAIR         sai; {quit} e quit também""",
            """\
* text          says the text to all
* :text         the same, whatever the text begins with
* nick:text     says the text to the one who has that nick
* /USUARIOS     shows who is in the room
* /ENTRAR       enters a room (only when offline)
* /AJUDA        shows this help
* /SAIR         leaves; so do {quit} and quit""",
        )
