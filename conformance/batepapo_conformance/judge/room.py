"""Where the connections of a recording meet.

That is one sequence of events; or several, which have still to be put together.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.judge.differences import (
    another_event,
    hold_against_what_was_sent,
    insist_on_the_members,
)
from batepapo_conformance.judge.entrance import Entrance
from batepapo_conformance.judge.judgement import Seen, Violation
from batepapo_conformance.judge.listener import Listener, State
from batepapo_conformance.judge.sequence import Entry, Event, Sequence, Stay

KEPT: Final = 50_000
"""Events that are kept for those who have not heard them. Whoever is further behind
is followed no more: so the memory does not grow with the length of a recording."""
_OFTEN: Final = 256  # events after which what nobody needs is forgotten
_SEQUENCES: Final = 500  # that have still to be put together
_ENTERED: Final = 10_000  # lines of `ENTROU` of which is kept how often they came


class Room:
    """All sequences, and everybody who is, was, or wants to be in the room.

    Args:
        whole: whether every connection of the server is in the recording.
        kept: how many events are kept for those who lag behind.
    """

    def __init__(self, *, whole: bool, kept: int = KEPT) -> None:
        self._kept = kept
        self._sequences: list[Sequence] = []
        self._roots: defaultdict[bytes, list[Sequence]] = defaultdict(list)
        self._entered: dict[bytes, int] = {}  # how often, by the line of `ENTROU`
        self.entrance = Entrance(whole=whole)
        self.everybody: dict[str, Listener] = {}
        self.doubts: list[tuple[str, str]] = []
        self.events = 0

    # ---- hearing events ------------------------------------------------------------

    def enters(
        self, listener: Listener, event: codec.Entered, seen: Seen, listed: list[str]
    ) -> None:
        """Give a newcomer its place, with its own `ENTROU`.

        Raises:
            Violation: it is not where its list says that it is.
        """
        stay = self.entrance.claim(seen.line)
        listener.entry = seen
        if stay is not None:
            self._take_place(listener, stay)
            if event.origin.address is None:
                stay.sequence.doubtful.append((seen.line, listener))
            insist_on_the_members(
                listener, stay.sequence, stay.entered, listed, seen, rule="ENTER-1"
            )
            return
        self.entrance.insist_that_they_asked(listed, listener.last_lines(1))
        sequence = Sequence(listener, listed, next(iter(listener.last_lines(1)), None))
        entry = sequence.add(event, seen.line, seen)
        self.events += 1
        self._sequences.append(sequence)
        self._roots[seen.line].append(sequence)
        self._take_place(listener, entry.stay)
        if len(self._sequences) > _SEQUENCES:
            self._give_up_the_slowest(self._sequences[0])
            self.forget(self._sequences[0])

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
        self.entrance.find(stay, listener)
        listener.stay, listener.sequence = stay, stay.sequence
        listener.position = stay.entered + 1
        listener.state = State.INSIDE
        stay.sequence.followers.add(listener)
        assert listener.entry is not None
        line = listener.entry.line
        self._entered[line] = self._entered.get(line, 0) + 1
        if len(self._entered) > _ENTERED:
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
                raise another_event(listener, entry, event, seen)
        else:
            entry = self._extend(sequence, event, seen)
        listener.position += 1
        return entry

    def _extend(self, sequence: Sequence, event: Event, seen: Seen) -> Entry:
        if isinstance(event, codec.Entered):
            root = self._root(sequence, event, seen.line)
            if root is not None:
                return self._join(sequence, root)
            self._insist_on_one_room(sequence, event, seen)
        entry = sequence.add(event, seen.line, seen)
        self.events += 1
        if isinstance(event, codec.Entered):
            self.entrance.expect(entry)
        elif isinstance(event, codec.Left):
            self.entrance.left(entry.stay, seen)
        hold_against_what_was_sent(entry)
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
        if roots:
            sequence.doubtful.append((line, roots[0].root))
        return roots[0] if roots else None

    def _is_seen_twice(self, line: bytes, listener: Listener | None) -> bool:
        """Whether an `ENTROU` with a hidden address is, or may be, that of two."""
        if self._entered.get(line, 0) > 1 or len(self._roots.get(line, ())) > 1:
            return True
        entry = listener.entry if listener is not None else None
        return entry is not None and self.entrance.may_come_again(line, entry.number)

    def _join(self, sequence: Sequence, other: Sequence) -> Entry:
        """A sequence that began with a newcomer goes on behind another one."""
        root, position = other.root, sequence.end
        assert root is not None
        listed = [stay.nick for stay in other.listed]
        insist_on_the_members(
            root, sequence, position, listed, other.entries[0].seen, rule="ENTER-1"
        )
        self._drop(other)
        for entry in sequence.absorb(other):
            hold_against_what_was_sent(entry)
        self.entrance.found += [stay.itself() for stay in other.listed]
        return sequence.at(position)

    def _insist_on_one_room(
        self, sequence: Sequence, event: codec.Entered, seen: Seen
    ) -> None:
        """Nobody enters two sequences: that would be two orders."""
        if event.origin.address is None:
            return  # the line may be that of another one with the same nick
        elsewhere = [
            stay.sequence
            for stay in self.entrance.unclaimed(seen.line)
            if stay.sequence is not sequence
        ]
        known = [one for one in self._sequences if one.follower_of(seen.line)]
        for other in [*elsewhere, *known]:
            if other is not sequence:
                evidence = [_last(sequence), _last(other)]
                expected = "one order of events, the same for all"
                raise Violation("ORDER-1", expected, seen.line, evidence)

    def is_ambiguous(self, listener: Listener) -> bool:
        """Whether its `ENTROU` may be that of another one: nick and time are the same.

        That is so only where addresses are hidden; then its place may be another.
        """
        sequence = listener.sequence
        lines = list(sequence.doubtful) if sequence is not None else []
        if listener.entry is not None and listener.entry.line.endswith(b"@-"):
            lines.append((listener.entry.line, listener))
        return any(self._is_seen_twice(line, whose) for line, whose in lines)

    # ---- the ends --------------------------------------------------------------------

    def leaves(self, listener: Listener) -> None:
        """A connection is over: nothing more is heard there.

        Raises:
            Violation: what others have heard of it since, it did not send.
        """
        sequence = listener.sequence
        if sequence is None:
            return
        sequence.followers.discard(listener)
        for position in range(listener.position, sequence.end):
            entry = sequence.at(position)
            if entry.stay is listener.stay:
                hold_against_what_was_sent(entry, is_new=False)
        for one in [one for one in self._sequences if not one.followers]:
            self.forget(one)

    def forget(self, sequence: Sequence) -> None:
        """Drop the events that nobody has still to hear."""
        if sequence.root is not None and not self._outsiders(sequence):
            self._is_root_no_more(sequence)
        if len(sequence.entries) > self._kept:
            self._give_up_the_slowest(sequence)
        if sequence.root is None:
            sequence.forget(self._needed(sequence))
            waited_for = any(self.entrance.waited_for(sequence))
            if not sequence.followers and not waited_for:
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
        waited_for = [stay.entered for stay in self.entrance.waited_for(sequence)]
        followers = [follower.position for follower in sequence.followers]
        return min(waited_for + followers, default=sequence.end)

    def _drop(self, sequence: Sequence) -> None:
        self._sequences.remove(sequence)
        self._is_root_no_more(sequence)

    def _is_root_no_more(self, sequence: Sequence) -> None:
        line = sequence.entries[0].line
        self._roots[line].remove(sequence)
        if not self._roots[line]:
            del self._roots[line]
        sequence.root = None

    def _give_up_the_slowest(self, sequence: Sequence) -> None:
        place = sequence.end - self._kept // 2
        slow = [one for one in sequence.followers if one.position < place]
        for stay in self.entrance.waited_for(sequence):
            if stay.entered < place:
                slow += self.entrance.asking(stay.nick)
        if sequence.root is not None:
            slow += self._outsiders(sequence)
            self._is_root_no_more(sequence)
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
        self.entrance.forget(listener)
        if listener.sequence is not None:
            listener.sequence.followers.discard(listener)

    def sequences(self) -> Iterator[Sequence]:
        """Give every sequence in which somebody still is."""
        return (one for one in self._sequences if one.followers)


def _last(sequence: Sequence) -> Seen | None:
    return sequence.entries[-1].seen if sequence.entries else None
