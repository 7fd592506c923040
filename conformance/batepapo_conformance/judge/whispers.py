"""Private messages: to one alone, once, in order (PRIVATE-1 to PRIVATE-4, ORDER-2).

A private message is seen at three places: where it is sent, where it is acknowledged
(`ENVIADA`) and where it is received. The last two may stand in the recording in
either order, since they are on two connections.
"""

from collections.abc import Iterable

from batepapo_conformance.codec import Enter, Private, Whispered, fold_nick
from batepapo_conformance.diagram import Way
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.listener import Listener, Request
from batepapo_conformance.judge.sequence import Heard, Stay


def acknowledge(sender: Listener, nick: str, seen: Seen) -> None:
    """`ENVIADA nick` has come.

    Raises:
        Violation: not to be, or not yet, or what it says is not so.
    """
    request, message = sender.answered(Private, "PRIVATE-1", seen.line)
    if fold_nick(message.nick) != fold_nick(nick):
        expected = f"ENVIADA {message.nick}"
        raise Violation("PRIVATE-1", expected, seen.line, [request.seen])
    assert sender.sequence is not None
    stay = sender.sequence.stay_at(nick, sender.position)
    if stay is None:
        evidence: list[Seen | None] = [request.seen, *sender.last_lines(3)]
        expected = f"ERRO 02 {message.nick} :<explanation>"
        raise Violation("PRIVATE-2", expected, seen.line, evidence)
    if stay.nick != nick:
        entered = stay.entry.seen if stay.entry is not None else None
        evidence = [request.seen, entered]
        raise Violation("ENTER-2", f"ENVIADA {stay.nick}", seen.line, evidence)
    request.stay, request.sent = stay, seen
    if request.heard is None:
        _insist_that_it_may_still_come(sender, request, stay, seen)
    elif stay.listener not in (None, request.hearer):
        expected = f"a private message to {nick} alone"
        evidence = [request.seen, request.heard, stay.listener.entry]
        raise Violation("PRIVATE-4", expected, seen.line, evidence)


def _insist_that_it_may_still_come(
    sender: Listener, request: Request, stay: Stay, seen: Seen
) -> None:
    hearer = stay.listener
    if stay is sender.stay:
        expected = "PRIVADA first, and ENVIADA after it"
        raise Violation("PRIVATE-3", expected, seen.line, [request.seen])
    if hearer is None or hearer.lost:
        return
    later = hearer.heard_from.get(sender)
    if later is not None and later.number > request.number:
        evidence = [request.seen, later.seen, later.heard]
        expected = f"`{request}` to be received before `{later}`"
        raise Violation("ORDER-2", expected, seen.line, evidence)
    if hearer.why_over == "left":
        last = hearer.recent[-1] if hearer.recent else None
        absent = f"has not received `{request}`, and never will"
        raise Violation(
            "PRIVATE-1",
            f"PRIVADA of `{request}`",
            "none",
            [request.seen, seen, last],
            absent=absent,
        )


def refuse(sender: Listener, subject: str, seen: Seen) -> tuple[Request, Stay] | None:
    """`ERRO 02` has come.

    Returns:
        the message and who was there all the same, if anybody was: then this is right
        only if delivering it is what cut that one off (section 5.4).

    Raises:
        Violation: not to be, or it has been delivered.
    """
    request, message = sender.answered(Private, "PRIVATE-2", seen.line)
    if message.nick != subject:
        expected = f"ERRO 02 {message.nick} :<explanation>"
        raise Violation("PRIVATE-2", expected, seen.line, [request.seen])
    queue = sender.unheard[fold_nick(subject)]
    if request in queue:
        queue.remove(request)
    assert sender.sequence is not None
    stay = sender.sequence.stay_at(subject, sender.position)
    if stay is not None:
        return request, stay
    if request.heard is not None:
        evidence = [request.seen, request.heard]
        expected = "ENVIADA: it has been delivered"
        raise Violation("PRIVATE-2", expected, seen.line, evidence)
    return None


def hear(
    listener: Listener, message: Whispered, seen: Seen, everybody: Iterable[Listener]
) -> Stay:
    """`PRIVADA` has come.

    Args:
        listener: to whom.
        message: what it says.
        seen: where.
        everybody: who may have sent it.

    Returns:
        whose it is. It is pending there: hold it against what was sent (`match`) as
        soon as the connection of that one is known.

    Raises:
        Violation: nobody of that nick is there, or its time goes backwards.
    """
    assert listener.sequence is not None
    if message.time < listener.latest:
        expected = f"a time not before {listener.latest}"
        raise Violation("ORDER-4", expected, seen.line, [listener.latest_seen])
    stay = listener.sequence.stay_at(message.origin.nick, listener.position)
    if stay is None or stay.origin not in (None, str(message.origin)):
        raise _of_nobody(listener, message, seen, everybody)
    said = stay.said_before(listener.position)
    stay.pending.append(Heard(listener, message, seen, said))
    return stay


def match(heard: Heard, sender: Listener) -> None:
    """Hold a private message that was received against what its sender sent.

    Raises:
        Violation: it was not sent, not to this one, not now, or not with these words.
    """
    if sender.lost or heard.listener.lost:
        return
    try:
        _match(heard, sender)
    except Violation as broken:
        broken.about = sender.name
        raise


