"""Questions, offline, and how a program of conversations ends (section 10)."""

from collections.abc import Callable

from .conversation import Conversation
from .errors import ChatError, InvalidServer, Problem
from .limits import ADDRESS, PORT
from .link import Link
from .messages import ServerMessage, is_nick
from .signals import when_asked_to_end
from .sockets import is_address, is_port
from .terminal import InputEnded, Leaving, Terminal
from .typed import (
    AskList,
    Help,
    Hint,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    read_join,
    read_typed,
)
from .words import Words


class Client:
    """The main thread: a story told from the first question to the exit status.

    `answer_timeout` is in seconds (FAIL-3).
    """

    def __init__(self, terminal: Terminal, words: Words, answer_timeout: float) -> None:
        self._terminal = terminal
        self._screen = terminal.screen
        self._words = words
        self._answer_timeout = answer_timeout
        self._status_if_input_ends = 0  # QUIT-5

    def run(self, address: str | None, port: str | None, nick: str | None) -> int:
        """Run to the end and give the exit status; None is to be asked for."""
        try:
            if address is None:
                return self._stay_offline()
            return self._visit(address, port, nick)
        except Leaving:
            self._terminal.must_leave_soon()
            return 0
        except InputEnded:
            return self._status_if_input_ends
        except ChatError as error:
            self._screen.show_error(error)
            return int(error.code)

    # ---- before the connection ---------------------------------------------

    def _stay_offline(self) -> int:
        """Read typed lines until one leads into a conversation (ASK-3)."""
        self._screen.tell(self._words.offline())
        while True:
            line = self._terminal.next_event(None)
            if not isinstance(line, str):
                continue
            join = read_join(line)
            if join is None:
                self._answer_offline(line)
                continue
            try:
                return self._visit(join.address, join.port, join.nick)
            except ChatError as error:  # ASK-4
                self._screen.show_error(error)
                self._status_if_input_ends = int(error.code)

    def _answer_offline(self, line: str) -> None:
        match read_typed(line):
            case Quit():
                raise Leaving
            case Help():
                self._screen.tell(self._words.help())
            case Nothing():
                pass
            case SayToAll() | SayToOne() | AskList() | Hint():
                self._screen.tell(self._words.offline())

    def _visit(self, address: str | None, port: str | None, nick: str | None) -> int:
        """Ask for what is missing, enter, converse, and give the exit status.

        Raises ChatError for what went wrong before the own `ENTROU`.
        """
        if address is None:
            address = self._ask(self._words.ask_address(ADDRESS))
        address = address or ADDRESS
        if not is_address(address):
            raise InvalidServer(Problem.ADDRESS)
        if port is None:
            port = self._ask(self._words.ask_port(str(PORT)))
        port = port or str(PORT)
        if not is_port(port):
            raise InvalidServer(Problem.PORT)
        if nick is None:
            nick = self._ask(self._words.ask_nick())
        if not is_nick(nick):
            self._screen.tell(self._words.not_a_nick())
            nick = self._ask_nick_again()
        with Link(address, port, self._answer_timeout, self._terminal.mailbox) as link:
            conversation = Conversation(
                link,
                self._terminal,
                words=self._words,
                answer_timeout=self._answer_timeout,
                ask_another_nick=self._ask_nick_again,
            )
            return conversation.hold(nick)

    def _ask(
        self,
        question: str,
        link: Link | None = None,
        take: Callable[[ServerMessage], None] | None = None,
    ) -> str:
        """Ask, and give the answer without the blanks around it.

        Meanwhile the server may have something to say, to `take`.
        """
        self._screen.ask(question)
        while True:
            event = self._terminal.next_event(link)
            if event is None:
                self._screen.ask(question)
            elif not isinstance(event, str):
                if take is not None:
                    take(event)
            else:
                match read_typed(event):
                    case Quit():  # ASK-5
                        raise Leaving
                    case Help():
                        self._screen.tell(self._words.help())
                        self._screen.ask(question)
                    case _:
                        return event.strip(" ")

    def _ask_nick_again(
        self,
        link: Link | None = None,
        take: Callable[[ServerMessage], None] | None = None,
    ) -> str:
        """Ask until the answer is a nick (TYPE-12)."""
        before = self._status_if_input_ends
        self._status_if_input_ends = 1
        while True:
            self._terminal.drop_typed_ahead()
            nick = self._ask(self._words.ask_nick(), link, take)
            if is_nick(nick):
                self._status_if_input_ends = before
                return nick
            self._screen.tell(self._words.not_a_nick())


def run(
    address: str | None,
    port: str | None,
    nick: str | None,
    *,
    words: Words,
    answer_timeout: float,
) -> int:
    """Run a client with what the command line gave; gives the exit status."""
    terminal = Terminal(words)
    when_asked_to_end(terminal.interrupt)
    status = Client(terminal, words, answer_timeout).run(address, port, nick)
    terminal.flush()
    return status
