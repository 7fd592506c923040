"""What was promised about order (section 6.1), judged from what everybody saw.

Each participant has a `View`: the lines that it sent, and those that it received
from its first list on. The first view has to be of a *witness*, who was there from
before the others entered until after the last event. If there is one order, then it
is what the witness saw; every other stretch must be a part of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.speaker import line_of

Event = codec.Entered | codec.Left | codec.Said


@dataclass(slots=True)
class View:
    """What one participant did and saw.

    Attributes:
        nick: as it entered.
        sent: its lines after `/ENTRAR`, in order, without line ends.
        seen: its lines from its first list on, in order.
        left: whether it took its leave, so that its stretch ends before the others'.
    """

    nick: str
    sent: list[codec.ClientMessage]
    seen: list[codec.ServerMessage] = field(default_factory=list)
    left: bool = False

    @property
    def origin(self) -> codec.Origin:
        """Where it is seen; from its own `ENTROU`."""
        for message in self.seen:
            if isinstance(message, codec.Entered) and message.origin.nick == self.nick:
                return message.origin
        raise RuleBroken("ENTER-1", f"ENTROU of {self.nick}, to itself", "none")

    def events(self) -> list[Event]:
        """Its stretch of the one sequence."""
        return [message for message in self.seen if isinstance(message, Event)]


def judge(views: Sequence[View]) -> None:
    """Insist on every promise about order, the most basic first.

    Args:
        views: the witness's, then those of everybody else.

    Raises:
        RuleBroken: one of them was not kept.
    """
    witness, *others = views
    order = witness.events()
    for view in others:
        _same_order(view, order)
    for view in views:
        _replies_in_order(view)
        for speaker in views:
            _sender_in_order(view, speaker)
        _lists_fit_the_events(view)
        _time_goes_forward(view)
    _everything_was_said(views, order)
    _whispers_reached_only_their_destination(views)


def _same_order(view: View, order: list[Event]) -> None:
    """ORDER-1, and EVENT-1 where the lines differ in nothing but their time."""
    stretch = view.events()
    if not stretch or not _is_entry_of(stretch[0], view.nick):
        first = line_of(stretch[0]) if stretch else "nothing"
        raise RuleBroken("ENTER-1", f"ENTROU of {view.nick} first", first)
    begin = next((i for i, one in enumerate(order) if one == stretch[0]), None)
    if begin is None:
        begin = next(
            (i for i, one in enumerate(order) if _but_time(one, stretch[0])), 0
        )
    end = begin + len(stretch) if view.left else len(order)
    expected: list[Event | None] = [*order[begin:end]]
    found: list[Event | None] = [*stretch]
    longer = max(len(expected), len(found))
    expected += [None] * (longer - len(expected))
    found += [None] * (longer - len(found))
    for number, (wanted, got) in enumerate(zip(expected, found, strict=True)):
        if wanted == got:
            continue
        same = wanted is not None and got is not None and _but_time(wanted, got)
        note = (
            f"event {number + 1} of {view.nick}; the witness, who was there all"
            f" the time, saw another"
        )
        line = "nothing more" if got is None else line_of(got)
        form = "nothing more" if wanted is None else line_of(wanted)
        raise RuleBroken("EVENT-1" if same else "ORDER-1", form, line, note)


def _is_entry_of(event: Event, nick: str) -> bool:
    return isinstance(event, codec.Entered) and event.origin.nick == nick


def _but_time(one: Event, other: Event) -> bool:
    """Whether two events are one, written down with two times."""
    match one, other:
        case codec.Entered(), codec.Entered():
            return one.origin == other.origin
        case codec.Left(), codec.Left():
            return one.origin == other.origin
        case codec.Said(), codec.Said():
            return (one.origin, one.text) == (other.origin, other.text)
        case _:
            return False


def _replies_in_order(view: View) -> None:
    """ORDER-2: every own line has its reply or echo, in the order of the lines."""
    due = iter(view.sent)
    for reply in _replies(view):
        request = next(due, None)
        if request is None or not _answers(reply, request):
            wanted = "nothing more" if request is None else _request(request)
            form = f"the reply to {wanted}"
            raise RuleBroken("ORDER-2", form, line_of(reply), f"to {view.nick}")
    if (request := next(due, None)) is not None:
        raise RuleBroken(
            "ORDER-2", f"the reply to {_request(request)}", "none", f"to {view.nick}"
        )


def _sender_in_order(view: View, speaker: View) -> None:
    """ORDER-2: what one sender causes on one connection is in the order of its lines.

    No two lines of a sender have the same text in these conversations.
    """
    due = iter(
        (type(line), line.text)
        for line in speaker.sent
        if isinstance(line, codec.Public | codec.Private)
    )
    for message in view.seen:
        if isinstance(message, codec.Said | codec.Whispered):
            public = isinstance(message, codec.Said)
            kind = codec.Public if public else codec.Private
            if message.origin == speaker.origin and (kind, message.text) not in due:
                form = f"what {speaker.nick} said later than what came before"
                raise RuleBroken("ORDER-2", form, line_of(message), f"to {view.nick}")


def _replies(view: View) -> Iterator[codec.ServerMessage]:
    """What answers one's own lines: replies and echoes, without the first list."""
    origin, entered = view.origin, False
    for message in view.seen:
        match message:
            case codec.Entered(origin=whose) if whose == origin:
                entered = True
            case codec.Participants(remaining=0) if entered:
                yield message
            case codec.Said(origin=whose) | codec.Left(origin=whose):
                if whose == origin:
                    yield message
            case codec.Sent() | codec.Refused():
                yield message
            case _:
                pass


