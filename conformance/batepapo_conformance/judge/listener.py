"""One connection as the judge follows it: what it asked for, and what it has heard.

Replies come in the order of the lines (ORDER-2), so the first unanswered line says
what may come next. A client may send whatever it likes, and end as it likes: what
the judge looks for is what the *server* made of it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, TypeVar

from batepapo_conformance import codec
from batepapo_conformance.diagram import Way
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.sequence import Event, Sequence, Stay

_RECENT: Final = 24  # lines of each connection that may become evidence


class State(Enum):
    """How far a connection has come."""

    UNGREETED = auto()
    WAITING = auto()
    LISTING = auto()
    """The newcomer's list has begun; its `ENTROU` has not come."""
    INSIDE = auto()
    OVER = auto()
    """The server's last line has come, or the connection has ended."""


@dataclass(slots=True, eq=False)
class Request:
    """A line that a client sent.

    Attributes:
        message: what it says; `None` if it is malformed.
        seen: where it stands in the recording.
        number: how many lines its sender had sent before it.
        said_before: how many of them were public messages.
        stay: whom a private message was for, since it was acknowledged.
        sent: where it was acknowledged.
        heard: where it was received.
        hearer: and by whom.
    """

    message: codec.ClientMessage | None
    seen: Seen
    number: int
    said_before: int
    stay: Stay | None = None
    sent: Seen | None = None
    heard: Seen | None = None
    hearer: "Listener | None" = None

    def __str__(self) -> str:
        return self.seen.line.decode("latin-1")

    @property
    def text(self) -> str:
        """The text of a message; empty for other lines."""
        messages = codec.Public | codec.Private
        return self.message.text if isinstance(self.message, messages) else ""


_Asked = TypeVar("_Asked", bound=codec.ClientMessage)


