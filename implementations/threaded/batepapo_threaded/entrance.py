"""What a server may send before our own `ENTROU` (section 10.4)."""

from enum import Enum, auto

from .errors import InvalidServer, Problem
from .messages import (
    Entered,
    Greeting,
    Participants,
    Refused,
    ServerMessage,
)


class Stage(Enum):
    """How far we have come."""

    CONNECTED = auto()
    GREETED = auto()
    ASKED = auto()
    LISTING = auto()
    LISTED = auto()
    ENTERED = auto()


class Entrance:
    """Follows our way in, and trusts no server on it (FAIL-2, FAIL-4)."""

    def __init__(self) -> None:
        self.stage = Stage.CONNECTED
        self._nick = ""
        self._remaining = 0

    @property
    def expects_answer(self) -> bool:
        """Whether it is the server's turn, for a limited time (FAIL-3)."""
        return self.stage not in (Stage.GREETED, Stage.ENTERED)

    def ask(self, nick: str) -> None:
        """Note that `/ENTRAR nick` was sent."""
        self.stage = Stage.ASKED
        self._nick = nick

    def take(self, message: ServerMessage) -> None:
        """Note a message of the server.

        After `ERRO 01` the stage is GREETED again. Raises InvalidServer for
        what a server may not send at this stage; the server's fault.
        """
        match self.stage, message:
            case Stage.CONNECTED, Greeting():
                self.stage = Stage.GREETED
            case Stage.CONNECTED, _:
                raise InvalidServer(Problem.GREETING)
            case _, Refused(code="03"):
                pass
            case Stage.ASKED, Refused(code="01", subject=self._nick):
                self.stage = Stage.GREETED
            case Stage.ASKED, Participants(remaining, _):
                self._list(remaining)
            case Stage.LISTING, Participants(remaining, nicks) if nicks and (
                remaining == self._remaining - len(nicks)
            ):
                self._list(remaining)
            case Stage.LISTED, Entered(nick=self._nick):
                self.stage = Stage.ENTERED
            case _:
                raise InvalidServer(Problem.LINE)

    def _list(self, remaining: int) -> None:
        self._remaining = remaining
        self.stage = Stage.LISTING if remaining else Stage.LISTED
