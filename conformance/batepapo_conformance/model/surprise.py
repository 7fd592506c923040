"""Which rule is broken when a line came that was not due.

Mostly the rule of what was due. Some lines tell more: a private message that was meant
for somebody else, an event that has overtaken another, a copy that differs.
"""

from collections.abc import Sequence
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.model.world import Due, End, Event, Listing

_AFTER_THE_END: Final = {"ERROR-1": "STATE-3", "EOF-1": "EOF-2"}
NOTHING_DUE: Final = "ORDER-1"
"""What breaks whoever sends a line that nobody caused: an invention (section 6.1)."""


def blame(
    due: Sequence[Sequence[Due]],
    forms: Sequence[Sequence[str]],
    message: codec.ServerMessage,
    nick: str,
) -> str:
    """Give the id of the rule.

    Args:
        due: what was due to this connection, in each possible world.
        forms: the same as lines with placeholders.
        message: what came instead.
        nick: of whoever it came to.
    """
    heads = [queue[0] for queue in due]
    match message:
        case codec.Whispered(_, origin) if not _is_due_from(due, origin.nick):
            return "PRIVATE-4"
        case codec.Refused("03"):
            return _of_an_error(heads)
        case codec.Refused("01") if heads:
            return "ENTER-5" if isinstance(heads[0], Listing) else heads[0].rule
        case codec.Participants(remaining, nicks):
            return _of_a_list(heads, remaining, nicks, nick)
        case _ if not heads:
            return NOTHING_DUE
        case codec.Entered() | codec.Left() | codec.Said() | codec.Whispered():
            return _of_an_event(due, forms, message)
        case _:
            return heads[0].rule


def _is_due_from(due: Sequence[Sequence[Due]], nick: str) -> bool:
    """Whether a private message of this sender is due here, with whatever text."""
    wanted = codec.fold_nick(nick)
    return any(
        isinstance(one, Event)
        and one.keyword == "PRIVADA"
        and codec.fold_nick(one.nick) == wanted
        for queue in due
        for one in queue
    )


def _of_an_error(heads: Sequence[Due]) -> str:
    """`ERRO 03` is for whoever has erred, and not for those who see it depart."""
    if not heads or (isinstance(heads[0], Event) and heads[0].keyword == "SAIU"):
        return "STATE-5"
    return heads[0].rule


def _of_a_list(
    heads: Sequence[Due], remaining: int, nicks: tuple[str, ...], nick: str
) -> str:
    expected = [one for one in heads if isinstance(one, Listing)]
    if not expected:
        return heads[0].rule if heads else "LIST-1"
    whole = expected[0]
    if whole.rule == "LIST-2":  # it had begun well
        return "LIST-2"
    if len(nicks) + remaining != len(whole.nicks):  # too few, or too many
        own = whole.rule == "LIST-1" and nick not in nicks and not remaining
        return "LIST-1" if own else "ORDER-3"
    if not nicks and whole.nicks:
        return "LIST-2"
    folded = {codec.fold_nick(one) for one in whole.nicks}
    if all(codec.fold_nick(one) in folded for one in nicks) and set(nicks) - set(
        whole.nicks
    ):
        return "ENTER-2"
    return whole.rule


def _of_an_event(
    due: Sequence[Sequence[Due]],
    forms: Sequence[Sequence[str]],
    message: codec.Entered | codec.Left | codec.Said | codec.Whispered,
) -> str:
    head = due[0][0]
    keyword = codec.encode(message).split(b" ", 1)[0].decode("ascii")
    if isinstance(head, End):
        return _AFTER_THE_END.get(head.rule, head.rule)
    if not isinstance(head, Event):  # has it overtaken an answer?
        later = any(_is_later(queue, keyword, message) for queue in due)
        return "ORDER-2" if later else head.rule
    if head.keyword != keyword or head.text != getattr(message, "text", head.text):
        later = any(_is_later(queue, keyword, message) for queue in due)
        if later or (head.keyword == keyword and head.nick != message.origin.nick):
            return "ORDER-2" if head.keyword == "PRIVADA" else "ORDER-1"
        return "PUBLIC-2" if head.keyword == keyword == "PUBLICA" else head.rule
    if message.origin.nick != head.nick:
        same = codec.fold_nick(message.origin.nick) == codec.fold_nick(head.nick)
        return "ENTER-2" if same else "ORDER-1"
    return "EVENT-1" if _differs_only_in_time(forms[0][0], message) else "EVENT-3"


def _is_later(
    queue: Sequence[Due],
    keyword: str,
    message: codec.Entered | codec.Left | codec.Said | codec.Whispered,
) -> bool:
    return any(
        isinstance(one, Event)
        and one.keyword == keyword
        and one.nick == message.origin.nick
        and one.text == getattr(message, "text", None)
        for one in queue[1:]
    )


def _differs_only_in_time(
    form: str, message: codec.Entered | codec.Left | codec.Said | codec.Whispered
) -> bool:
    return f"<time> {message.origin}" in form
