"""Workloads in which people talk at some pace, and every message's time counts."""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from typing import Final

from batepapo_bench.load import Crowd, Participant, nobody
from batepapo_bench.results import Measurement
from batepapo_bench.stage import PATIENCE, WARM, Everyone, Span, Stage, latencies
from batepapo_bench.stamps import stamped

PEOPLE: Final = 100
"""Participants, where nothing else is said."""
RATE: Final = 20_000
"""Deliveries a second, where they are paced."""

_UNDER_WAY: Final = 4
"""Whispers of each that may be under way."""
_STUDENTS: Final = 150
_IN_A_LECTURE: Final = 100
"""Things that happen in a second: as 150 people would never do, but for long."""
# What fills all buffers on the way to one who has the smallest, and not the 1 MiB
# that a server of ours keeps for a reader (SLOW-2).
_STUFFING: Final = 160
_LONGEST: Final = 400

Talk = Callable[[float, Everyone], None]
"""Lets people talk for so many seconds, while somebody hears what comes."""


def single(stage: Stage) -> Iterator[Measurement]:
    """One message at a time: the next is sent when everybody has received this one."""
    with stage.crowd(stage.people(PEOPLE)) as crowd:
        speakers = itertools.cycle(crowd.participants)
        hearers = len(crowd.participants) - (not crowd.dialect.echoes)

        def talk(seconds: float, heard: Everyone) -> None:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                heard.wanted = len(heard.took) + hearers
                _say(crowd, next(speakers))
                crowd.until(heard.enough, PATIENCE)

        yield stage.measured("single", crowd, _talked(stage, crowd, talk))


def paced(stage: Stage) -> Iterator[Measurement]:
    """So many messages, evenly, that there are 20,000 deliveries in a second."""
    with stage.crowd(stage.people(PEOPLE)) as crowd:
        yield stage.measured("paced", crowd, _talked(stage, crowd, _pace(crowd)))


def stalled(stage: Stage) -> Iterator[Measurement]:
    """Paced, at first with all reading; then one of them reads nothing any more."""
    with stage.crowd() as crowd:
        (one,) = crowd.connect(1, tiny=True)
        crowd.settle()
        crowd.grow(stage.people(PEOPLE))
        figures = _talked(stage, crowd, _pace(crowd))
        yield stage.measured("stalled", crowd, figures, "without")
        crowd.barrier()
        crowd.pause(one)
        _stuff(crowd, one)
        crowd.barrier()
        figures = _talked(stage, crowd, _pace(crowd))
        # Only now it can be seen whether the server has kept it.
        crowd.resume(one)
        crowd.barrier()
        yield stage.measured("stalled", crowd, figures, "with")


def _stuff(crowd: Crowd, one: Participant) -> None:
    """Fill what the system keeps for one who reads nothing."""
    speaker = crowd.participants[1]
    text = b"x" * _LONGEST
    if crowd.dialect.whispers:
        line = crowd.dialect.to_one(one.nick, text)
    else:
        line = crowd.dialect.to_all(text)
    crowd.send(speaker, line * _STUFFING)


def whispers(stage: Stage) -> Iterator[Measurement]:
    """Everybody whispers to somebody, with four messages of each under way."""
    if not stage.contender.dialect.whispers:
        return
    with stage.crowd(stage.people(PEOPLE)) as crowd:
        people = crowd.participants
        drawn = random.Random(stage.seed)

        def talk(seconds: float, heard: Everyone) -> None:
            end = time.monotonic() + seconds
            said = len(heard.took)
            while (left := end - time.monotonic()) > 0:
                if said - len(heard.took) <= (_UNDER_WAY - 1) * len(people):
                    for one in people:
                        other = drawn.choice(people)
                        crowd.send(one, crowd.dialect.to_one(other.nick, stamped()))
                    said += len(people)
                crowd.turn(left)

        figures = _talked(stage, crowd, talk)
        yield stage.measured("whispers", crowd, figures)


def lecture(stage: Stage) -> Iterator[Measurement]:
    """As 150 students, a hundred times a second: most say something to all.

    Of a hundred things that happen, 70 are messages for all, 22 are for one, five ask
    who is here, and three times somebody leaves and somebody else enters.
    """
    if not stage.contender.dialect.whispers:
        return
    with stage.crowd(stage.people(_STUDENTS)) as crowd:
        drawn = random.Random(stage.seed)

        def happen() -> None:
            present = [one for one in crowd.participants if not (one.due or one.lost)]
            one, other = drawn.sample(present, 2)
            (what,) = drawn.choices(("all", "one", "who", "leave"), (70, 22, 5, 3))
            if what == "all":
                _say(crowd, one)
            elif what == "one":
                crowd.send(one, crowd.dialect.to_one(other.nick, stamped()))
            elif what == "who":
                crowd.send(one, crowd.dialect.who())
            else:
                crowd.leave(one)
                crowd.connect(1)

        def talk(seconds: float, _heard: Everyone) -> None:
            _evenly(crowd, seconds, _IN_A_LECTURE, happen)

        yield stage.measured("lecture", crowd, _talked(stage, crowd, talk))


# ---- what they have in common ----


def _say(crowd: Crowd, one: Participant) -> None:
    crowd.send(one, crowd.dialect.to_all(stamped()))


def _pace(crowd: Crowd) -> Talk:
    """All who read speak in turn, so often that RATE is what comes of it."""

    def talk(seconds: float, _heard: Everyone) -> None:
        present = [one for one in crowd.participants if not (one.paused or one.lost)]
        speakers = itertools.cycle(present)
        often = RATE / len(present)
        _evenly(crowd, seconds, often, lambda: _say(crowd, next(speakers)))

    return talk


def _evenly(
    crowd: Crowd, seconds: float, often: float, happen: Callable[[], None]
) -> None:
    """Let something happen so often in a second, evenly, for so long."""
    began = time.monotonic()
    for number in range(int(seconds * often)):
        due = began + number / often
        while (left := due - time.monotonic()) > 0:
            crowd.turn(left)
        happen()
        crowd.turn(0)


def _talked(stage: Stage, crowd: Crowd, talk: Talk) -> dict[str, float]:
    """What comes of it when people talk, once they have talked a little."""
    crowd.hearing = heard = Everyone()
    talk(WARM, heard)
    crowd.barrier()
    heard.took.clear()
    span = Span(stage, crowd)
    talk(stage.seconds, heard)
    figures = span.figures(len(heard.took)) | latencies(heard.took)
    crowd.hearing = nobody
    return figures
