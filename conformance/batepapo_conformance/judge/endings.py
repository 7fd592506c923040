"""What should have come before a recording ended, and has not."""

from collections.abc import Iterable, Iterator, Sequence

from batepapo_conformance import codec
from batepapo_conformance.judge import whispers
from batepapo_conformance.judge.differences import last_events
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.listener import Listener, Request, State
from batepapo_conformance.judge.room import Room
from batepapo_conformance.judge.sequence import Sequence as Events
from batepapo_conformance.judge.sequence import Stay

Suspect = tuple[Listener, Request, Stay, Seen]
"""Who was refused, its message, who was present all the same, and the `ERRO 02`."""


def what_is_due(
    room: Room,
    everybody: Sequence[Listener],
    suspects: Iterable[Suspect],
    *,
    whole: bool,
) -> Iterator[tuple[Listener, Violation]]:
    """Give what has not come, and to whom; the most telling first.

    If everything had come to rest, each of these is a broken promise. If not, nobody
    can know.
    """
    there = [one for one in everybody if not one.is_over and not one.lost]
    for listener in there:
        for due in _due_to(listener, everybody):
            yield listener, due
    yield from _two_rooms(room)
    for events in room.sequences():
        yield from _departures(events, whole=whole)
    for suspect in suspects:
        yield from _refused_though_present(suspect)


def _due_to(listener: Listener, everybody: Iterable[Listener]) -> Iterator[Violation]:
    if listener.state is State.UNGREETED:
        absent = "was never greeted"
        yield Violation("GREET-1", "BATEPAPO 1 <software>", "nothing", absent=absent)
        return
    if listener.requests:
        yield _unanswered(listener)
    elif listener.client_ended:
        absent = "has ended its stream, and the server has not"
        yield Violation(
            "EOF-1", "end of stream", "open", list(listener.recent)[-2:], absent=absent
        )
    if listener.state is State.INSIDE:
        yield from _lost_events(listener)
        try:
            whispers.insist_that_all_came(listener, everybody)
        except Violation as broken:
            yield broken


def _unanswered(listener: Listener) -> Violation:
    request = listener.requests[0]
    rule = _rule_of(request, inside=listener.state is State.INSIDE)
    absent = f"no answer to `{request}`"
    evidence = [request.seen, *list(listener.recent)[-2:]]
    return Violation(
        rule, f"the answer to `{request}`", "none", evidence, absent=absent
    )


def _rule_of(request: Request, *, inside: bool) -> str:
    match request.message:
        case None:
            return "FRAME-4"
        case codec.Enter():
            return "STATE-2" if inside else "ENTER-1"
        case codec.Leave():
            return "LEAVE-1" if inside else "LEAVE-2"
        case _ if not inside:
            return "STATE-1"
        case codec.Public():
            return "PUBLIC-1"
        case codec.Private():
            return "PRIVATE-1"
        case codec.ListParticipants():
            return "LIST-1"


def _lost_events(listener: Listener) -> Iterator[Violation]:
    assert listener.sequence is not None
    if listener.position >= listener.sequence.end:
        return
    entry = listener.sequence.at(listener.position)
    if entry.stay is listener.stay and isinstance(entry.message, codec.Left):
        return  # LEAVE-3: not to the one whose it is
    line = entry.line.decode("latin-1")
    yield Violation(
        "ORDER-1",
        entry.line,
        "nothing",
        [*last_events(listener), entry.seen],
        absent=f"has never received `{line}`",
    )


def _two_rooms(room: Room) -> Iterator[tuple[Listener, Violation]]:
    """ORDER-1: those who are there at the end have heard the same last events."""
    eldest = [min(one.followers, key=_entry) for one in room.sequences()]
    for other in eldest[1:]:
        first = eldest[0]
        assert other.entry is not None
        broken = Violation(
            "ORDER-1",
            other.entry.line,
            "nothing",
            [first.entry, other.asked, other.entry],
            absent=f"has never heard of {other.nick}",
        )
        broken.about = other.name
        yield first, broken


def _entry(listener: Listener) -> int:
    return listener.entry.number if listener.entry is not None else 0


def _departures(events: Events, *, whole: bool) -> Iterator[tuple[Listener, Violation]]:
    """LEAVE-3: those who are there have been told of all who are not."""
    witness = max(events.followers, key=lambda one: (not one.stalled, one.position))
    if witness.position < events.end:
        return  # that it has not heard all is said already
    for stay in list(events.present.values()):
        gone = stay.listener
        hidden = stay.origin is not None and stay.origin.endswith("@-")
        if gone is None and (hidden or not whole):
            continue  # a stranger, or one of two who look the same: it may be there
        if gone is not None and (gone.lost or not gone.is_over):
            continue
        entered = stay.entry.seen if stay.entry is not None else events.list_seen
        last = list(gone.recent)[-2:] if gone is not None else []
        yield (
            witness,
            Violation(
                "LEAVE-3",
                f"SAIU <time> {stay.origin or stay.nick} :<reason>",
                "nothing",
                [entered, *last],
                absent=f"has never been told that {stay.nick} is gone",
            ),
        )


def _refused_though_present(
    suspect: Suspect,
) -> Iterator[tuple[Listener, Violation]]:
    """PRIVATE-1, unless delivering the message was what cut its destination off.

    To oneself it is PRIVATE-3: that one is there for sure.
    """
    sender, request, stay, seen = suspect
    stay = stay.itself()
    hearer = stay.listener
    if stay.left is not None and (hearer is None or hearer.why_over != "left"):
        return
    if hearer is not None and hearer.why_over not in ("", "left"):
        return
    entered = stay.entry.seen if stay.entry is not None else None
    yield (
        sender,
        Violation(
            "PRIVATE-3" if hearer is sender else "PRIVATE-1",
            f"ENVIADA {stay.nick}",
            seen.line,
            [entered, request.seen, seen],
            absent=f"`{request}` was refused, though {stay.nick} was there",
        ),
    )