def _answers(reply: codec.ServerMessage, request: codec.ClientMessage) -> bool:
    match reply, request:
        case codec.Participants(), codec.ListParticipants():
            return True
        case codec.Said(), codec.Public():
            return reply.text == request.text
        case codec.Sent(), codec.Private():
            return codec.fold_nick(reply.nick) == codec.fold_nick(request.nick)
        case codec.Refused(code="02"), codec.Private():
            return reply.subject == request.nick
        case codec.Left(), codec.Leave():
            return True
        case _:
            return False


def _lists_fit_the_events(view: View) -> None:
    """ORDER-3: every list is the membership that the events before it imply."""
    present: list[str] | None = None
    found: list[str] = []
    for message in view.seen:
        match message:
            case codec.Participants():
                found += message.nicks
                if message.remaining:
                    continue
                if present is not None and found != present:
                    form = f"the list {' '.join(present)}"
                    actual = " ".join(["USUARIOS 0", *found]).encode("ascii")
                    raise RuleBroken("ORDER-3", form, actual, f"to {view.nick}")
                present, found = (found if present is None else present), []
            case codec.Entered() if present is not None:
                present.append(message.origin.nick)
            case codec.Left() if present is not None:
                if message.origin.nick not in present:
                    form = f"SAIU of one of {' '.join(present)}"
                    raise RuleBroken("ORDER-3", form, line_of(message))
                present.remove(message.origin.nick)
            case _:
                pass


def _time_goes_forward(view: View) -> None:
    """ORDER-4: times never go backwards, those of private messages included."""
    timed = codec.Entered | codec.Left | codec.Said | codec.Whispered
    messages = [message for message in view.seen if isinstance(message, timed)]
    for one, following in pairwise(messages):
        if following.time < one.time:
            form = f"a time not before {one.time}"
            raise RuleBroken("ORDER-4", form, line_of(following), f"to {view.nick}")


def _everything_was_said(views: Sequence[View], order: list[Event]) -> None:
    """ORDER-1: no invention, no loss: what was said is what people sent."""
    said: dict[str, list[str]] = {str(view.origin): [] for view in views}
    for event in order:
        if isinstance(event, codec.Said):
            if str(event.origin) not in said:
                raise RuleBroken("ORDER-1", "what somebody here said", line_of(event))
            said[str(event.origin)].append(event.text)
    for view in views:
        sent = [line.text for line in view.sent if isinstance(line, codec.Public)]
        if said[str(view.origin)] != sent:
            form = f"{len(sent)} messages of {view.nick}, in the order sent"
            found = f"{len(said[str(view.origin)])} messages, or another order"
            raise RuleBroken("ORDER-1", form, found)


def _whispers_reached_only_their_destination(views: Sequence[View]) -> None:
    """PRIVATE-1 and PRIVATE-4: each whisper once, in order, and to one alone."""
    for view in views:
        for speaker in views:
            meant = [
                line.text
                for line, reply in zip(speaker.sent, _replies(speaker), strict=True)
                if isinstance(line, codec.Private)
                and isinstance(reply, codec.Sent)
                and codec.fold_nick(line.nick) == codec.fold_nick(view.nick)
            ]
            heard = [
                message.text
                for message in view.seen
                if isinstance(message, codec.Whispered)
                and message.origin == speaker.origin
            ]
            if meant != heard:
                rule = "PRIVATE-4" if set(heard) - set(meant) else "PRIVATE-1"
                form = f"{len(meant)} private messages of {speaker.nick} to {view.nick}"
                raise RuleBroken(rule, form, f"{len(heard)}, or others: {heard[:3]}")


def _request(message: codec.ClientMessage) -> str:
    return codec.encode(message).removesuffix(b"\n").decode("ascii")
