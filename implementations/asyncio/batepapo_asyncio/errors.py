"""One exception for each row of the error registry (section 7.1).

`code` and `subject` are what stands on the wire or in front of a person; `rule` is the
requirement that an explanation names (ERROR-2). The explanation itself is for people
and stands in words.py.
"""

from enum import StrEnum
from typing import ClassVar


class ChatError(Exception):
    """Something went wrong that the protocol has a code for.

    Attributes:
        code: two digits.
        rule: the requirement that was not met.
        subject: a nick or a cause; empty where nothing goes over the wire.
    """

    code: ClassVar[str]
    rule: str
    subject: str = ""


class NickInUse(ChatError):
    """The nick that a client asked for is taken; it may try again (ENTER-3)."""

    code = "01"
    rule = "ENTER-3"

    def __init__(self, nick: str) -> None:
        super().__init__(nick)
        self.subject = nick


class NoSuchDestination(ChatError):
    """A private message to somebody who is not here; the sender's error (PRIVATE-2)."""

    code = "02"
    rule = "PRIVATE-2"

    def __init__(self, nick: str) -> None:
        super().__init__(nick)
        self.subject = nick


class ForcedOut(ChatError):
    """The connection ends by the server's decision: `subject` is the cause (ERROR-1).

    A server raises one of the causes below. A client raises this one itself, with the
    cause that the server named.
    """

    code = "03"
    rule = "ERROR-1"

    def __init__(self, cause: str = "") -> None:
        super().__init__(cause or self.subject)
        self.subject = cause or self.subject


class Malformed(ForcedOut):
    """The line is not in the grammar; the sender's fault.

    Args:
        rule: FRAME-5 for a line that does not end, FRAME-4 otherwise.
    """

    subject = "sintaxe"

    def __init__(self, rule: str = "FRAME-4") -> None:
        super().__init__()
        self.rule = rule


class OutOfState(ForcedOut):
    """A line that is not legal in this state; the sender's fault.

    Args:
        rule: STATE-1 for who has not entered, STATE-2 for who has.
    """

    subject = "estado"

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule


class TooLate(ForcedOut):
    """The client did not enter in time (LIMIT-1)."""

    rule = "LIMIT-1"
    subject = "tempo"


class ServerFull(ForcedOut):
    """All places are taken; nobody's fault (LIMIT-2)."""

    rule = "LIMIT-2"
    subject = "cheio"


class OverLimit(ForcedOut):
    """Too many connections of one address, or a reader that does not read.

    `rule` is LIMIT-3, SLOW-2 or SLOW-5.
    """

    subject = "limite"

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule = rule


class ServerEnds(ForcedOut):
    """The server was told to end (END-1)."""

    rule = "END-1"
    subject = "fim"


class ConnectionLost(ForcedOut):
    """A client lost its connection and no server said why (FAIL-6)."""

    rule = "FAIL-6"
    subject = "rede"


class Problem(StrEnum):
    """What is wrong with a server; the value is the rule about it."""

    UNREACHABLE = "FAIL-1"
    GREETING = "FAIL-2"
    SILENCE = "FAIL-3"
    LINE = "FAIL-4"


class InvalidServer(ChatError):
    """A client cannot reach the server, or cannot understand it (FAIL-1 to FAIL-4).

    Args:
        problem: which of the four.
        detail: what the operating system said about it; empty if it was not asked.
    """

    code = "04"

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(problem, detail)
        self.problem = problem
        self.rule = problem.value
        self.detail = detail


class InvalidAddress(ChatError):
    """A server cannot use its address or port; its operator's fault (RUN-4).

    Args:
        detail: what the operating system said about it; empty if it was not asked.
    """

    code = "05"
    rule = "RUN-4"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
