"""The one sequence of events (ORDER-1), as it grows out of what everybody heard.

Whoever hears an event first writes the sequence on; everybody else is compared with
it. A newcomer that is heard of first on its own connection begins a sequence of its
own, which is put behind another as soon as somebody there hears of it. So no
connection has to be a witness from the beginning, and none has to be ahead.

A *position* is the number of an event. Whoever is at position 7 has heard the events
up to 6 and hears event 7 next.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from batepapo_conformance.codec import Entered, Left, Said, Whispered, fold_nick
from batepapo_conformance.judge.judgement import Seen, Violation

if TYPE_CHECKING:
    from batepapo_conformance.judge.listener import Listener

Event = Entered | Left | Said

_DOUBTFUL: Final = 100  # places where a sequence was put together, the last ones


@dataclass(slots=True, eq=False)
class Stay:
    """One participation: from its `ENTROU` to its `SAIU`.

    Attributes:
        nick: as its owner entered it.
        origin: as events write it; `None` as long as only a list has told of it.
        entered: the position of its `ENTROU`; negative if it was before the first.
        sequence: where that is.
        left: the position of its `SAIU`.
        listener: its own connection, if that is in the recording and known.
        entry: its `ENTROU`, if that is in the sequence.
        previous: who had the nick before.
        pending: private messages of it that came before its connection was known.
    """

    nick: str
    origin: str | None
    entered: int
    sequence: "Sequence"
    left: int | None = None
    listener: "Listener | None" = None
    entry: "Entry | None" = None
    previous: "Stay | None" = None
    pending: list["Heard"] = field(default_factory=list)
    _same_as: "Stay | None" = None
    _said: list[int] = field(default_factory=list)
    _said_before: int = 0  # how often, at positions that have been forgotten

    def itself(self) -> "Stay":
        """Give the one that stands for it now: somebody in a list is found again."""
        stay = self
        while stay._same_as is not None:
            stay = stay._same_as
        return stay

    def said_before(self, position: int) -> int | None:
        """Give how many public messages it had said there; `None` if nobody knows."""
        if self.entered < 0:
            return None  # it may have said something before the sequence begins
        return self._said_before + bisect_left(self._said, position)


@dataclass(frozen=True, slots=True)
class Heard:
    """A private message that somebody received.

    Attributes:
        listener: who.
        message: what it says.
        seen: where it stands in the recording.
        said: how many public messages of its sender had come before it, if known.
    """

    listener: "Listener"
    message: Whispered
    seen: Seen
    said: int | None


@dataclass(slots=True, eq=False)
class Entry:
    """One event, and who heard it first."""

    line: bytes
    message: Event
    stay: Stay
    seen: Seen


class Sequence:
    """A stretch of the one sequence of events.

    Args:
        root: the newcomer with whose `ENTROU` it begins.
        listed: who was there before it.
        seen: the last line of that list.
    """

    def __init__(
        self, root: "Listener", listed: Iterable[str], seen: Seen | None
    ) -> None:
        names = list(listed)
        self.root: Listener | None = root
        self.doubtful: deque[tuple[bytes, Listener | None]] = deque(maxlen=_DOUBTFUL)
        """Where it was put together at a line that may be the `ENTROU` of two."""
        self.entries: list[Entry] = []
        self.base = 0
        """The position of the first entry that is still kept."""
        self.followers: set[Listener] = set()
        self.listed = [
            Stay(nick, None, number - len(names), self)
            for number, nick in enumerate(names)
        ]
        self.list_seen = seen
        self.present = {fold_nick(stay.nick): stay for stay in self.listed}
        """Everybody who is there at the end, by folded nick, in order of entry."""
        self._latest = dict(self.present)
        self._departed: deque[Stay] = deque()

    @property
    def end(self) -> int:
        """The position after the last event."""
        return self.base + len(self.entries)

    def at(self, position: int) -> Entry:
        """Give the event at a position that has not been forgotten."""
        return self.entries[position - self.base]

    def add(self, message: Event, line: bytes, seen: Seen) -> Entry:
        """Write the sequence on.

        Raises:
            Violation: the event does not fit those before it.
        """
        nick = fold_nick(message.origin.nick)
        stay = self.present.get(nick)
        if isinstance(message, Entered):
            stay = self._enter(message, nick, line)
        elif stay is None:
            raise self._of_nobody(message, nick, line)
        else:
            self._insist_on_the_origin(stay, message, line)
        entry = Entry(line, message, stay, seen)
        if isinstance(message, Entered):
            stay.entry = entry
        elif isinstance(message, Left):
            stay.left = self.end
            del self.present[nick]
            self._departed.append(stay)
        else:
            stay._said.append(self.end)
        self.entries.append(entry)
        return entry

    def _enter(self, message: Entered, nick: str, line: bytes) -> Stay:
        holder = self.present.get(nick)
        if holder is not None:
            evidence = [holder.entry.seen if holder.entry else self.list_seen]
            raise Violation("ENTER-3", "a nick that is free", line, evidence)
        origin = message.origin
        stay = Stay(origin.nick, str(origin), self.end, self)
        stay.previous = self._latest.get(nick)
        self.present[nick] = self._latest[nick] = stay
        return stay

    def _of_nobody(self, message: Event, nick: str, line: bytes) -> Violation:
        former = self._latest.get(nick)
        left = former.left if former is not None else None
        evidence = [] if left is None else [self.at(left).seen]
        rule = "LEAVE-4" if isinstance(message, Left) else "ORDER-1"
        return Violation(rule, "an event of somebody present", line, evidence)

    def _insist_on_the_origin(self, stay: Stay, message: Event, line: bytes) -> None:
        origin = str(message.origin)
        if stay.origin is None and stay.nick == message.origin.nick:
            stay.origin = origin
        elif stay.origin != origin:
            rule = "LEAVE-4" if isinstance(message, Left) else "PUBLIC-1"
            evidence = [stay.entry.seen if stay.entry else self.list_seen]
            wanted = stay.origin or f"{stay.nick}@..."
            raise Violation(rule, f"the origin {wanted}", line, evidence)

    def follower_of(self, line: bytes) -> bool:
        """Whether somebody here entered with this line."""
        return any(
            one.entry is not None and one.entry.line == line for one in self.followers
        )

    # ---- who was there -----------------------------------------------------

    def stay_at(self, nick: str, position: int) -> Stay | None:
        """Give who has this nick, compared without case, at a position."""
        stay = self._latest.get(fold_nick(nick))
        while stay is not None and stay.entered >= position:
            stay = stay.previous
        if stay is None or (stay.left is not None and stay.left < position):
            return None
        return stay

    def seen_of(self, nick: str) -> list[Seen]:
        """Give where somebody, who may be gone, was last seen to enter and to leave."""
        stay = self._latest.get(fold_nick(nick))
        if stay is None:
            return []
        seen = [stay.entry.seen] if stay.entry is not None else []
        if stay.left is not None and stay.left >= self.base:
            seen.append(self.at(stay.left).seen)
        return seen

    def members_at(self, position: int) -> list[Stay]:
        """Give everybody who is there at a position, in order of entry."""
        here = [stay for stay in self.present.values() if stay.entered < position]
        gone = [
            stay
            for stay in self._departed
            if stay.entered < position
            and stay.left is not None
            and stay.left >= position
        ]
        return sorted(here + gone, key=lambda stay: stay.entered) if gone else here

    # ---- putting two together, and forgetting ---------------------------------

    def absorb(self, other: "Sequence") -> list[Entry]:
        """Put another behind this one; whoever was in its first list is found here.

        Returns:
            the events of those, which nobody could compare with anything so far.
        """
        shift = self.end
        found_again = self._find_again(other, shift)
        moved = [
            stay
            for newest in other._latest.values()
            for stay in _with_previous(newest)
            if stay.itself() is stay
        ]
        for stay in moved:
            stay.sequence = self
            stay.entered += shift
            stay.left = None if stay.left is None else stay.left + shift
            stay._said = [position + shift for position in stay._said]
        for nick, newest in other._latest.items():
            oldest = list(_with_previous(newest))[-1]
            if oldest.itself() is oldest:
                oldest.previous = self._latest.get(nick)
            self._take_over(nick, newest)
        for nick, stay in other.present.items():
            self.present.setdefault(nick, stay.itself())
        self._departed.extend(stay.itself() for stay in other._departed)
        of_the_listed = [one for one in other.entries if one.stay in found_again]
        for entry in other.entries:
            entry.stay = entry.stay.itself()
        self.entries += other.entries
        for follower in other.followers:
            follower.sequence = self
            follower.position += shift
        self.followers |= other.followers
        self.doubtful += other.doubtful
        other.entries, other.followers, other.root = [], set(), None
        return of_the_listed

    def _find_again(self, other: "Sequence", shift: int) -> set[Stay]:
        for listed in other.listed:
            nick = fold_nick(listed.nick)
            mine = self.present[nick]
            listed._same_as = mine
            mine.origin = mine.origin or listed.origin
            mine.pending += listed.pending
            mine._said += [position + shift for position in listed._said]
            if listed.left is not None:
                mine.left = listed.left + shift
                del self.present[nick]
        return set(other.listed)

    def _take_over(self, nick: str, newest: Stay) -> None:
        """Let the chain of those who had a nick go on behind the one that is here."""
        for stay in _with_previous(newest):
            if stay.previous is not None:
                stay.previous = stay.previous.itself()
        self._latest[nick] = newest.itself()

    def forget(self, position: int) -> None:
        """Drop the events before a position: nobody is going to hear them any more."""
        count = position - self.base
        if count <= 0:
            return
        del self.entries[:count]
        self.base = position
        while self._departed and (self._departed[0].left or 0) < position:
            self._forget_stay(self._departed.popleft())
        for stay in self.present.values():
            old = bisect_left(stay._said, position)
            stay._said_before += old
            del stay._said[:old]

    def _forget_stay(self, gone: Stay) -> None:
        nick = fold_nick(gone.nick)
        newer = self._latest[nick]
        if newer is gone:
            del self._latest[nick]
            return
        while newer.previous is not None and newer.previous is not gone:
            newer = newer.previous
        newer.previous = None


def _with_previous(stay: Stay | None) -> Iterable[Stay]:
    while stay is not None:
        yield stay
        stay = stay.previous
