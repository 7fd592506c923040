"""The state machine that Hypothesis drives: several people, and all that they may do.

Every rule becomes a step of acts (`acts.py`), which a `Performance` does on real
sockets while the oracle listens. So a failure is a list of steps, to be written down.
"""

from typing import ClassVar, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from batepapo_conformance.exploring.acts import (
    Act,
    Close,
    Connect,
    HalfClose,
    Reset,
    Send,
    lines,
)
from batepapo_conformance.exploring.ground import Ground
from batepapo_conformance.exploring.performance import Performance
from batepapo_conformance.exploring.strategies import (
    NAMES,
    any_lines,
    cuts,
    malformed,
    names,
    nicks,
    pieces,
)
from batepapo_conformance.exploring.strategies import lines as some_lines
from batepapo_conformance.model.lookahead import TooManyWorlds

_near_the_limit = st.integers(508, 516)


class Watch(Protocol):
    """Whoever wants to know what the machine does."""

    def begins(self) -> None:
        """A session begins."""

    def steps(self) -> None:
        """A step was done, and all was well."""

    def finds(self, performance: Performance, error: Exception) -> None:
        """A session went wrong."""


class Room(RuleBasedStateMachine):
    """An empty room, into which four people may come, again and again.

    Attributes:
        ground: the server.
        watch: is told of every session, every step, and what went wrong.
    """

    ground: ClassVar[Ground]
    watch: ClassVar[Watch]

    def __init__(self) -> None:
        super().__init__()
        self.watch.begins()
        self._performance = self.ground.performance()
        self._current: dict[str, str] = {}  # the connection that somebody has now
        self._times = dict.fromkeys(NAMES, 0)
        self._went_wrong = False
        self._is_over = False  # it can be judged no further

    # ---- coming ------------------------------------------------------------

    @rule(who=names, nick=nicks)
    def enters(self, who: str, nick: str) -> None:
        """Connects, and enters without waiting for the greeting."""
        connecting, name = self._connected(who)
        self._perform(*connecting, lines(name, f"/ENTRAR {nick}"))

    @rule(who=names)
    def enters_as_itself(self, who: str) -> None:
        """Connects, and enters under its own name."""
        self._come_in(who)

    @rule(first=names, second=names, nick=nicks)
    def ask_for_one_nick(self, first: str, second: str, nick: str) -> None:
        """Two ask for the same nick at the same time (ENTER-4)."""
        acts: list[Act] = []
        for who in dict.fromkeys((first, second)):
            connecting, name = self._connected(who)
            acts += [*connecting, lines(name, f"/ENTRAR {nick}")]
        self._perform(*acts)

    # ---- speaking ----------------------------------------------------------

    @rule(who=names, said=st.lists(some_lines, min_size=1, max_size=4))
    def speaks(self, who: str, said: list[str]) -> None:
        """Some lines in one write, from inside."""
        self._perform(lines(self._come_in(who), *said))

    @rule(who=names, said=st.lists(any_lines, min_size=1, max_size=4))
    def sends(self, who: str, said: list[str]) -> None:
        """Lines of the grammar in any state, also after one that ends everything."""
        connecting, name = self._connected(who)
        self._perform(*connecting, lines(name, *said))

    @rule(
        one=names,
        two=names,
        said=st.lists(some_lines, min_size=1, max_size=2),
        answered=st.lists(any_lines, min_size=1, max_size=2),
    )
    def speak_at_once(
        self, one: str, two: str, said: list[str], answered: list[str]
    ) -> None:
        """Two speak at the same time, and one of them may leave."""
        if one != two:
            first, second = self._come_in(one), self._come_in(two)
            self._perform(lines(first, *said), lines(second, *answered))

    @rule(who=names, said=any_lines, end=st.sampled_from(("\n", "\r\n")), at=cuts)
    def sends_in_pieces(self, who: str, said: str, end: str, at: list[int]) -> None:
        """One line, cut anywhere (FRAME-3), with either end (FRAME-2)."""
        name = self._come_in(who)
        self._perform(Send(name, pieces(f"{said}{end}".encode("ascii"), at)))

    @rule(who=names, octets=malformed, end=st.sampled_from((b"\n", b"", b"\n:x\n")))
    def blunders(self, who: str, octets: bytes, end: bytes) -> None:
        """A malformed line, with its end or without, from inside or not."""
        connecting, name = self._connected(who)
        if octets + end:
            self._perform(*connecting, Send(name, (octets + end,)))

    @rule(
        who=names, begin=st.sampled_from((b"", b":", b"ana:")), more=st.integers(0, 8)
    )
    def goes_on_for_ever(self, who: str, begin: bytes, more: int) -> None:
        """A line that has about 512 octets, and no end yet (FRAME-5)."""
        octets = begin + b"x" * (508 - len(begin) + more)
        self._perform(Send(self._come_in(who), (octets,)))

    @rule(who=names, said=some_lines, rest=any_lines, at=st.integers(1, 12))
    def stops_halfway(self, who: str, said: str, rest: str, at: int) -> None:
        """A line and the beginning of the next one."""
        octets = f"{said}\n{rest[:at]}".encode("ascii")
        self._perform(Send(self._come_in(who), (octets,)))

    @rule(who=names, rest=any_lines, end=st.sampled_from(("", "\r")))
    def forgets_the_line_end(self, who: str, rest: str, end: str) -> None:
        """A last line without its LF is none, whatever it says (EOF-2)."""
        name = self._come_in(who)
        self._perform(Send(name, (f"{rest}{end}".encode("ascii"),)), HalfClose(name))

    # ---- going -------------------------------------------------------------

    @precondition(lambda self: self._current)
    @rule(who=names, way=st.sampled_from((HalfClose, Close, Reset)))
    def goes(self, who: str, way: type[HalfClose | Close | Reset]) -> None:
        """Ends its side in one of the three ways that TCP has."""
        if who in self._current:
            name = self._current[who]
            if way is not HalfClose:
                del self._current[who]
            self._perform(way(name))

    @rule(
        who=names,
        said=st.lists(some_lines, min_size=1, max_size=3),
        way=st.sampled_from((HalfClose, Close, Reset)),
    )
    def speaks_and_goes(
        self, who: str, said: list[str], way: type[HalfClose | Close | Reset]
    ) -> None:
        """Ends its side without listening to what it has caused."""
        name = self._come_in(who)
        if way is not HalfClose:
            del self._current[who]
        self._perform(lines(name, *said), way(name))

    @rule(who=names, word=st.sampled_from(("/SAIR", "{quit}")), more=any_lines)
    def leaves(self, who: str, word: str, more: str) -> None:
        """Says goodbye, and one thing more that must not be carried out."""
        self._perform(lines(self._come_in(who), word, more))

    # ---- the end of a session ----------------------------------------------

    def teardown(self) -> None:
        """Prove that nothing more came, and that the room becomes empty."""
        try:
            if not self._went_wrong:
                self._say_goodbye()
        finally:
            self._performance.close()

    def _say_goodbye(self) -> None:
        inside = self._performance.oracle.inside()
        for name, nick in inside.items():
            self._perform(lines(name, f"{nick}:fim"))
        for name in list(self._performance.connected):
            self._perform(HalfClose(name))
        self._perform(Connect("zeca"), lines("zeca", "/ENTRAR zeca", "/USUARIOS"))
        self._perform(lines("zeca", "/SAIR"))

    # ---- inside ------------------------------------------------------------

    def _connected(self, who: str) -> tuple[list[Act], str]:
        """The acts by which somebody has a connection, if it has none; and its name."""
        current = self._current.get(who, "")
        if current in self._performance.connected:
            return [], current
        self._times[who] += 1
        again = "" if self._times[who] == 1 else str(self._times[who])
        self._current[who] = f"{who}{again}"
        return [Connect(self._current[who])], self._current[who]

    def _come_in(self, who: str) -> str:
        """Let somebody be inside, unless it is busy ending; give its connection."""
        connecting, name = self._connected(who)
        if connecting:
            self._perform(*connecting)
        if name not in self._performance.oracle.inside():
            self._perform(lines(name, f"/ENTRAR {who}"))
        return name

    def _perform(self, *step: Act) -> None:
        if self._is_over:
            return
        try:
            self._performance.perform(step)
            self.watch.steps()
            self._is_over = self._performance.is_overdue
        except TooManyWorlds:
            self._is_over = True
        except Exception as error:
            self._went_wrong = True
            self.watch.finds(self._performance, error)
            raise
