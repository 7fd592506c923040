"""What clients do to a server, as data: to be done, written down, shrunk, repeated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Connect:
    """Opens a connection; the name is new."""

    name: str


@dataclass(frozen=True, slots=True)
class Send:
    """Sends these octets, each piece in a write of its own."""

    name: str
    pieces: tuple[bytes, ...]

    @property
    def octets(self) -> bytes:
        """What is sent, in whatever pieces."""
        return b"".join(self.pieces)

    def whole(self) -> "Send":
        """The same in one write."""
        return Send(self.name, (self.octets,))


@dataclass(frozen=True, slots=True)
class HalfClose:
    """Ends its own stream, and reads on."""

    name: str


@dataclass(frozen=True, slots=True)
class Close:
    """Closes the connection, and reads no more."""

    name: str


@dataclass(frozen=True, slots=True)
class Reset:
    """Closes the connection with a reset."""

    name: str


Act = Connect | Send | HalfClose | Close | Reset
Step = tuple[Act, ...]
"""Acts that follow each other without anybody listening in between."""


def lines(name: str, *texts: str) -> Send:
    """Sends lines in one write."""
    return Send(name, ("".join(f"{text}\n" for text in texts).encode("ascii"),))


def joined(step: Step) -> Step:
    """The same step, with every line delivered whole."""
    return tuple(act.whole() if isinstance(act, Send) else act for act in step)