def _match(heard: Heard, sender: Listener) -> None:
    listener, seen = heard.listener, heard.seen
    if sender is listener:
        listener.first(Private, "PRIVATE-3", seen.line)
    request = _request(heard, sender)
    if request is None:
        raise _not_sent(listener, heard.message, sender, seen)
    _insist_on_its_turn(heard, sender, request)
    sender.unheard[fold_nick(listener.nick)].remove(request)
    request.heard, request.hearer = seen, listener
    listener.heard_from[sender] = request


def _asks_for(other: Listener, nick: str) -> bool:
    return any(
        isinstance(request.message, Enter) and fold_nick(request.message.nick) == nick
        for request in other.requests
    )


def _request(heard: Heard, sender: Listener) -> Request | None:
    """Which message of this sender to this one it is, going by its words.

    Of several with the same words it is one that was sent where it was heard, as far
    as public messages tell: others may have been refused, and nobody saw it.
    """
    listener = heard.listener
    fitting = [
        request
        for request in sender.unheard.get(fold_nick(listener.nick), ())
        if (request.stay is None or request.stay.itself() is listener.stay)
        and request.text == heard.message.text
    ]
    here = [request for request in fitting if request.said_before == heard.said]
    return next(iter(here or fitting), None)


def _of_nobody(
    listener: Listener, message: Whispered, seen: Seen, everybody: Iterable[Listener]
) -> Violation:
    nick = fold_nick(message.origin.nick)
    heard = Heard(listener, message, seen, None)
    for other in everybody:
        request = _request(heard, other)
        if request is not None and (
            fold_nick(other.nick) == nick or _asks_for(other, nick)
        ):
            expected = "it after the `ENTROU` of its sender, and before its `SAIU`"
            evidence = [other.entry, request.seen, *_of(listener, nick)]
            return Violation("ORDER-2", expected, seen.line, evidence)
    expected = "a private message of somebody present"
    return Violation("PRIVATE-1", expected, seen.line, _of(listener, nick))


def _of(listener: Listener, nick: str) -> list[Seen]:
    word = f" {nick}@".encode()
    return [one for one in listener.recent if word in one.line.lower()][-2:-1]


def _not_sent(
    listener: Listener, message: Whispered, sender: Listener, seen: Seen
) -> Violation:
    meant_for = _meant_for_another(listener, message, sender)
    if meant_for is not None:
        expected = f"a private message to {meant_for.line.decode().partition(':')[0]}"
        evidence = [meant_for, listener.entry]
        return Violation("PRIVATE-4", f"{expected} alone", seen.line, evidence)
    again = [one for one in listener.recent if one.line == seen.line][:-1]
    before = listener.heard_from.get(sender)
    waiting = sender.unheard.get(fold_nick(listener.nick))
    evidence = [before.seen if before else None, *again[-1:]]
    if not again and waiting:
        evidence = [waiting[0].seen]
    expected = "what was sent, and once" if again else "what was sent"
    return Violation("PRIVATE-1", expected, seen.line, evidence)


def _meant_for_another(
    listener: Listener, message: Whispered, sender: Listener
) -> Seen | None:
    """Where a message with these words was sent to somebody else, lately."""
    waiting = [one.seen for queue in sender.unheard.values() for one in queue]
    for sent in [*waiting, *sender.recent]:
        nick, _, text = sent.line.decode("latin-1").partition(":")
        is_private = sent.way is Way.TO_SERVER and nick != ""
        other = fold_nick(nick) != fold_nick(listener.nick)
        if is_private and other and text == message.text:
            return sent
    return None


def _insist_on_its_turn(heard: Heard, sender: Listener, request: Request) -> None:
    """ORDER-2: what one sender causes on one connection, in the order of its lines."""
    listener, seen, said = heard.listener, heard.seen, heard.said
    before = listener.heard_from.get(sender)
    if before is not None and before.number > request.number:
        evidence = [request.seen, before.seen, before.heard]
        expected = f"`{request}` before `{before}`"
        raise Violation("ORDER-2", expected, seen.line, evidence)
    for earlier in sender.unheard[fold_nick(listener.nick)]:
        if earlier is request:
            break
        if earlier.stay is not None and earlier.stay.itself() is listener.stay:
            evidence = [earlier.seen, earlier.sent, request.seen]
            raise Violation("ORDER-2", f"`{earlier}` first", seen.line, evidence)
    if said is None or said == request.said_before:
        return
    publics = [
        one
        for one in (sender.recent if said < request.said_before else listener.recent)
        if (one.line.startswith(b":") and one.number <= request.seen.number)
        or one.line.startswith(b"PUBLICA ")
    ]
    when = "after" if said < request.said_before else "before"
    expected = f"it {when} the public messages around it: {request.said_before} of them"
    note = f"{said} public messages of {sender.nick} had come."
    evidence = [*publics[-1:], request.seen]
    raise Violation("ORDER-2", expected, seen.line, evidence, note)


def due_to(listener: Listener, everybody: Iterable[Listener]) -> list[Request]:
    """Give what was acknowledged and is for this one, and has not been received."""
    nick = fold_nick(listener.nick)
    return [
        request
        for sender in everybody
        for request in sender.unheard.get(nick, ())
        if request.stay is not None and request.stay.itself() is listener.stay
    ]


def insist_that_all_came(listener: Listener, everybody: Iterable[Listener]) -> None:
    """Nothing more is going to come to this one.

    Raises:
        Violation: a private message was lost.
    """
    due = due_to(listener, everybody)
    if due:
        request = due[0]
        evidence = [request.seen, request.sent, *list(listener.recent)[-2:]]
        raise Violation(
            "PRIVATE-1",
            f"PRIVADA of `{request}`",
            "none",
            evidence,
            absent=f"has never received `{request}`",
        )
