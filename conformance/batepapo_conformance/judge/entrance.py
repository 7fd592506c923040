"""Who wants to be in the room, and which of those is somebody of whom others hear.

Of a newcomer others may hear before its own connection does; or it is never heard on
that, because its client has reset it meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.codec import fold_nick
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.listener import Listener
from batepapo_conformance.judge.sequence import Entry, Sequence, Stay

_VANISHED: Final = 1_000  # connections that asked for a nick and were seen no more
_NICKS: Final = 50_000  # nicks of which is kept who may have them


class Entrance:
    """All who have sent `/ENTRAR`, until it is known what became of it.

    Args:
        whole: whether every connection of the server is in the recording.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._asking: defaultdict[str, set[Listener]] = defaultdict(set)
        self._vanished: defaultdict[str, list[Listener]] = defaultdict(list)
        self._vanished_count = 0
        self._holding: defaultdict[str, set[str]] = defaultdict(set)
        self._freed: dict[str, Seen] = {}
        self._has_forgotten = False
        self._unclaimed: defaultdict[bytes, list[Stay]] = defaultdict(list)
        self.found: list[Stay] = []
        """Those whose private messages may now be held against what they sent."""

    # ---- asking ------------------------------------------------------------------

    def asks(self, listener: Listener, nick: str) -> None:
        """Somebody has sent `/ENTRAR`."""
        nick = fold_nick(nick)
        self._asking[nick].add(listener)
        self._holding[nick].add(listener.name)
        if len(self._holding) > _NICKS:
            self._holding.clear()
            self._freed.clear()
            self._has_forgotten = True

    def refused(self, listener: Listener, nick: str, asked: Seen, seen: Seen) -> None:
        """`ERRO 01` has come.

        Raises:
            Violation: nobody can have had the nick (ENTER-5).
        """
        again = [
            (one.seen, fold_nick(one.message.nick))
            for one in listener.requests
            if isinstance(one.message, codec.Enter)
        ]
        listener.asked = again[0][0] if again else None
        nick = fold_nick(nick)
        if nick not in (other for _, other in again):
            self.asks_no_more(listener, nick, vanished=False)
            self._holds_no_more(listener, nick)
        if not self._whole or self._has_forgotten:
            return
        freed = self._freed.get(nick)
        others = self._holding.get(nick, set()) - {listener.name}
        if not others and (freed is None or freed.number < asked.number):
            expected = f"{nick} is free: USUARIOS ..., ENTROU ..."
            raise Violation("ENTER-5", expected, seen.line, [freed, asked])

    def left(self, stay: Stay, seen: Seen) -> None:
        """Somebody has heard of a departure: the nick is free."""
        self._freed[fold_nick(stay.nick)] = seen
        if stay.listener is not None:
            self._holds_no_more(stay.listener, stay.nick)

    def _holds_no_more(self, listener: Listener, nick: str) -> None:
        nick = fold_nick(nick)
        self._holding[nick].discard(listener.name)
        if not self._holding[nick]:
            del self._holding[nick]

    def asks_no_more(self, listener: Listener, nick: str, *, vanished: bool) -> None:
        """It has been answered; or the connection is over, and nobody knows."""
        nick = fold_nick(nick)
        self._asking[nick].discard(listener)
        if not self._asking[nick]:
            del self._asking[nick]
        if not vanished:
            return
        its_own = [
            stay
            for stays in self._unclaimed.values()
            for stay in stays
            if fold_nick(stay.nick) == nick and _may_be(stay, listener)
        ]
        if len(its_own) == 1 and _is_certain(its_own[0], listener):
            stay = its_own[0]
            listener.stay, listener.sequence = stay, stay.sequence
            listener.position = stay.entered + 1
            self.find(stay, listener)
        elif self._vanished_count < _VANISHED:
            self._vanished[nick].append(listener)
            self._vanished_count += 1

    def forget(self, listener: Listener) -> None:
        """What becomes of somebody does not matter any more."""
        for nick in [one for one, asking in self._asking.items() if listener in asking]:
            self.asks_no_more(listener, nick, vanished=False)

    def insist_that_they_asked(self, listed: list[str], seen: list[Seen]) -> None:
        """Who is in a newcomer's list has asked for its nick, and has not left.

        Raises:
            Violation: nobody of that nick can be there, and all are in the recording.
        """
        if not self._whole or self._has_forgotten:
            return
        for nick in map(fold_nick, listed):
            if not self._holding.get(nick):
                gone = self._freed.get(nick)
                expected = f"a list without {nick}, who is not there"
                line = seen[-1].line if seen else b""
                raise Violation("ENTER-1", expected, line, [gone, *seen])

    # ---- being heard of ------------------------------------------------------------

    def find(self, stay: Stay, listener: Listener) -> None:
        """Somebody is known by its own connection from now on."""
        stay.listener = listener
        if stay.left is not None:
            self._holds_no_more(listener, stay.nick)
        self.found.append(stay)

    def expect(self, entry: Entry) -> None:
        """Others hear of somebody first: it has to be one of those who asked.

        Raises:
            Violation: nobody did, and everybody is in the recording.
        """
        nick = fold_nick(entry.stay.nick)
        asking = self._asking.get(nick)
        vanished = [
            one for one in self._vanished.get(nick, ()) if _may_be(entry.stay, one)
        ]
        if len(vanished) == 1 and _is_certain(entry.stay, vanished[0]):
            self.find(entry.stay, vanished[0])
            self._vanished[nick].remove(vanished[0])
            self._vanished_count -= 1
            if not self._vanished[nick]:
                del self._vanished[nick]
        elif asking:
            self._unclaimed[entry.line].append(entry.stay)
        elif self._whole and not vanished and self._vanished_count < _VANISHED:
            expected = "`ENTROU` of somebody who asked for it"
            raise Violation("ORDER-1", expected, entry.line, [])

    def claim(self, line: bytes) -> Stay | None:
        """Give who was heard of with this line, and is still without a connection."""
        stays = self._unclaimed.get(line)
        if not stays:
            return None
        stay = stays.pop(0)
        if not stays:
            del self._unclaimed[line]
        return stay

    def unclaimed(self, line: bytes) -> list[Stay]:
        """Give all of whom that is so."""
        return self._unclaimed.get(line, [])

    def waited_for(self, sequence: Sequence) -> Iterator[Stay]:
        """Give who entered there, and whose own connection may still tell of it."""
        for line, stays in list(self._unclaimed.items()):
            asked = [one for one in stays if fold_nick(one.nick) in self._asking]
            yield from (stay for stay in asked if stay.sequence is sequence)
            if asked:
                self._unclaimed[line] = asked
            else:
                del self._unclaimed[line]

    def asking(self, nick: str) -> list[Listener]:
        """Give who asks for a nick now."""
        return list(self._asking.get(fold_nick(nick), ()))

    def may_come_again(self, line: bytes, before: int) -> bool:
        """Whether this `ENTROU` may also be that of another one.

        Args:
            line: it; the address in it is hidden.
            before: the happening before which that one must have asked.
        """
        nick = fold_nick(line.rpartition(b" ")[2].partition(b"@")[0].decode())
        others = [*self._asking.get(nick, ()), *self._vanished.get(nick, ())]
        return line in self._unclaimed or any(
            one.asked is not None and one.asked.number < before for one in others
        )


def _may_be(stay: Stay, listener: Listener) -> bool:
    """Whether a connection may be that of somebody: from there, and asked before."""
    asked, entry = listener.asked, stay.entry
    if asked is None or entry is None or asked.number > entry.seen.number:
        return False
    here = f"{stay.nick}@{listener.seen_as}"
    return not listener.seen_as or _is_hidden(stay) or stay.origin == here


def _is_certain(stay: Stay, listener: Listener) -> bool:
    """Whether a connection that may be somebody's is so: its address says it."""
    return listener.seen_as != "" and not _is_hidden(stay)


def _is_hidden(stay: Stay) -> bool:
    return stay.origin is not None and stay.origin.endswith("@-")
