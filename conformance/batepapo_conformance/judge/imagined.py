"""Recordings of a server that exists only here, and makes no mistake.

Tests spoil them in one place and ask the judge. They are made line by line, so that
one can say exactly what each connection saw, and when.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from batepapo_conformance import codec
from batepapo_conformance.codec import fold_nick
from batepapo_conformance.recording import End, Happening, Header, Kind

_NICKS = 20  # in a line of a list
_TICK = 0.001  # seconds from one happening to the next


@dataclass(slots=True)
class _Client:
    name: str
    origin: codec.Origin
    inside: bool = False


class Imagined:
    """A server without a mistake, and the recording of what happened there.

    Args:
        hidden: whether it hides addresses.

    Attributes:
        happenings: so far, in the order in which the server did things.
    """

    def __init__(self, *, hidden: bool = False) -> None:
        self.happenings: list[Happening] = []
        self._hidden = hidden
        self._clients: dict[str, _Client] = {}
        self._room: list[_Client] = []
        self._ports = 0
        self._causes: list[int] = []
        """For each happening the number of the one that caused it; or its own."""

    # ---- what clients do -------------------------------------------------------

    def connects(self, *names: str) -> None:
        """Let clients connect; they are greeted."""
        for name in names:
            hidden = codec.Origin("?", None, None)
            shown = codec.Origin("?", "127.0.0.1", 40_000 + self._ports)
            self._ports += 1
            self._clients[name] = _Client(name, hidden if self._hidden else shown)
            cause = self._happens(name, Kind.CONNECTED)
            port = f"127.0.0.1:{39_999 + self._ports}"
            self.happenings[-1] = self.happenings[-1]._replace(seen_as=port)
            self._tell(self._clients[name], codec.Greeting("imagined/1"), cause)

    def enters(self, *names: str) -> None:
        """Let clients connect, and enter under their names."""
        for name in names:
            self.connects(name)
            self.sends(name, f"/ENTRAR {name}")

    def sends(self, name: str, *lines: str) -> None:
        """Let a client send lines at once; each is carried out."""
        octets = "".join(f"{line}\n" for line in lines).encode()
        cause = self._happens(name, Kind.SENT, octets)
        for line in lines:
            if name in self._clients:
                self._carry_out(self._clients[name], line, cause)

    def half_closes(self, name: str) -> None:
        """Let a client end its stream; the server does the same."""
        cause = self._happens(name, Kind.CLIENT_ENDED)
        self._over(name, cause, "end of stream (EOF-1)")
        self._happens(name, Kind.SERVER_ENDED, cause=cause)

    def resets(self, name: str) -> None:
        """Let a client reset its connection."""
        cause = self._happens(name, Kind.CLIENT_RESET)
        self._over(name, cause, "reset (LEAVE-3)")

    def is_connected(self, name: str) -> bool:
        """Whether a client is still there."""
        return name in self._clients

    # ---- what the server makes of it --------------------------------------------

    def _carry_out(self, client: _Client, line: str, cause: int) -> None:
        try:
            message = codec.parse_client_line(line.encode())
        except codec.NotALine:
            self._force_out(client, "sintaxe", cause)
            return
        match message:
            case codec.Enter(nick) if not client.inside:
                self._enter(client, nick, cause)
            case codec.Leave() if not client.inside:
                self._over(client.name, cause, "")
                self._happens(client.name, Kind.SERVER_ENDED, cause=cause)
            case _ if not client.inside:
                self._force_out(client, "estado", cause)
            case codec.Enter():
                self._force_out(client, "estado", cause)
            case codec.Public(text):
                self._tell_all(codec.Said(self._time(), client.origin, text), cause)
            case codec.Private(nick, text):
                self._whisper(client, nick, text, cause)
            case codec.ListParticipants():
                self._tell_list(client, cause)
            case codec.Leave():
                goodbye = codec.Left(self._time(), client.origin, "saiu (LEAVE-1)")
                self._tell_all(goodbye, cause)
                self._room.remove(client)
                self._happens(client.name, Kind.SERVER_ENDED, cause=cause)
                del self._clients[client.name]

    def _enter(self, client: _Client, nick: str, cause: int) -> None:
        if self._find(nick) is not None:
            self._tell(client, codec.Refused("01", nick, "em uso (ENTER-3)"), cause)
            return
        client.origin = replace(client.origin, nick=nick)
        self._tell_list(client, cause)
        client.inside = True
        self._room.append(client)
        self._tell_all(codec.Entered(self._time(), client.origin), cause)

    def _whisper(self, client: _Client, nick: str, text: str, cause: int) -> None:
        other = self._find(nick)
        if other is None:
            self._tell(client, codec.Refused("02", nick, "ausente (PRIVATE-2)"), cause)
            return
        whispered = codec.Whispered(self._time(), client.origin, text)
        self._tell(other, whispered, cause)
        self._tell(client, codec.Sent(other.origin.nick), cause)

    def _force_out(self, client: _Client, why: str, cause: int) -> None:
        self._tell(client, codec.Refused("03", why, "nao (STATE-3)"), cause)
        self._over(client.name, cause, "foi posto fora (STATE-3)")
        self._happens(client.name, Kind.SERVER_ENDED, cause=cause)

    def _over(self, name: str, cause: int, reason: str) -> None:
        client = self._clients.pop(name)
        if client.inside:
            self._room.remove(client)
            self._tell_all(codec.Left(self._time(), client.origin, reason), cause)

    def _find(self, nick: str) -> _Client | None:
        folded = fold_nick(nick)
        return next(
            (one for one in self._room if fold_nick(one.origin.nick) == folded), None
        )

    def _tell_list(self, client: _Client, cause: int) -> None:
        nicks = [one.origin.nick for one in self._room]
        pieces = [nicks[i : i + _NICKS] for i in range(0, len(nicks), _NICKS)] or [[]]
        remaining = len(nicks)
        for piece in pieces:
            remaining -= len(piece)
            self._tell(client, codec.Participants(remaining, tuple(piece)), cause)

    def _tell_all(self, message: codec.ServerMessage, cause: int) -> None:
        for one in self._room:
            self._tell(one, message, cause)

    def _tell(self, client: _Client, message: codec.ServerMessage, cause: int) -> None:
        octets = codec.encode(message)
        self._happens(client.name, Kind.RECEIVED, octets, cause=cause)

    def _happens(
        self, name: str, kind: Kind, octets: bytes = b"", *, cause: int = -1
    ) -> int:
        number = len(self.happenings)
        self.happenings.append(Happening(number * _TICK, name, kind, octets))
        self._causes.append(number if cause < 0 else cause)
        return number

    def _time(self) -> str:
        noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
        now = noon + timedelta(seconds=len(self.happenings) // 1000)
        return f"{now:%Y-%m-%dT%H:%M:%S}.000Z"

    # ---- as a recording -----------------------------------------------------------

    def shuffled(self, chance: Random) -> list[Happening]:
        """Give the happenings in another order in which they may have been recorded.

        Each connection keeps its own order. What a line caused stays behind it, and
        behind all lines that were carried out before it.
        """
        queues: dict[str, list[int]] = {}
        for number in reversed(range(len(self.happenings))):
            queues.setdefault(self.happenings[number].connection, []).append(number)
        causes = [n for n, cause in enumerate(self._causes) if n == cause][::-1]
        undone = set(causes)
        order: list[Happening] = []

        def is_ready(number: int) -> bool:
            while causes and causes[-1] not in undone:
                causes.pop()
            cause = self._causes[number]
            return cause == number or not causes or cause < causes[-1]

        while queues:
            name = chance.choice([one for one in queues if is_ready(queues[one][-1])])
            for _ in range(chance.choice((1, 1, 2, 8, 64))):
                if name not in queues or not is_ready(queues[name][-1]):
                    break
                number = queues[name].pop()
                undone.discard(number)
                one = self.happenings[number]
                order.append(one._replace(seconds=len(order) * _TICK))
                if not queues[name]:
                    del queues[name]
        return order


def ended(happenings: Sequence[Happening], *, settled: bool = True) -> End:
    """Give the end of a recording of these happenings."""
    return End(happenings[-1].seconds + 3 if happenings else 3.0, settled=settled)


HEADER = Header(
    "a server that exists only in a test", "2026-01-31T12:00:00Z", whole=True
)
