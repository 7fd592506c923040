"""What people read, in Portuguese and English, side by side (RUN-8).

What goes over the wire has no accents: the wire carries ASCII alone.
"""

from collections.abc import Mapping
from enum import Enum

from .errors import (
    ChatError,
    ForcedOut,
    InvalidServer,
    NickInUse,
    NoSuchDestination,
    Problem,
)


class Language(Enum):
    """A language that this program speaks; the value is what `--lang` takes."""

    PORTUGUESE = "pt"
    ENGLISH = "en"


def language_from(environment: Mapping[str, str]) -> Language:
    """Choose by the first of the three variables that says anything (RUN-8)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return Language.ENGLISH if value.startswith("en") else Language.PORTUGUESE
    return Language.PORTUGUESE


_CAUSES = {
    "sintaxe": ("linha fora da gramatica (FRAME-4)", "malformed line (FRAME-4)"),
    "estado": (
        "comando fora de hora (STATE-1, STATE-2)",
        "not legal in this state (STATE-1, STATE-2)",
    ),
    "tempo": (
        "demorou demais para entrar (LIMIT-1)",
        "took too long to enter (LIMIT-1)",
    ),
    "cheio": ("o servidor esta cheio (LIMIT-2)", "the server is full (LIMIT-2)"),
    "limite": (
        "conexoes demais deste endereco (LIMIT-3)",
        "too many connections from this address (LIMIT-3)",
    ),
    "fim": (
        "o servidor esta sendo encerrado (END-1)",
        "the server is shutting down (END-1)",
    ),
    "rede": ("a conexão caiu", "the connection was lost"),
}

_PROBLEMS = {
    Problem.ADDRESS: (
        "o endereço não é IPv4 nem IPv6",
        "the address is neither IPv4 nor IPv6",
    ),
    Problem.PORT: (
        "a porta não é um número de 0 a 65535",
        "the port is not a number from 0 to 65535",
    ),
    Problem.UNREACHABLE: (
        "não há servidor que responda neste endereço e porta",
        "no server can be reached at this address and port",
    ),
    Problem.GREETING: (
        "quem atendeu não é um servidor de bate-papo da versão 1",
        "what answered is not a chat server of version 1",
    ),
    Problem.SILENCE: (
        "o servidor não respondeu a tempo",
        "the server did not answer in time",
    ),
    Problem.LINE: (
        "o servidor enviou o que o protocolo não prevê",
        "the server sent what the protocol does not provide for",
    ),
}

_HELP = (
    """\
  texto           diz o texto a todos
  nick:texto      diz o texto só a esse nick (mensagem privada)
  :texto          diz o texto a todos, mesmo que comece com / ou contenha :
  /USUARIOS       mostra quem está na sala
  /SAIR           sai (também: {quit} ou quit)
  /AJUDA          mostra esta ajuda
Fora da sala:
  /ENTRAR [nick [endereço [porta]]]   entra; sem nick, pergunta tudo""",
    """\
  text            says the text to all
  nick:text       says the text to that nick alone (a private message)
  :text           says the text to all, even if it begins with / or contains :
  /USUARIOS       shows who is in the room
  /SAIR           leaves (so do {quit} and quit)
  /AJUDA          shows this help
