"""Many who speak at the same time, and a record of what each of them saw."""

import selectors
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batepapo_conformance import codec
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.history import View
from batepapo_conformance.participant import Participant

# Octets that one person hands over before it is somebody else's turn.
_MOUTHFUL = 150


@dataclass(slots=True)
class _Member:
    """One of the crowd: what it has still to say, and what it waits for."""

    person: Participant
    view: View
    rest: bytes
    last: bytes = b"\n\n"  # is in no line: who leaves is done when it is closed
    done: bool = False
    heard_at: float = 0.0

    def say(self, message: codec.ClientMessage, *, first: bool = False) -> None:
        """Have one more line to send; `/ENTRAR` comes before the others."""
        line = codec.encode(message)
        if first:
            self.rest = line + self.rest
        else:
            self.view.sent.append(message)
            self.rest += line

    def wait_for(self, word: str) -> None:
        """Be done when a text comes that is this word."""
        self.last, self.done = f" :{word}\n".encode("ascii"), False

    def speak(self, octets: int) -> None:
        """Hand over so many octets, if the system takes them."""
        taken = self.person.connection.offer(self.rest[:octets])
        self.rest = self.rest[taken:]

    def listen(self) -> bool:
        """Read what is there; whether there may come more."""
        for line in self.person.connection.arrived():
            self.view.seen.append(_parsed(line))
            self.done = self.done or self.last in line
            self.heard_at = time.monotonic()
        is_open = self.person.connection.is_open
        self.done = self.done or not is_open
        return is_open

    def is_kept_waiting(self) -> bool:
        """Whether it has heard nothing for too long, not even of others."""
        silence = time.monotonic() - self.heard_at
        return not self.done and silence > self.person.scene.prompt


def speak_at_once(scripts: Mapping[Participant, Sequence[str]]) -> list[View]:
    """Let everybody send its lines at the same time, and read meanwhile.

    All are greeted and have not entered. The first one is the witness: it enters
    before anybody speaks, and its last word is the end for all that have not left.

    Args:
        scripts: the lines of each, from `/ENTRAR` on.

    Returns:
        what each of them saw, the witness first.

    Raises:
        RuleBroken: SERVE-1, if somebody is not answered; FRAME-1 for bad lines.
    """
    members = [_member(person, lines) for person, lines in scripts.items()]
    witness = members[0]
    first_list, entry = codec.Participants(0, ()), witness.person.enter(present=[])
    witness.view.seen += [first_list, entry]
    for one in members[1:]:
        one.say(codec.Enter(one.view.nick), first=True)
    for one in members:
        if not one.view.left:  # one's own word, come back, is the end of one's turn
            word = one.person.scene.word()
            one.wait_for(word)
            one.say(codec.Private(one.view.nick, word))
    _until_all_are_done(members)

    staying = [one for one in members if not one.view.left]
    word = witness.person.scene.word()
    for one in staying:
        one.wait_for(word)
    witness.say(codec.Public(word))
    _until_all_are_done(staying)
    return [one.view for one in members]


def _member(person: Participant, lines: Sequence[str]) -> _Member:
    enter, *sent = [codec.parse_client_line(line.encode("ascii")) for line in lines]
    assert isinstance(enter, codec.Enter)
    person.nick = enter.nick
    left = bool(sent) and isinstance(sent[-1], codec.Leave)
    rest = b"".join(codec.encode(message) for message in sent)
    return _Member(person, View(enter.nick, sent, left=left), rest)


def _until_all_are_done(members: Sequence[_Member]) -> None:
    chance = members[0].person.scene.chance
    with selectors.DefaultSelector() as selector:
        for one in members:
            one.heard_at = time.monotonic()
            selector.register(one.person.connection, selectors.EVENT_READ, one)
        while not all(one.done for one in members):
            talking = [one for one in members if one.rest]
            for one in talking:
                one.speak(chance.randrange(1, _MOUTHFUL))
            for key, _ in selector.select(0 if talking else 0.1):
                if not key.data.listen():
                    selector.unregister(key.fileobj)
            for one in filter(_Member.is_kept_waiting, members):
                expected = f"{one.view.nick} is served like all the others"
                found = f"nothing for {one.person.scene.prompt:g} s"
                raise RuleBroken("SERVE-1", expected, found)


def _parsed(line: bytes) -> codec.ServerMessage:
    try:
        message = codec.parse_server_line(line.removesuffix(b"\n"))
    except codec.NotALine as refusal:
        raise refusal.broken() from None
    if isinstance(message, codec.Refused) and message.code == "03":
        rule = "SERVE-1" if message.subject == "tempo" else "ORDER-2"
        expected = "the reply to a line; all of them are legal"
        raise RuleBroken(rule, expected, line.removesuffix(b"\n"))
    return message
