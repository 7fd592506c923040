"""Takes the happenings of a recording one after the other, and comes to a verdict."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from batepapo_conformance import codec
from batepapo_conformance.codec import fold_nick
from batepapo_conformance.diagram import Way
from batepapo_conformance.judge import endings, whispers
from batepapo_conformance.judge.differences import insist_on_the_members
from batepapo_conformance.judge.judgement import (
    Judgement,
    Seen,
    Violation,
    failure,
)
from batepapo_conformance.judge.listener import Listener, Request, State
from batepapo_conformance.judge.room import KEPT, Room
from batepapo_conformance.judge.sequence import Sequence, Stay
from batepapo_conformance.recording import End, Happening, Header, Kind, Recording

_FAILURES: Final = 10  # the first ones say it all
_DOUBTS: Final = 100
_UNANSWERED: Final = 200_000  # lines of one client
_GONE: Final = 2_000  # connections that are over, and of which others may still hear


class Court:
    """Judges a recording of any length, one happening after the other.

    Args:
        header: of the recording.
        kept: how many events are kept for those who lag behind.
    """

    def __init__(self, header: Header, *, kept: int = KEPT) -> None:
        self._whole = header.whole
        self._room = Room(whole=header.whole, kept=kept)
        self._everybody = self._room.everybody
        self._result = Judgement(doubts=self._room.doubts)
        self._known: set[tuple[str, bytes | str]] = set()
        self._number = 0
        self._seconds = 0.0
        self._server_ends = False
        self._suspects: list[tuple[Listener, Request, Stay, Seen]] = []
        self._names: dict[str, Listener] = {}
        self._gone: deque[Listener] = deque()

    def take(self, happening: Happening) -> None:
        """Judge one happening."""
        self._number += 1
        self._seconds = happening.seconds
        listener = self._names.get(happening.connection)
        if listener is None:
            listener = Listener(happening.connection)
            self._names[listener.name] = self._everybody[listener.name] = listener
            self._result.connections += 1
        match happening.kind:
            case Kind.SENT if listener.is_over:
                pass
            case Kind.SENT:
                self._take_sent(listener, happening.octets)
            case Kind.RECEIVED:
                self._take_received(listener, happening.octets)
            case Kind.CONNECTED:
                listener.seen_as = happening.seen_as
            case Kind.STALLED | Kind.FLOWING:
                listener.stalled = happening.kind is Kind.STALLED
            case Kind.CLIENT_ENDED:
                listener.client_ended = True
                listener.leaving = listener.leaving or self._number
                listener.partial[Way.TO_SERVER] = b""
            case Kind.SERVER_ENDED | Kind.SERVER_RESET | Kind.CLIENT_RESET as kind:
                listener.server_ended = True
                listener.client_ended |= kind is not Kind.SERVER_ENDED
                self._judge(listener, None, self._over, listener, kind)
        if listener.client_ended and listener.server_ended:
            del self._names[listener.name]

    # ---- lines ---------------------------------------------------------------

    def _take_sent(self, listener: Listener, octets: bytes) -> None:
        if listener.lost:
            return
        for line in self._lines(listener, Way.TO_SERVER, octets):
            request = listener.sends(line, self._number, self._seconds)
            if isinstance(request.message, codec.Enter):
                self._room.entrance.asks(listener, request.message.nick)
        if len(listener.requests) > _UNANSWERED:
            self._room.give_up(listener, f"{_UNANSWERED} lines are unanswered")

    def _take_received(self, listener: Listener, octets: bytes) -> None:
        for line in self._lines(listener, Way.TO_CLIENT, octets):
            if listener.lost:
                return
            seen = Seen(self._number, self._seconds, listener.name, Way.TO_CLIENT, line)
            listener.recent.append(seen)
            if not self._is_plainly_next(listener, seen):
                self._judge(listener, seen, self._hear, listener, seen)
                self._match_whispers()

    def _lines(self, listener: Listener, way: Way, octets: bytes) -> list[bytes]:
        *lines, rest = (listener.partial[way] + octets).split(b"\n")
        if len(rest) >= codec.LINE:  # FRAME-5: no line any more, whatever comes
            lines, rest = [*lines, rest], b""
        listener.partial[way] = rest
        self._result.lines += len(lines)
        return lines

    def _is_plainly_next(self, listener: Listener, seen: Seen) -> bool:
        """Whether it is the next event, heard before by somebody else, of another.

        So are nearly all lines of a long recording: this is what makes it fast.
        """
        sequence = listener.sequence
        if sequence is None or listener.to_come is not None:
            return False
        place = listener.position - sequence.base
        if not 0 <= place < len(sequence.entries) or listener.is_over:
            return False
        entry = sequence.entries[place]
        time = entry.message.time
        if (
            entry.line != seen.line
            or entry.stay is listener.stay
            or time < listener.latest
        ):
            return False
        listener.position += 1
        listener.latest, listener.latest_seen = time, seen
        return True

    def _match_whispers(self) -> None:
        while self._room.entrance.found:
            stay = self._room.entrance.found.pop()
            if stay.listener is not None:
                pending, stay.pending = stay.pending, []
                for heard in pending:
                    who = heard.listener
                    self._judge(who, heard.seen, whispers.match, heard, stay.listener)

    # ---- what the server says -------------------------------------------------

    def _hear(self, listener: Listener, seen: Seen) -> None:
        try:
            message = codec.parse_server_line(seen.line)
        except codec.NotALine as refusal:
            broken = refusal.broken()
            before = listener.last_lines(1)
            raise Violation(broken.rule, broken.expected, seen.line, before) from None
        if listener.to_come is not None and not isinstance(message, codec.Participants):
            expected = f"the rest of the list: {listener.to_come} nicks"
            raise Violation("LIST-2", expected, seen.line, listener.last_lines(2))
        match listener.state:
            case State.OVER:
                expected = "nothing after the last line"
                before = listener.last_lines(2)
                raise Violation("STATE-3", expected, seen.line, before)
            case State.UNGREETED if not isinstance(message, codec.Greeting):
                raise Violation("GREET-1", "BATEPAPO 1 <software>", seen.line)
            case State.UNGREETED:
                listener.state = State.WAITING
            case _:
                self._hear_message(listener, message, seen)

    def _hear_message(
        self, listener: Listener, message: codec.ServerMessage, seen: Seen
    ) -> None:
        inside = listener.state is State.INSIDE
        match message:
            case codec.Greeting():
                raise Violation("GREET-1", "one greeting", seen.line)
            case codec.Refused("03", cause):
                self._server_ends = self._server_ends or cause == "fim"
                listener.hears_cause(cause, seen.line)
                self._end(listener, "forced out")
            case codec.Refused("01", subject):
                self._refuse_nick(listener, subject, seen)
            case codec.Participants():
                listed = listener.hears_list(message, seen.line)
                if listed is not None:
                    self._hear_list(listener, listed, seen)
            case codec.Entered() if listener.state is State.LISTING:
                self._enter(listener, message, seen)
            case _ if not inside:
                expected = "no event, and nothing private, before one's own `ENTROU`"
                raise Violation("ENTER-1", expected, seen.line, listener.last_lines(3))
            case codec.Entered() | codec.Left() | codec.Said():
                self._hear_event(listener, message, seen)
            case codec.Whispered():
                everybody = self._everybody.values()
                stay = whispers.hear(listener, message, seen, everybody)
                listener.latest, listener.latest_seen = message.time, seen
                self._room.entrance.found.append(stay)
            case codec.Sent(nick):
                whispers.acknowledge(listener, nick, seen)
            case codec.Refused(_, subject):
                suspect = whispers.refuse(listener, subject, seen)
                if suspect is not None:
                    self._suspects.append((listener, *suspect, seen))

    def _refuse_nick(self, listener: Listener, subject: str, seen: Seen) -> None:
        request, enter = listener.answered(codec.Enter, "ENTER-3", seen.line)
        if enter.nick != subject:
            expected = f"ERRO 01 {enter.nick} :<explanation>"
            raise Violation("ENTER-3", expected, seen.line, [request.seen])
        self._room.entrance.refused(listener, subject, request.seen, seen)

    def _hear_list(self, listener: Listener, listed: list[str], seen: Seen) -> None:
        if listener.state is State.LISTING:
            listener.listed = listed  # until its `ENTROU` says where that is
            return
        assert listener.sequence is not None
        rule = "ORDER-3" if listener.nick in listed else "LIST-1"
        insist_on_the_members(
            listener, listener.sequence, listener.position, listed, seen, rule=rule
        )

    def _enter(self, listener: Listener, event: codec.Entered, seen: Seen) -> None:
        request, enter = listener.answered(codec.Enter, "ENTER-1", seen.line)
        if event.origin.nick != enter.nick:
            expected = f"ENTROU <time> {enter.nick}@<origin>"
            raise Violation("ENTER-2", expected, seen.line, [request.seen])
        listed, listener.listed = listener.listed, []
        try:
            self._room.enters(listener, event, seen, listed)
        finally:
            self._room.entrance.asks_no_more(listener, enter.nick, vanished=False)
        listener.latest, listener.latest_seen = event.time, seen

    def _hear_event(
        self,
        listener: Listener,
        event: codec.Entered | codec.Left | codec.Said,
        seen: Seen,
    ) -> None:
        before = listener.latest
        entry = self._room.hears(listener, event, seen)
        last, listener.latest_seen = listener.latest_seen, seen
        listener.latest = max(before, event.time)
        if entry.stay is listener.stay:
            listener.hears_of_itself(event, seen.line)
            if isinstance(event, codec.Left):
                self._end(listener, "left")
        if event.time < before:
            expected = f"a time not before {before}"
            raise Violation("ORDER-4", expected, seen.line, [last])

    # ---- ends ------------------------------------------------------------------

    def _over(self, listener: Listener, kind: Kind) -> None:
        """A connection is over."""
        if not listener.is_over and not listener.lost:
            try:
                self._doubt_or_insist(listener, kind)
            finally:
                self._end(listener, str(kind))

    def _doubt_or_insist(self, listener: Listener, kind: Kind) -> None:
        if self._server_ends:
            return
        waiting = len(listener.requests)
        rest = listener.partial[Way.TO_CLIENT]
        leaves = waiting and isinstance(listener.requests[0].message, codec.Leave)
        if kind is Kind.CLIENT_RESET:
            if waiting:
                self._doubt(
                    listener, f"reset by its client, {waiting} lines unanswered"
                )
        elif kind is Kind.SERVER_RESET or listener.stalled:
            self._doubt(listener, "cut off by the server: right if it did not read")
        elif listener.client_ended:
            if waiting and not (leaves and listener.state is State.WAITING):
                request = listener.requests[0]
                raise Violation(
                    "EOF-1",
                    f"the answer to `{request}`",
                    "end of stream",
                    [request.seen, *list(listener.recent)[-1:]],
                    absent=f"end of stream, and no answer to `{request}`",
                )
            if rest:
                expected = "a whole line"
                raise Violation("FRAME-1", expected, rest, absent="torn: " + repr(rest))
        elif not (leaves and listener.state is State.WAITING):
            self._doubt(listener, "closed by the server without a word")

    def _end(self, listener: Listener, why: str) -> None:
        """Nothing more is due to this one, whatever it had asked for."""
        asked = [
            one.message.nick
            for one in listener.requests
            if isinstance(one.message, codec.Enter)
        ]
        listener.state, listener.why_over = State.OVER, why
        if why in ("left", "forced out"):
            listener.forget_requests()
        for nick in asked:
            vanished = why not in ("left", "forced out")
            self._room.entrance.asks_no_more(listener, nick, vanished=vanished)
        try:
            if why == "left" and not self._server_ends:
                whispers.insist_that_all_came(listener, self._everybody.values())
                self._room.insist_on_the_newcomers(listener)
            self._room.leaves(listener)
        finally:
            self._release(listener)

    def _release(self, gone: Listener) -> None:
        """Keep nothing of a connection that nobody can still hear of."""
        for sender in self._everybody.values():
            for request in whispers.due_to(gone, [sender]):
                sender.unheard[fold_nick(gone.nick)].remove(request)
            sender.heard_from.pop(gone, None)
        self._gone.append(gone)
        if len(self._gone) > _GONE:
            oldest = self._gone.popleft()
            if self._everybody.get(oldest.name) is oldest:
                del self._everybody[oldest.name]

    def sequences(self) -> Iterator[Sequence]:
        """Give the sequences that are kept: what of them is, is to be heard yet."""
        return self._room.sequences()

    @property
    def nothing_is_due(self) -> bool:
        """Whether everything that had to come has come."""
        everybody = list(self._everybody.values())
        due = endings.what_is_due(
            self._room, everybody, self._suspects, whole=self._whole
        )
        return self._server_ends or next(due, None) is None

    def finish(self, end: End | None) -> Judgement:
        """Come to a verdict; `end` is that of the recording, if it has one."""
        settled = end is not None and end.settled
        held = end.held if end is not None else frozenset()
        if end is not None:
            self._seconds = max(self._seconds, end.seconds)
        if not self._server_ends:  # END-1: then nothing more is due to anybody
            everybody = list(self._everybody.values())
            dues = endings.what_is_due(
                self._room, everybody, self._suspects, whole=self._whole
            )
            for listener, due in dues:
                others = [self._everybody.get(due.about), listener]
                waits = any(one.stalled or one.name in held for one in others if one)
                ambiguous = any(
                    self._room.is_ambiguous(one) for one in others if one is not None
                )
                if settled and not waits and not ambiguous:
                    self._broken(listener, due, None)
                else:
                    self._doubt(listener, f"at the end: {due.absent}")
        # Time that goes back is often how another order shows: that is said first.
        self._result.failures.sort(key=lambda one: one.rule == "ORDER-4")
        self._result.events = self._room.events
        self._result.seconds = self._seconds
        return self._result

    # ---- what was found ----------------------------------------------------------

    def _judge(
        self,
        listener: Listener,
        came: Seen | None,
        action: Callable[..., None],
        *arguments: object,
    ) -> None:
        try:
            action(*arguments)
        except Violation as broken:
            others = [self._everybody.get(broken.about)]
            if any(self._room.is_ambiguous(one) for one in [listener, *others] if one):
                reason = "two entered with one nick at one time, and look the same"
                self._doubt(listener, reason)
            else:
                self._broken(listener, broken, came)
            # An event of the wrong time has been heard all the same.
            is_heard = came is not None and not came.line.startswith(b"PRIVADA ")
            if broken.rule != "ORDER-4" or not is_heard:
                self._room.drop(listener)

    def _broken(self, listener: Listener, broken: Violation, came: Seen | None) -> None:
        """Write a violation down, unless another connection has shown the same."""
        same = (broken.rule, broken.actual)
        if same in self._known or len(self._result.failures) >= _FAILURES:
            return
        self._known.add(same)
        found = failure(broken, listener.name, came, self._seconds)
        self._result.failures.append(found)

    def _doubt(self, listener: Listener, reason: str) -> None:
        if len(self._room.doubts) < _DOUBTS:
            self._room.doubts.append((listener.name, reason))


def judge(recording: Recording, *, kept: int = KEPT) -> Judgement:
    """Judge a recording while it is read; nothing of it is kept.

    Args:
        recording: freshly opened.
        kept: how many events are kept for those who lag behind.

    Raises:
        BadRecording: a line of it is none.
    """
    court = Court(recording.header, kept=kept)
    for happening in recording:
        court.take(happening)
    return court.finish(recording.end)