Outside the room:
  /ENTRAR [nick [address [port]]]     enters; without a nick, asks for everything""",
)


class Words:
    """Every sentence of both programs, in one language."""

    def __init__(self, language: Language) -> None:
        self._english = language is Language.ENGLISH

    def say(self, portuguese: str, english: str) -> str:
        """Choose between two ways to say the same."""
        return english if self._english else portuguese

    # ---- on the wire: ASCII, and never a word of what somebody sent (ERROR-2) --------

    def explanation(self, error: NickInUse | NoSuchDestination | ForcedOut) -> str:
        """Give what stands behind the colon of an `ERRO`."""
        match error:
            case NickInUse():
                return self.say(
                    "este nick ja esta em uso (ENTER-3)",
                    "this nick is already in use (ENTER-3)",
                )
            case NoSuchDestination():
                return self.say(
                    "nao ha ninguem com este nick (PRIVATE-2)",
                    "nobody here has this nick (PRIVATE-2)",
                )
            case ForcedOut(cause=cause):
                return self.say(*_CAUSES[cause])

    def forced_out(self, error: ForcedOut) -> str:
        """Give the reason of a `SAIU` after an `ERRO 03`."""
        return self.say("desconectado: ", "forced out: ") + self.explanation(error)

    def goodbye(self) -> str:
        """Give the reason of a `SAIU` that its owner asked for."""
        return self.say(
            "por vontade propria (LEAVE-1)", "of their own accord (LEAVE-1)"
        )

    def hung_up(self) -> str:
        """Give the reason of a `SAIU` after the client's end of stream."""
        return self.say("encerrou a conexao (EOF-1)", "ended the connection (EOF-1)")

    def reset(self) -> str:
        """Give the reason of a `SAIU` after a connection broke."""
        return self.say("a conexao caiu (LEAVE-3)", "the connection broke (LEAVE-3)")

    def overflowed(self) -> str:
        """Give the reason of a `SAIU` for an outbox past its bound."""
        return self.say(
            "nao acompanhou a conversa (SLOW-2)", "did not keep up (SLOW-2)"
        )

    def stalled(self) -> str:
        """Give the reason of a `SAIU` for a reader that stopped."""
        return self.say("parou de ler (SLOW-5)", "stopped reading (SLOW-5)")

    # ---- the server's log ------------------------------------------------------------

    def log_connected(self, peer: str) -> str:
        """Log who connects."""
        return self.say(f"{peer} conectou-se", f"{peer} connected")

    def log_entered(self, peer: str, nick: str) -> str:
        """Log who enters."""
        return self.say(f"{peer} entrou como {nick}", f"{peer} entered as {nick}")

    def log_left(self, peer: str, nick: str, reason: str) -> str:
        """Log who leaves, and why; the nick is empty if it never entered."""
        if not nick:
            return self.say(f"{peer} saiu: {reason}", f"{peer} left: {reason}")
        return self.say(
            f"{peer} ({nick}) saiu: {reason}", f"{peer} ({nick}) left: {reason}"
        )

    def log_answered(
        self, peer: str, error: NickInUse | NoSuchDestination | ForcedOut
    ) -> str:
        """Log an error that is answered; what was sent stays out (LOG-2)."""
        cause = f" {error.cause}" if isinstance(error, ForcedOut) else ""
        return f"{peer} ERRO {error.code}{cause}: {self.explanation(error)}"

    def log_cannot_accept(self) -> str:
        """Log that the system has nothing left for another connection."""
        return self.say(
            "o sistema não aceita mais conexões por ora",
            "the system has no room for another connection just now",
        )

    def log_lost(self, count: int) -> str:
        """Log how many lines of the log nobody took in time (SLOW-7)."""
        return self.say(
            f"linhas perdidas deste registro: {count}",
            f"lines of this log that were lost: {count}",
        )

    # ---- the server's other words ----------------------------------------------------

    def running(self, where: str) -> str:
        """Say where connections are accepted; ends in `address:port` (RUN-2)."""
        return self.say(
            f"Servidor está rodando em {where}", f"Server is running at {where}"
        )

    def invalid_address(self) -> str:
        """Report that the server cannot listen (RUN-4)."""
        return self.say(
            "ERRO 05: endereço ou porta do servidor inválidos; inicie-o de novo",
            "ERRO 05: the server's address or port is invalid; start it again",
        )

    def no_log_file(self) -> str:
        """Report that the log file cannot be opened (LOG-3)."""
        return self.say(
            "não foi possível abrir o arquivo de registro",
            "the log file cannot be opened",
        )

    # ---- what is asked, and answered before entering ---------------------------------

    def ask_address(self, default: str) -> str:
        """Ask for an address (ASK-2, RUN-5)."""
        return self.say(
            f"Endereço IP do servidor [{default}] >>> ",
            f"Server IP address [{default}] >>> ",
        )

    def ask_port(self, default: str) -> str:
        """Ask for a port (ASK-2, RUN-5)."""
        return self.say(
            f"Porta do servidor [{default}] >>> ",
            f"Server port [{default}] >>> ",
        )

    def ask_nick(self) -> str:
        """Ask for a nick (ASK-2, TYPE-12)."""
        return self.say("Escolha um nick para você >>> ", "Choose a nick >>> ")

    def not_a_nick(self) -> str:
        """Tell what a nick looks like (TYPE-12)."""
        return self.say(
            "Nick inválido: use uma letra e depois até 15 letras, dígitos, - ou _",
            "Invalid nick: use a letter and then up to 15 letters, digits, - or _",
        )

    def dropped(self) -> str:
        """Tell that lines typed before a question were dropped (TYPE-12)."""
        return self.say(
            "O que foi digitado antes da pergunta foi descartado",
            "What was typed before the question was dropped",
        )

    def offline(self) -> str:
        """Tell somebody offline how to enter (ASK-3)."""
        return self.say(
            "Você ainda não está em um servidor. Para entrar: "
            "/ENTRAR [nick [endereço [porta]]]. Ajuda: /AJUDA",
            "You are not on a server yet. To enter: "
            "/ENTRAR [nick [address [port]]]. Help: /AJUDA",
        )

    # ---- what a client shows of its server -------------------------------------------

    def connected(self) -> str:
        """Tell of one's own entry (SHOW-2)."""
        return self.say(
            "Você está conectado ao servidor", "You are connected to the server"
        )

    def said(self, nick: str, text: str) -> str:
        """Show a public message."""
        return self.say(
            f"Mensagem recebida de: Cliente({nick}): {text}",
            f"Message from {nick}: {text}",
        )

    def whispered(self, nick: str, text: str) -> str:
        """Show a private message, marked as such (SHOW-1)."""
        return self.say(
            f"[privada] Mensagem recebida de: Cliente({nick}): {text}",
            f"[private] Message from {nick}: {text}",
        )

    def sent(self, nick: str) -> str:
        """Show that a private message was put on its way (SHOW-3)."""
        return self.say(f"Mensagem enviada a {nick}", f"Message sent to {nick}")

    def entered(self, nick: str) -> str:
        """Show who enters."""
        return self.say(f"{nick} entrou na sala", f"{nick} entered the room")

    def left(self, nick: str, reason: str) -> str:
        """Show who leaves."""
        return self.say(
            f"{nick} saiu da sala: {reason}", f"{nick} left the room: {reason}"
        )

    def present(self, nicks: str) -> str:
        """Show the nicks of a list (SHOW-2)."""
        if not nicks:
            return self.say("Não há mais ninguém na sala", "Nobody else is here")
        return self.say(f"Na sala: {nicks}", f"In the room: {nicks}")

    def nick_in_use(self, nick: str) -> str:
        """Show `ERRO 01`."""
        return self.say(
            f"ERRO 01: o nick {nick} já está em uso",
            f"ERRO 01: the nick {nick} is already in use",
        )

    def no_such_destination(self, nick: str) -> str:
        """Show `ERRO 02`, with the way out (SHOW-5)."""
        return self.say(
            f"ERRO 02: nada foi enviado: não há ninguém chamado {nick}. "
            "Para dizer isso a todos, comece a linha com :",
            f"ERRO 02: nothing was sent: nobody is called {nick}. "
            "To say it to all, begin the line with :",
        )

    def failed(self, error: ChatError) -> str:
        """Show an error that ends an attempt or a conversation."""
        match error:
            case ForcedOut(cause=cause, explanation=explanation):
                why = explanation or self.say(*_CAUSES[cause])
                end = self.say("desconectado à força", "forced out")
                return f"ERRO 03 {cause}: {end}: {why}"
            case InvalidServer(problem=problem):
                end = self.say("servidor inválido", "invalid server")
                return f"ERRO 04: {end}: {self.say(*_PROBLEMS[problem])}"
            case _:
                return f"ERRO {error.code}"

    # ---- what a client says of a typed line ------------------------------------------

    def folded(self, line: str) -> str:
        """Tell what became of a line that was not ASCII (TYPE-1)."""
        return self.say(f"Convertido para ASCII: {line}", f"Folded to ASCII: {line}")

    def not_ascii(self) -> str:
        """Tell why a line cannot be sent (TYPE-1)."""
        return self.say(
            "Nada foi enviado: a linha tem caracteres que o protocolo não transporta",
            "Nothing was sent: the line has characters that the protocol cannot carry",
        )

    def too_long(self) -> str:
        """Tell that a typed line is over 65,536 octets."""
        return self.say(
            "Nada foi enviado: a linha é longa demais",
            "Nothing was sent: the line is too long",
        )

    def unknown_command(self) -> str:
        """Give the hint for an unknown command (TYPE-4)."""
        return self.say(
            "Nada foi enviado: comando desconhecido. Ajuda: /AJUDA. "
            "Para dizer isso a todos, comece a linha com :",
            "Nothing was sent: unknown command. Help: /AJUDA. "
            "To say it to all, begin the line with :",
        )

    def nick_with_blanks(self) -> str:
        """Give the hint for blanks around a destination (TYPE-6)."""
        return self.say(
            "Nada foi enviado: há espaços ao redor do nick. Para uma mensagem "
            "privada, tire-os; para dizer isso a todos, comece a linha com :",
            "Nothing was sent: there are blanks around the nick. For a private "
            "message, remove them; to say it to all, begin the line with :",
        )

    def empty_text(self) -> str:
        """Give the hint for an empty text (TYPE-8)."""
        return self.say(
            "Nada foi enviado: falta o texto", "Nothing was sent: the text is missing"
        )

    def help(self) -> str:
        """Give the help (TYPE-4)."""
        return self.say(*_HELP)
