"""What is wrong where two connections have not heard the same, with the evidence."""

from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.listener import Listener
from batepapo_conformance.judge.sequence import Entry, Event, Sequence, Stay

_FAR: Final = 256  # events in which one that was left out is looked for
_EVENTS: Final = (b"ENTROU ", b"SAIU ", b"PUBLICA ")


def another_event(
    listener: Listener, entry: Entry, event: Event, seen: Seen
) -> Violation:
    """Say what is wrong with an event that comes in place of another.

    Args:
        listener: on whose connection.
        entry: what had to come.
        event: what came.
        seen: where.
    """
    before = last_events(listener, 2)[:-1]
    evidence: list[Seen | None] = [*before, entry.seen]
    rule, note = "ORDER-1", ""
    later = _later(entry.stay.sequence, listener.position, seen.line)
    if seen.line in (one.line for one in before):
        note = "The same event came twice."
    elif _without_time(entry.message) == _without_time(event):
        rule = "EVENT-1"
    elif later is not None:
        evidence = [*before, *_in_order(entry.stay.sequence, listener, entry, later)]
        note = "It comes later where others heard it: one was left out here."
    elif _is_rewritten(entry, event):
        rule = "EVENT-1"
    return Violation(rule, entry.line, seen.line, evidence, note)


def _is_rewritten(entry: Entry, event: Event) -> bool:
    """Whether it is the same event, and in one of the two in words nobody sent."""
    moment = entry.message.time, entry.message.origin
    if (event.time, event.origin) != moment:
        return False
    sender = entry.stay.listener
    said = [one.text for one in (entry.message, event) if isinstance(one, codec.Said)]
    if sender is None or not said:
        return True
    sent = [*sender.recent, *(request.seen for request in sender.requests)]
    lines = {one.line for one in sent}
    return any(f":{text}".encode("ascii") not in lines for text in said)


def last_events(listener: Listener, count: int = 1) -> list[Seen]:
    """Give the last events that somebody has heard."""
    return [one for one in listener.recent if one.line.startswith(_EVENTS)][-count:]


def _later(sequence: Sequence, position: int, line: bytes) -> Entry | None:
    for place in range(position + 1, min(sequence.end, position + _FAR)):
        if sequence.at(place).line == line:
            return sequence.at(place)
    return None


def _in_order(
    sequence: Sequence, listener: Listener, first: Entry, second: Entry
) -> list[Seen]:
    """Two events as one and the same listener heard them, if there is one."""
    for other in sequence.followers:
        if other is not listener:
            heard = {one.line: one for one in other.recent}
            if first.line in heard and second.line in heard:
                return [heard[first.line], heard[second.line]]
    return [first.seen, second.seen]


def _without_time(event: Event) -> tuple[object, ...]:
    match event:
        case codec.Said(origin=origin, text=text):
            return "said", origin, text
        case codec.Entered(origin=origin):
            return "entered", origin
        case codec.Left(origin=origin):
            return "left", origin


def insist_on_the_members(
    listener: Listener,
    sequence: Sequence,
    position: int,
    listed: list[str],
    seen: Seen,
    *,
    rule: str,
) -> None:
    """A list names just those who are there at a position, in order of entry.

    Raises:
        Violation: it does not. LIST-1, if a newcomer's list is only in another order;
            LEAVE-3, if all that it lacks are over: then it is not the list that is
            wrong, but a `SAIU` that is missing.
    """
    members = sequence.members_at(position)
    names = [stay.nick for stay in members]
    if names == listed:
        return
    odd = [stay for stay in members if stay.nick not in listed]
    evidence = [stay.entry.seen for stay in odd[:2] if stay.entry is not None]
    for nick in [name for name in listed if name not in names][:2]:
        evidence += sequence.seen_of(nick)
    evidence += [one for one in listener.recent if one.line.startswith(b"USUARIOS ")]
    expected = " ".join(("USUARIOS 0", *names))
    note = f"The list was: {' '.join(listed) or 'nobody'}."
    if rule == "ENTER-1" and sorted(names) == sorted(listed):
        rule = "LIST-1"  # all of them, in another order
    rule = "LEAVE-3" if _are_gone(odd) else rule
    raise Violation(rule, expected, seen.line, evidence[-6:], note)


def _are_gone(stays: list[Stay]) -> bool:
    return bool(stays) and all(
        stay.listener is not None and stay.listener.is_over for stay in stays
    )


def hold_against_what_was_sent(entry: Entry, *, is_new: bool = True) -> None:
    """What is said by one who is over can only be compared with what it had sent.

    Raises:
        Violation: it had not sent that, or something else first.
    """
    sender = entry.stay.listener
    if sender is None or not sender.is_over or sender.lost:
        return
    if not isinstance(entry.message, codec.Said) or sender.why_over == "left":
        return
    due = None
    while sender.requests and due is None:
        request = sender.requests.popleft()
        match request.message:
            case codec.Public(text=text) if text == entry.message.text:
                return
            case codec.Public() | codec.Leave() | None:
                due = request.seen
            case _:
                pass
    evidence = [*list(sender.recent)[-2:], due, entry.seen]
    absent = "" if is_new else "never sent what others have received from it"
    expected = "what its sender sent, in that order"
    raise Violation("ORDER-1", expected, entry.line, evidence, absent=absent)
