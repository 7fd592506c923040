"""Questions, offline, the conversation, leaving (section 10)."""

from time import monotonic

from batepapo_threaded.entrance import Entrance, Stage
from batepapo_threaded.errors import (
    ChatError,
    ConnectionLost,
    ForcedOut,
    InvalidServer,
    Problem,
)
from batepapo_threaded.limits import ADDRESS, PORT
from batepapo_threaded.link import Link
from batepapo_threaded.messages import (
    Enter,
    Greeting,
    Leave,
    ListParticipants,
    Private,
    Public,
    Refused,
    ServerMessage,
    is_nick,
)
from batepapo_threaded.signals import when_asked_to_end
from batepapo_threaded.sockets import is_address, is_port
from batepapo_threaded.terminal import InputEnded, Leaving, Terminal
from batepapo_threaded.typed import (
    AskList,
    Help,
    Hint,
    Mistake,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    read_join,
    read_typed,
)
from batepapo_threaded.words import Words


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
            port = self._ask(self._words.ask_port(PORT))
        port = port or str(PORT)
        if not is_port(port):
            raise InvalidServer(Problem.PORT)
        if nick is None:
            nick = self._ask(self._words.ask_nick())
        if not is_nick(nick):
            self._screen.tell(self._words.not_a_nick())
            nick = self._ask_nick_again()
        link = Link(address, port, self._answer_timeout, self._terminal.mailbox)
        try:
            self._enter(link, nick)
            return self._converse(link)
        finally:
            link.close()

    def _ask(
        self, question: str, link: Link | None = None, entrance: Entrance | None = None
    ) -> str:
        """Ask, and give the answer without the blanks around it.

        Meanwhile the server may have something to say, to `entrance`.
        """
        self._screen.ask(question)
        while True:
            event = self._terminal.next_event(link)
            if event is None:
                self._screen.ask(question)
            elif isinstance(event, str):
                if isinstance(read_typed(event), Quit):  # ASK-5
                    raise Leaving
                return event.strip(" ")
            elif entrance is not None:
                self._take(event, entrance)

    def _ask_nick_again(
        self, link: Link | None = None, entrance: Entrance | None = None
    ) -> str:
        """Ask until the answer is a nick (TYPE-12)."""
        before = self._status_if_input_ends
        self._status_if_input_ends = 1
        while True:
            self._terminal.drop_typed_ahead()
            nick = self._ask(self._words.ask_nick(), link, entrance)
            if is_nick(nick):
                self._status_if_input_ends = before
                return nick
            self._screen.tell(self._words.not_a_nick())

    # ---- the way in ----------------------------------------------------------

    def _enter(self, link: Link, nick: str) -> None:
        entrance = Entrance()
        self._follow(link, entrance)
        while True:
            while link.has_news:  # nothing that we asked for
                self._take(link.take(), entrance)
            link.send(Enter(nick))
            entrance.ask(nick)
            self._follow(link, entrance)
            if entrance.stage is Stage.ENTERED:
                return
            nick = self._ask_nick_again(link, entrance)

    def _follow(self, link: Link, entrance: Entrance) -> None:
        """Follow the server as long as it is its turn, and not for ever (FAIL-3)."""
        deadline = monotonic() + self._answer_timeout
        while entrance.expects_answer:
            try:
                message = self._terminal.next_event(
                    link, lines=False, deadline=deadline
                )
            except ConnectionLost as lost:
                if entrance.stage is Stage.CONNECTED:  # FAIL-2
                    raise InvalidServer(Problem.GREETING) from lost
                raise
            if message is None:
                raise InvalidServer(Problem.SILENCE)
            if not isinstance(message, str):
                self._take(message, entrance)

    def _take(self, message: ServerMessage, entrance: Entrance) -> None:
        entrance.take(message)
        if entrance.stage is Stage.ENTERED:
            self._screen.tell(self._words.connected())
        if not isinstance(message, Greeting):
            self._show(message)

    # ---- the conversation ----------------------------------------------------

    def _converse(self, link: Link) -> int:
        """Show and say until one side ends it; gives the exit status."""
        try:
            while True:
                event = self._terminal.next_event(link)
                if isinstance(event, str):
                    self._say(link, event)
                elif event is not None:
                    self._show(event)
        except (Leaving, InputEnded):
            return self._leave(link)
        except ChatError as error:
            self._screen.show_error(error)
            return int(error.code)

    def _say(self, link: Link, line: str) -> None:
        match read_typed(line):
            case SayToAll(texts):
                for text in texts:
                    link.send(Public(text))
            case SayToOne(nick, texts):
                for text in texts:
                    link.send(Private(nick, text))
            case AskList():
                link.send(ListParticipants())
            case Quit():
                raise Leaving
            case Help():
                self._screen.tell(self._words.help())
            case Hint(mistake):
                self._hint(mistake)
            case Nothing():
                pass

    def _hint(self, mistake: Mistake) -> None:
        match mistake:
            case Mistake.UNKNOWN_COMMAND:
                self._screen.tell(self._words.unknown_command())
            case Mistake.NICK_WITH_BLANKS:
                self._screen.tell(self._words.nick_with_blanks())
            case Mistake.EMPTY_TEXT:
                self._screen.tell(self._words.empty_text())

    def _show(self, message: ServerMessage) -> None:
        match message:
            case Refused("03", cause, explanation):
                raise ForcedOut(cause, explanation)
            case Greeting():  # a second one: nothing that a server would send
                raise InvalidServer(Problem.LINE)
            case _:
                self._screen.show(message)

    def _leave(self, link: Link) -> int:
        """Say so, show what still comes, and wait for the close (QUIT-1, QUIT-2)."""
        deadline = self._terminal.must_leave_soon()
        link.send(Leave())
        try:
            while (
                event := self._terminal.next_event(link, lines=False, deadline=deadline)
            ) is not None:
                if not isinstance(event, str):
                    self._show(event)
        except ConnectionLost:  # just what we were waiting for
            pass
        except ChatError as error:
            self._screen.show_error(error)
        return 0  # QUIT-4


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
