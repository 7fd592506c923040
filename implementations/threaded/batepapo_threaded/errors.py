"""One exception for each row of the error registry (section 7)."""

from enum import Enum, auto
from typing import ClassVar


class ChatError(Exception):
    """Something of the registry; `code` is its two digits."""

    code: ClassVar[str]


class NickInUse(ChatError):
    """01: a participant has this nick already. The newcomer chooses another."""

    code = "01"

    def __init__(self, nick: str) -> None:
        super().__init__(nick)
        self.nick = nick


class NoSuchDestination(ChatError):
    """02: nobody present has the nick that a private message is meant for."""

    code = "02"

    def __init__(self, nick: str) -> None:
        super().__init__(nick)
        self.nick = nick


class ForcedOut(ChatError):
    """03: the connection is cancelled; `cause` is the subject on the wire.

    `explanation` is what a server said about it; empty if none did.
    """

    code = "03"

    def __init__(self, cause: str, explanation: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.explanation = explanation


class Malformed(ForcedOut):
    """A line that the grammar does not derive: the fault of its sender."""

    def __init__(self) -> None:
        super().__init__("sintaxe")


class OutOfState(ForcedOut):
    """A well-formed line that is not legal now: the fault of its sender."""

    def __init__(self) -> None:
        super().__init__("estado")


class TooLate(ForcedOut):
    """The client did not enter in time."""

    def __init__(self) -> None:
        super().__init__("tempo")


class ServerFull(ForcedOut):
    """The server serves as many connections as it may: nobody's fault."""

    def __init__(self) -> None:
        super().__init__("cheio")


class OverLimit(ForcedOut):
    """Too many connections from one address."""

    def __init__(self) -> None:
        super().__init__("limite")


class ServerEnds(ForcedOut):
    """The server's operator ends it."""

    def __init__(self) -> None:
        super().__init__("fim")


class ConnectionLost(ForcedOut):
    """A client lost its server, and no server said why (FAIL-6)."""

    def __init__(self) -> None:
        super().__init__("rede")


class Problem(Enum):
    """Why a server is invalid; `Words` turns it into a sentence."""

    ADDRESS = auto()
    PORT = auto()
    UNREACHABLE = auto()
    GREETING = auto()
    SILENCE = auto()
    LINE = auto()


class InvalidServer(ChatError):
    """04: what the client was sent to is no server of this protocol."""

    code = "04"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.name)
        self.problem = problem


class InvalidAddress(ChatError):
    """05: the server cannot use its address or port: the operator's mistake."""

    code = "05"
