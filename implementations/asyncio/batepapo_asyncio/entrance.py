"""What a server may say until it has let us in (section 10.4). Pure."""

from enum import Enum, auto

from .errors import InvalidServer, Problem
from .messages import Entered, Greeting, Participants, Refused, ServerMessage


class Stage(Enum):
    """Whose turn it is, on the way in."""

    CONNECTED = auto()  # the server's: it has to greet
    GREETED = auto()  # ours: under which nick?
    ASKED = auto()  # the server's: it has to answer
    ENTERED = auto()  # we are in


class Entrance:
    """The way into a room, which a server may not leave (FAIL-2, FAIL-4).

    Attributes:
        stage: how far we have come.
    """

    def __init__(self) -> None:
        self.stage = Stage.CONNECTED
        self._nick = ""
        self._remaining: int | None = None  # nicks of the list that are still to come

    def ask(self, nick: str) -> None:
        """Take note that we have asked to enter under this nick."""
        self.stage = Stage.ASKED
        self._nick = nick
        self._remaining = None

    def take(self, message: ServerMessage) -> None:
        """Take a step; `ERRO 01` is one back, and `ERRO 03` is none.

        Raises:
            InvalidServer: a server may not say this now; its fault.
        """
        match self.stage, message:
            case Stage.CONNECTED, Greeting():
                self.stage = Stage.GREETED
            case Stage.CONNECTED, _:  # `ERRO 03` too
                raise InvalidServer(Problem.GREETING)
            case _, Refused("03"):
                pass
            case Stage.ASKED, _:
                self._take_answer(message)
            case _:
                raise InvalidServer(Problem.LINE)

    def _take_answer(self, message: ServerMessage) -> None:
        remaining = self._remaining
        match message:
            case Participants(after, nicks) if (
                remaining is None or remaining == after + len(nicks) > after
            ):
                self._remaining = after
            case Entered() if remaining == 0 and message.nick == self._nick:
                self.stage = Stage.ENTERED
            case Refused("01", nick) if remaining is None and nick == self._nick:
                self.stage = Stage.GREETED
            case _:
                raise InvalidServer(Problem.LINE)
