"""One attempt to talk: enter, say and show, leave (section 10)."""

from collections.abc import Callable
from time import monotonic

from .entrance import Entrance, Stage
from .errors import (
    ChatError,
    ConnectionLost,
    ForcedOut,
    InvalidServer,
    Problem,
)
from .link import Link
from .messages import (
    Enter,
    Greeting,
    Leave,
    ListParticipants,
    Private,
    Public,
    Refused,
    ServerMessage,
)
from .terminal import InputEnded, Leaving, Terminal
from .typed import (
    AskList,
    Help,
    Hint,
    Nothing,
    Quit,
    SayToAll,
    SayToOne,
    read_typed,
)
from .words import Words


class Conversation:
    """Follows one connection from its greeting to its end.

    `answer_timeout` is in seconds (FAIL-3). `ask_another_nick` asks the person,
    after the one before was taken, and gives the server's messages meanwhile to
    the function that it is called with.
    """

    def __init__(
        self,
        link: Link,
        terminal: Terminal,
        *,
        words: Words,
        answer_timeout: float,
        ask_another_nick: Callable[
            [Link, Callable[[ServerMessage], None]],
            str,
        ],
    ) -> None:
        self._link = link
        self._terminal = terminal
        self._screen = terminal.screen
        self._words = words
        self._answer_timeout = answer_timeout
        self._ask_another_nick = ask_another_nick
        self._entrance = Entrance()

    def hold(self, nick: str) -> int:
        """Enter under this nick, converse, and give the exit status.

        Raises ChatError for what went wrong before the own `ENTROU`.
        """
        self._follow()
        self._enter(nick)
        return self._converse()

    # ---- the way in ----------------------------------------------------------

    def _enter(self, nick: str) -> None:
        while True:
            while self._link.has_news:  # nothing that we asked for
                self._take(self._link.take())
            self._link.send(Enter(nick))
            self._entrance.ask(nick)
            self._follow()
            if self._entrance.stage is Stage.ENTERED:
                return
            nick = self._ask_another_nick(self._link, self._take)

    def _follow(self) -> None:
        """Follow the server as long as it is its turn, and not for ever (FAIL-3)."""
        deadline = monotonic() + self._answer_timeout
        while self._entrance.expects_answer:
            try:
                message = self._terminal.next_event(
                    self._link, lines=False, deadline=deadline
                )
            except ConnectionLost as lost:
                if self._entrance.stage is Stage.CONNECTED:  # FAIL-2
                    raise InvalidServer(Problem.GREETING) from lost
                raise
            if message is None:
                raise InvalidServer(Problem.SILENCE)
            if not isinstance(message, str):
                self._take(message)

    def _take(self, message: ServerMessage) -> None:
        self._entrance.take(message)
        if self._entrance.stage is Stage.ENTERED:
            self._screen.tell(self._words.connected())
        if not isinstance(message, Greeting):
            self._show(message)

    # ---- the conversation ----------------------------------------------------

    def _converse(self) -> int:
        """Show and say until one side ends it; gives the exit status."""
        try:
            while True:
                event = self._terminal.next_event(self._link)
                if isinstance(event, str):
                    self._say(event)
                elif event is not None:
                    self._show(event)
        except (Leaving, InputEnded):
            return self._leave()
        except ChatError as error:
            self._screen.show_error(error)
            return int(error.code)

    def _show(self, message: ServerMessage) -> None:
        match message:
            case Refused("03", cause, explanation):
                raise ForcedOut(cause, explanation)
            case Greeting():  # a second one: nothing that a server would send
                raise InvalidServer(Problem.LINE)
            case _:
                self._screen.show(message)

    def _say(self, line: str) -> None:
        match read_typed(line):
            case SayToAll(texts):
                for text in texts:
                    self._link.send(Public(text))
            case SayToOne(nick, texts):
                for text in texts:
                    self._link.send(Private(nick, text))
            case AskList():
                self._link.send(ListParticipants())
            case Quit():
                raise Leaving
            case Help():
                self._screen.tell(self._words.help())
            case Hint() as hint:
                self._screen.hint(hint)
            case Nothing():
                pass

    def _leave(self) -> int:
        """Say so, show what still comes, and wait for the close (QUIT-1, QUIT-2)."""
        deadline = self._terminal.must_leave_soon()
        self._link.send(Leave())
        try:
            while (
                event := self._terminal.next_event(
                    self._link, lines=False, deadline=deadline
                )
            ) is not None:
                if not isinstance(event, str):
                    self._show(event)
        except ConnectionLost:  # just what we were waiting for
            pass
        except ChatError as error:
            self._screen.show_error(error)
        return 0  # QUIT-4