@dataclass(slots=True, eq=False)
class Listener:
    """One connection of a recording.

    Attributes:
        name: what the recording calls it.
        seen_as: the address and port from which the server sees it, if known.
        requests: the lines that have not been answered, in order.
        unheard: its private messages that have not been received, by destination.
        recent: the last lines in both directions, for evidence.
        asked: the first unanswered `/ENTRAR`, or the one that let it in.
        entry: its own `ENTROU`.
        leaving: since which happening it may depart at any moment.
        latest: the time of the last private message that it received.
        stalled: whether its client does not take what is there for it.
        lost: whether the judge has given up following it.
        why_over: how it ended, once it is over.
    """

    name: str
    seen_as: str = ""
    state: State = State.UNGREETED
    requests: deque[Request] = field(default_factory=deque)
    unheard: dict[str, deque[Request]] = field(default_factory=dict)
    recent: deque[Seen] = field(default_factory=lambda: deque(maxlen=_RECENT))
    asked: Seen | None = None
    entry: Seen | None = None
    leaving: int | None = None
    sequence: Sequence | None = None
    position: int = 0
    stay: Stay | None = None
    latest: str = ""
    latest_seen: Seen | None = None
    stalled: bool = False
    client_ended: bool = False
    server_ended: bool = False
    lost: bool = False
    why_over: str = ""
    heard_from: dict["Listener", Request] = field(default_factory=dict)
    listed: list[str] = field(default_factory=list)
    to_come: int | None = None
    partial: dict[Way, bytes] = field(
        default_factory=lambda: {Way.TO_SERVER: b"", Way.TO_CLIENT: b""}
    )
    _sent: int = 0
    _said: int = 0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is going to be heard on it."""
        return self.state is State.OVER

    @property
    def nick(self) -> str:
        """The nick under which it entered; empty before."""
        return self.stay.nick if self.stay is not None else ""

    # ---- what it sends -----------------------------------------------------

    def sends(self, line: bytes, number: int, seconds: float) -> Request:
        """Take a line of the client, without its LF."""
        line = line.removesuffix(b"\r")
        seen = Seen(number, seconds, self.name, Way.TO_SERVER, line)
        self.recent.append(seen)
        try:
            message = codec.parse_client_line(line)
        except codec.NotALine:
            message = None
        request = Request(message, seen, self._sent, self._said)
        self._sent += 1
        self.requests.append(request)
        match message:
            case codec.Public():
                self._said += 1
            case codec.Private(nick):
                folded = codec.fold_nick(nick)
                self.unheard.setdefault(folded, deque()).append(request)
            case codec.Enter() if self.asked is None:
                self.asked = seen
            case codec.Leave() | codec.Enter() | None if self.leaving is None:
                self.leaving = number
            case _:
                pass
        return request

    def forget_requests(self) -> None:
        """Nothing that was sent is going to be answered any more."""
        self.requests.clear()

    # ---- what answers what ---------------------------------------------------

    def first(
        self, kind: type[_Asked], rule: str, line: bytes
    ) -> tuple[Request, _Asked]:
        """Give the line that this one answers, which has to be of this kind.

        Raises:
            Violation: `rule`, if no line is unanswered; ORDER-2, if another is.
        """
        if not self.requests:
            expected = "nothing: every line of this client has its answer"
            raise Violation(rule, expected, line, self.last_lines(3))
        request = self.requests[0]
        if not isinstance(request.message, kind):
            expected = f"the answer to `{request}`, which was sent before"
            raise Violation("ORDER-2", expected, line, [request.seen])
        return request, request.message

    def answered(
        self, kind: type[_Asked], rule: str, line: bytes
    ) -> tuple[Request, _Asked]:
        """The same, and with this it has been answered."""
        found = self.first(kind, rule, line)
        self.requests.popleft()
        return found

    def last_lines(self, count: int) -> list[Seen]:
        """Give the last lines of this connection but the one that is looked at."""
        return list(self.recent)[-count - 1 : -1]

    def hears_of_itself(self, event: Event, line: bytes) -> None:
        """Hold an event of its own against what it sent.

        Raises:
            Violation: it is no echo of the first unanswered line.
        """
        match event:
            case codec.Said(text=text):
                if not self._answers_with(text):
                    raise self._other_words(text, line)
                self.requests.popleft()
            case codec.Left():
                if self.requests and not isinstance(
                    self.requests[0].message, codec.Leave
                ):
                    self.first(codec.Leave, "LEAVE-1", line)
                if not self.requests:
                    rule = "LEAVE-3" if self.client_ended else "LEAVE-1"
                    expected = "no `SAIU` of its own: it did not ask for it"
                    raise Violation(rule, expected, line, self.last_lines(3))
                self.forget_requests()
            case codec.Entered():
                expected = "one `ENTROU` of its own"
                raise Violation("ORDER-1", expected, line, [self.entry])

    def _answers_with(self, text: str) -> bool:
        first = self.requests[0].message if self.requests else None
        return isinstance(first, codec.Public) and first.text == text

    def _other_words(self, text: str, line: bytes) -> Violation:
        """Say what is wrong with a public message of its own, with this text."""
        sent = [one for one in self.requests if isinstance(one.message, codec.Public)]
        later = [one.seen for one in sent if one.seen.line == b":" + text.encode()]
        if later:
            first = self.requests[0]
            expected = f"the answer to `{first}`, which was sent before"
            return Violation("ORDER-2", expected, line, [first.seen, later[0]])
        if sent and sent[0] is self.requests[0]:
            expected = f"the text of `{sent[0]}`"
            return Violation("PUBLIC-2", expected, line, [sent[0].seen])
        before = [
            one for one in self.recent if one.line in (line, b":" + text.encode())
        ]
        expected = "what it sent, and once"
        return Violation("ORDER-1", expected, line, before[-4:-1])

    # ---- lists ---------------------------------------------------------------

    def hears_list(self, message: codec.Participants, line: bytes) -> list[str] | None:
        """Take a line of a list; give the whole list with its last line.

        Raises:
            Violation: it was not asked for, or does not fit the line before.
        """
        if self.to_come is None:
            if self.state is State.WAITING:
                request, _ = self.first(codec.Enter, "LIST-1", line)
                self.asked, self.state = request.seen, State.LISTING
            elif self.state is State.INSIDE:
                self.first(codec.ListParticipants, "LIST-1", line)
            else:
                expected = "`ENTROU`: the list was whole"
                raise Violation("LIST-2", expected, line, self.last_lines(1))
        elif self.to_come - len(message.nicks) != message.remaining:
            expected = f"{self.to_come - len(message.nicks)} still to come"
            raise Violation("LIST-2", expected, line, self.last_lines(1))
        self.listed += message.nicks
        self.to_come = message.remaining or None
        if self.to_come is not None:
            return None
        names, self.listed = self.listed, []
        if self.state is State.INSIDE:
            self.requests.popleft()
        return names

    # ---- being forced out -----------------------------------------------------

    def hears_cause(self, cause: str, line: bytes) -> None:
        """Hold an `ERRO 03` against what was sent.

        Raises:
            Violation: a line before the faulty one has no answer, or none is faulty.
        """
        inside = self.state is State.INSIDE
        match cause:
            case "sintaxe" if not self.requests and self.partial[Way.TO_SERVER]:
                return  # FRAME-4: a fault that more octets cannot mend
            case "sintaxe":
                self._insist_on_a_fault(lambda message: message is None, line)
            case "estado" if inside:
                self._insist_on_a_fault(_is(codec.Enter), line)
            case "estado":
                wrong = codec.Public | codec.Private | codec.ListParticipants
                self._insist_on_a_fault(_is(wrong), line)
            case "tempo" | "cheio" if inside:
                expected = f"no `ERRO 03 {cause}` for a participant"
                raise Violation("ERROR-1", expected, line, [self.entry])
            case _:
                pass

    def _insist_on_a_fault(
        self, is_faulty: Callable[[codec.ClientMessage | None], bool], line: bytes
    ) -> None:
        if not self.requests:
            expected = "nothing: every line of this client has its answer"
            raise Violation("STATE-3", expected, line, self.last_lines(3))
        request = self.requests[0]
        if not is_faulty(request.message):
            expected = f"the answer to `{request}`, which was sent before"
            raise Violation("ORDER-2", expected, line, [request.seen])


def _is(kind: object) -> Callable[[codec.ClientMessage | None], bool]:
    return lambda message: isinstance(message, kind)  # type: ignore[arg-type]
