"""Where the connections of a recording meet.

That is one sequence of events; or several, which have still to be put together.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.codec import fold_nick
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.listener import Listener, State
from batepapo_conformance.judge.sequence import Entry, Event, Sequence, Stay

KEPT: Final = 50_000
"""Events that are kept for those who have not heard them. Whoever is further behind
is followed no more: so the memory does not grow with the length of a recording."""
_OFTEN: Final = 256  # events after which what nobody needs is forgotten
_VANISHED: Final = 10_000  # connections that asked for a nick and were seen no more


class Room:
    """All sequences, and everybody who is, was, or wants to be in the room.

    Args:
        whole: whether every connection of the server is in the recording.
        kept: how many events are kept for those who lag behind.
    """

    def __init__(self, *, whole: bool, kept: int = KEPT) -> None:
        self._whole = whole
        self._kept = kept
        self._sequences: list[Sequence] = []
        self._roots: defaultdict[bytes, list[Sequence]] = defaultdict(list)
        self._unclaimed: defaultdict[bytes, list[Stay]] = defaultdict(list)
        self._entered: dict[bytes, Listener] = {}  # by the lines of their `ENTROU`
        self._twice: set[bytes] = set()  # lines that were the `ENTROU` of two
        self._asking: defaultdict[str, set[Listener]] = defaultdict(set)
        self._vanished: defaultdict[str, list[Listener]] = defaultdict(list)
        self._vanished_count = 0
        self._holding: defaultdict[str, set[Listener]] = defaultdict(set)
        self._freed: dict[str, Seen] = {}
        self.everybody: dict[str, Listener] = {}
        self.doubts: list[tuple[str, str]] = []
        self.events = 0
        self.found: list[Stay] = []
        """Those whose private messages may now be held against what they sent."""

    # ---- wanting to be in it ----------------------------------------------------

    def asks(self, listener: Listener, nick: str) -> None:
        """Somebody has sent `/ENTRAR`."""
        self._asking[fold_nick(nick)].add(listener)
        self._holding[fold_nick(nick)].add(listener)

    def refused(self, listener: Listener, nick: str, asked: Seen, seen: Seen) -> None:
        """`ERRO 01` has come.

        Raises:
            Violation: nobody can have had the nick (ENTER-5).
        """
        again = [
            (one.seen, one.message.nick)
            for one in listener.requests
            if isinstance(one.message, codec.Enter)
        ]
        listener.asked = again[0][0] if again else None
        nick = fold_nick(nick)
        if nick not in (fold_nick(other) for _, other in again):
            self.asks_no_more(listener, nick, vanished=False)
            self._holding[nick].discard(listener)
        freed = self._freed.get(nick)
        if not self._whole or self._holding[nick] - {listener}:
            return
        if freed is None or freed.number < asked.number:
            expected = f"{nick} is free: USUARIOS ..., ENTROU ..."
            raise Violation("ENTER-5", expected, seen.line, [freed, asked])

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
        if len(its_own) == 1 and nick not in self._vanished:
            self._find(its_own[0], listener)
            return
        if self._vanished_count < _VANISHED:
            self._vanished[nick].append(listener)
            self._vanished_count += 1

    # ---- hearing events ------------------------------------------------------------

    def enters(
        self, listener: Listener, event: codec.Entered, seen: Seen, listed: list[str]
    ) -> None:
        """Give a newcomer its place, with its own `ENTROU`.

        Raises:
            Violation: it is not where its list says that it is.
        """
        claims = self._unclaimed.get(seen.line)
        listener.entry = seen
        if claims:
            stay = claims.pop(0)
            if not claims:
                del self._unclaimed[seen.line]
            self._take_place(listener, stay)
            _insist_on_the_list(listener, stay.sequence, stay.entered, listed, seen)
        else:
            self._insist_on_those_present(listener, listed, seen)
            before = listener.recent[-2] if len(listener.recent) > 1 else None
            sequence = Sequence(listener, listed, before)
            entry = sequence.add(event, seen.line, seen)
            self.events += 1
            self._sequences.append(sequence)
            self._roots[seen.line].append(sequence)
            self._take_place(listener, entry.stay)

    def _find(self, stay: Stay, listener: Listener) -> None:
        """Somebody is known by its own connection from now on."""
        stay.listener = listener
        self.found.append(stay)

    def _insist_on_those_present(
        self, newcomer: Listener, listed: list[str], seen: Seen
    ) -> None:
        """ENTER-1: who was there before it asked, and still is, is in its list."""
        assert newcomer.asked is not None
        for one in self.everybody.values():
            here = one.state is State.INSIDE and one.leaving is None and not one.lost
            if (
                here
                and not one.stalled
                and one.entry is not None
                and one.entry.number < newcomer.asked.number
                and one.nick not in listed
            ):
                expected = f"{one.nick} in the list before it"
                evidence = [one.entry, *list(newcomer.recent)[-3:-1]]
                raise Violation("ENTER-1", expected, seen.line, evidence)

    def insist_on_the_newcomers(self, gone: Listener) -> None:
        """Who has left has heard of everybody who entered while it was there.

        Raises:
            Violation: an `ENTROU` never came to it (ORDER-1).
        """
        for roots in self._roots.values():
            for root in (one.root for one in roots if one is not gone.sequence):
                assert root is not None
                asked, entry = root.asked, root.entry
                assert asked is not None
                assert entry is not None
                assert gone.entry is not None
                assert gone.leaving is not None
                if gone.entry.number < asked.number and gone.leaving > entry.number:
                    raise Violation(
                        "ORDER-1",
                        entry.line,
                        "none",
                        [gone.entry, asked, entry, gone.recent[-1]],
                        absent=f"left, and never received `{entry.line.decode()}`",
                    )

    def _take_place(self, listener: Listener, stay: Stay) -> None:
        self._find(stay, listener)
        if stay.left is not None:
            self._holding[fold_nick(stay.nick)].discard(listener)
        listener.stay, listener.sequence = stay, stay.sequence
        listener.position = stay.entered + 1
        listener.state = State.INSIDE
        stay.sequence.followers.add(listener)
        assert listener.entry is not None
        line = listener.entry.line
        if line in self._entered:
            self._twice.add(line)
        self._entered[line] = listener
        if len(self._entered) > _VANISHED:
            del self._entered[next(iter(self._entered))]

    def hears(self, listener: Listener, event: Event, seen: Seen) -> Entry:
        """Take an event as the next one of somebody inside.

        Raises:
            Violation: another one comes next.
        """
        sequence, position = listener.sequence, listener.position
        assert sequence is not None
        if position < sequence.end:
            entry = sequence.at(position)
            if entry.line != seen.line:
                raise self._another(listener, entry, event, seen)
        else:
            entry = self._extend(sequence, event, seen)
        listener.position += 1
        return entry

    def _extend(self, sequence: Sequence, event: Event, seen: Seen) -> Entry:
        if isinstance(event, codec.Entered):
            root = self._root(sequence, event, seen.line)
            if root is not None:
                return self._join(sequence, root, seen)
            self._insist_on_one_room(sequence, event, seen)
        entry = sequence.add(event, seen.line, seen)
        self.events += 1
        if isinstance(event, codec.Entered):
            self._expect(entry)
        elif isinstance(event, codec.Left):
            nick = fold_nick(entry.stay.nick)
            self._freed[nick] = seen
            if entry.stay.listener is not None:
                self._holding[nick].discard(entry.stay.listener)
        self._hold_against_what_was_sent(entry)
        if len(sequence.entries) % _OFTEN == 0:
            self.forget(sequence)
        return entry

    def _root(
        self, sequence: Sequence, event: codec.Entered, line: bytes
    ) -> Sequence | None:
        """Give the sequence that begins with this event.

        Where addresses are hidden, two may begin with the same line. Then the list
        tells them apart; and if it cannot, what is found from there on is in doubt.
        """
        roots = [one for one in self._roots.get(line, ()) if one is not sequence]
        if event.origin.address is not None:
            return roots[0] if roots else None
        members = [stay.nick for stay in sequence.present.values()]
        roots = [one for one in roots if [s.nick for s in one.listed] == members]
        if roots and (len(roots) > 1 or self._may_come_again(line)):
            sequence.doubtful.append(line)
        return roots[0] if roots else None

    def _may_come_again(self, line: bytes) -> bool:
        nick = fold_nick(line.rpartition(b" ")[2].partition(b"@")[0].decode())
        return (
            line in self._twice
            or line in self._unclaimed
            or len(self._roots.get(line, ())) > 1
            or bool(self._asking.get(nick))
            or bool(self._vanished.get(nick))
        )

    def _join(self, sequence: Sequence, other: Sequence, seen: Seen) -> Entry:
        """A sequence that began with a newcomer goes on behind another one."""
        root, position = other.root, sequence.end
        assert root is not None
        listed = [stay.nick for stay in other.listed]
        _insist_on_the_list(root, sequence, position, listed, other.entries[0].seen)
        if sequence.entries and (
            sequence.entries[-1].message.time > other.entries[0].message.time
        ):
            last = sequence.entries[-1]
            expected = f"a time not before {last.message.time}"
            raise Violation("ORDER-4", expected, seen.line, [last.seen])
        self._drop(other)
        for entry in sequence.absorb(other):
            self._hold_against_what_was_sent(entry)
        self.found += [stay.itself() for stay in other.listed]
        return sequence.at(position)

    def _expect(self, entry: Entry) -> None:
        """Somebody entered of whom others hear first: one of those who asked?"""
        nick = fold_nick(entry.stay.nick)
        vanished = [
            one for one in self._vanished.get(nick, ()) if _may_be(entry.stay, one)
        ]
        if self._asking.get(nick):
            self._unclaimed[entry.line].append(entry.stay)
        elif len(vanished) == 1:
            self._find(entry.stay, vanished[0])
            self._vanished[nick].remove(vanished[0])
            self._vanished_count -= 1
            if not self._vanished[nick]:
                del self._vanished[nick]
        elif self._whole and not vanished and self._vanished_count < _VANISHED:
            expected = "`ENTROU` of somebody who asked for it"
            raise Violation("ORDER-1", expected, entry.line, [])

    def _insist_on_one_room(
        self, sequence: Sequence, event: codec.Entered, seen: Seen
    ) -> None:
        """Nobody enters two sequences: that would be two orders."""
        if event.origin.address is None:
            return  # the line may be that of another one with the same nick
        known = self._entered.get(seen.line)
        others = [known.sequence] if known is not None else []
        others += [stay.sequence for stay in self._unclaimed.get(seen.line, ())]
        for other in others:
            if other is not None and other is not sequence:
                evidence = [_last(sequence), _last(other)]
                expected = "one order of events, the same for all"
                raise Violation("ORDER-1", expected, seen.line, evidence)

    def _hold_against_what_was_sent(self, entry: Entry, *, is_new: bool = True) -> None:
        """What somebody says who is over can only be compared with what it sent."""
        sender = entry.stay.listener
        if sender is None or not sender.is_over or sender.lost:
            return
        if not isinstance(entry.message, codec.Said) or sender.why_over == "left":
            return
        while sender.requests:
            request = sender.requests.popleft()
            match request.message:
                case codec.Public(text=text) if text == entry.message.text:
                    return
                case codec.Public() | codec.Leave() | None:
                    raise _not_said(entry, sender, request.seen, is_new=is_new)
                case _:
                    pass
        raise _not_said(entry, sender, None, is_new=is_new)

    # ---- hearing something else ----------------------------------------------------

    def _another(
        self, listener: Listener, entry: Entry, event: Event, seen: Seen
    ) -> Violation:
        """Say what is wrong with an event that comes in place of another."""
        sequence = entry.stay.sequence
        before = [one for one in listener.recent if one.line.startswith(_EVENTS)][-2:-1]
        evidence: list[Seen | None] = [*before, entry.seen]
        rule, note = "ORDER-1", ""
        if seen.line in (one.line for one in before):
            note = "The same event came twice."
        elif _without_time(entry.message) == _without_time(event):
            rule = "EVENT-1"
        else:
            later = self._later(sequence, listener.position, seen.line)
            if later is not None:
                evidence = [*before, *_in_order(sequence, listener, entry, later)]
                note = "It comes later where others heard it: one was left out here."
            elif (
                event.time == entry.message.time
                and event.origin == entry.message.origin
            ):
                rule = "EVENT-1"
        return Violation(rule, entry.line, seen.line, evidence, note)

    def _later(self, sequence: Sequence, position: int, line: bytes) -> Entry | None:
        for place in range(position + 1, min(sequence.end, position + _OFTEN)):
            if sequence.at(place).line == line:
                return sequence.at(place)
        return None

    def is_ambiguous(self, listener: Listener) -> bool:
        """Whether its `ENTROU` may be that of another one: nick and time are the same.

        That is so only where addresses are hidden; then its place may be another.
        """
        sequence = listener.sequence
        lines = list(sequence.doubtful) if sequence is not None else []
        if listener.entry is not None and listener.entry.line.endswith(b"@-"):
            lines.append(listener.entry.line)
        return any(self._may_come_again(line) for line in lines)

    # ---- the ends --------------------------------------------------------------------

    def leaves(self, listener: Listener) -> None:
        """A connection is over: nothing more is heard there.

        Raises:
            Violation: what others have heard of it since, it did not send.
        """
        sequence = listener.sequence
        if sequence is None or listener not in sequence.followers:
            return
        sequence.followers.discard(listener)
        for position in range(listener.position, sequence.end):
            entry = sequence.at(position)
            if entry.stay is listener.stay:
                self._hold_against_what_was_sent(entry, is_new=False)
        if not sequence.followers:
            self.forget(sequence)

    def forget(self, sequence: Sequence) -> None:
        """Drop the events that nobody has still to hear."""
        if sequence.root is not None and not self._outsiders(sequence):
            sequence.root = None
            self._roots[sequence.entries[0].line].remove(sequence)
            if not self._roots[sequence.entries[0].line]:
                del self._roots[sequence.entries[0].line]
        if len(sequence.entries) > self._kept:
            self._give_up_the_slowest(sequence)
        if sequence.root is None:
            sequence.forget(self._needed(sequence))
            if not sequence.followers and not self._waited_for(sequence):
                self._sequences.remove(sequence)

    def _outsiders(self, sequence: Sequence) -> list[Listener]:
        """Who may still have to hear the `ENTROU` with which a sequence begins."""
        root = sequence.root
        assert root is not None
        assert root.entry is not None
        return [
            one
            for one in self.everybody.values()
            if not one.is_over
            and not one.lost
            and one.sequence is not sequence
            and one.asked is not None
            and one.asked.number < root.entry.number
        ]

    def _needed(self, sequence: Sequence) -> int:
        """The position from which on somebody has still to hear the events."""
        waited_for = [stay.entered for stay in self._waited_for(sequence)]
        followers = [follower.position for follower in sequence.followers]
        return min(waited_for + followers, default=sequence.end)

    def _waited_for(self, sequence: Sequence) -> list[Stay]:
        """Who entered, and whose own connection has not heard it yet."""
        stays = []
        for line, unclaimed in list(self._unclaimed.items()):
            asked = [one for one in unclaimed if fold_nick(one.nick) in self._asking]
            stays += [stay for stay in asked if stay.sequence is sequence]
            if asked:
                self._unclaimed[line] = asked
            else:
                del self._unclaimed[line]
        return stays

    def _drop(self, sequence: Sequence) -> None:
        self._sequences.remove(sequence)
        line = sequence.entries[0].line
        self._roots[line].remove(sequence)
        if not self._roots[line]:
            del self._roots[line]

    def _give_up_the_slowest(self, sequence: Sequence) -> None:
        place = sequence.end - self._kept // 2
        slow = [one for one in sequence.followers if one.position < place]
        for stay in self._waited_for(sequence):
            if stay.entered < place:
                slow += self._asking[fold_nick(stay.nick)]
        if sequence.root is not None:
            slow += self._outsiders(sequence)
            self._drop(sequence)
            self._sequences.append(sequence)
            sequence.root = None
        for listener in slow:
            self.give_up(listener, f"is more than {self._kept // 2} events behind")

    def give_up(self, listener: Listener, reason: str) -> None:
        """Follow somebody no more: its end is unknown, and why."""
        self.doubts.append((listener.name, reason))
        self.drop(listener)

    def drop(self, listener: Listener) -> None:
        """Follow somebody no more."""
        listener.lost = True
        listener.forget_requests()
        listener.unheard.clear()
        for asking in list(self._asking):
            self._asking[asking].discard(listener)
            if not self._asking[asking]:
                del self._asking[asking]
        if listener.sequence is not None:
            listener.sequence.followers.discard(listener)

    def sequences(self) -> Iterator[Sequence]:
        """Give every sequence in which somebody still is."""
        return (one for one in self._sequences if one.followers)


_EVENTS = (b"ENTROU ", b"SAIU ", b"PUBLICA ")


def _insist_on_the_list(
    newcomer: Listener,
    sequence: Sequence,
    position: int,
    listed: list[str],
    seen: Seen,
) -> None:
    """ENTER-1: the newcomer has got the list of those present before it."""
    members = sequence.members_at(position)
    names = [stay.nick for stay in members]
    if names == listed:
        return
    odd = [stay for stay in members if stay.nick not in listed]
    evidence = [stay.entry.seen for stay in odd[:2] if stay.entry is not None]
    for nick in [name for name in listed if name not in names][:2]:
        evidence += sequence.seen_of(nick)
    evidence += [one for one in newcomer.recent if one.line.startswith(b"USUARIOS ")]
    expected = " ".join(("USUARIOS 0", *names))
    note = f"The list before it was: {' '.join(listed) or 'nobody'}."
    rule = "LEAVE-3" if are_gone(odd) else "ENTER-1"
    raise Violation(rule, expected, seen.line, evidence[-6:], note)


def _may_be(stay: Stay, listener: Listener) -> bool:
    """Whether a connection may be that of somebody: from there, and asked before."""
    asked, entry = listener.asked, stay.entry
    if asked is None or entry is None or asked.number > entry.seen.number:
        return False
    hidden = stay.origin is not None and stay.origin.endswith("@-")
    return (
        hidden
        or not listener.seen_as
        or (stay.origin == f"{stay.nick}@{listener.seen_as}")
    )


def are_gone(stays: list[Stay]) -> bool:
    """Whether all of these are over: then it is not the list, but a `SAIU` missing."""
    return bool(stays) and all(
        stay.listener is not None and stay.listener.is_over for stay in stays
    )


def _without_time(event: Event) -> tuple[object, ...]:
    match event:
        case codec.Said(origin=origin, text=text):
            return "said", origin, text
        case codec.Entered(origin=origin):
            return "entered", origin
        case codec.Left(origin=origin):
            return "left", origin


def _last(sequence: Sequence) -> Seen | None:
    return sequence.entries[-1].seen if sequence.entries else None


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


def _not_said(
    entry: Entry, sender: Listener, due: Seen | None, *, is_new: bool
) -> Violation:
    evidence = [*list(sender.recent)[-2:], due, entry.seen]
    absent = "" if is_new else "never sent what others have received from it"
    expected = "what its sender sent, in that order"
    return Violation("ORDER-1", expected, entry.line, evidence, absent=absent)
