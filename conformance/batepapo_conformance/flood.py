"""Somebody who says very much, and who hears of it (section 6.3)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from batepapo_conformance import codec
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.speaker import line_of

TEXT = 400
"""Octets of one text of a flood."""

# Lines of one write; small enough for every listener to take before the next.
_BATCH = 64
# Seconds; a server may read at a rate that makes a flood take hours.
_TOO_LONG = 60.0


@dataclass
class Flood:
    """A speaker, those who listen to it, and somebody who does not read.

    Attributes:
        listeners: those who read all the time; the speaker is the first of them.
        sleeper: who has entered and does not read.
        said: how many texts there have been.
        gone: for each listener, after which text it saw the sleeper's `SAIU`.
    """

    listeners: Sequence[Participant]
    sleeper: Participant
    said: int = 0
    gone: dict[Participant, int] = field(default_factory=dict)

    def say(self, octets: int, rule: str = "SLOW-1") -> bool:
        """Say texts of so many octets altogether, but stop at the sleeper's `SAIU`.

        Returns:
            whether the sleeper has gone.

        Raises:
            NoVerdict: it takes minutes, and legally so.
            RuleBroken: `rule`, if a listener does not hear a text soon; SLOW-3, if
                it hears anything else than the texts and one `SAIU`; ORDER-5, if
                the `SAIU` has not the same place for all.
        """
        end, too_long = self.said + octets // TEXT, time.monotonic() + _TOO_LONG
        while self.said < end and not self.gone:
            self._say_some(rule)
            if time.monotonic() > too_long:
                raise NoVerdict("the testee reads too slowly (LIMIT-4) for a flood")
        if self.gone:  # the SAIU may have come after the last text that was read
            self._say_some(rule)
            self._same_place_for_all()
        return bool(self.gone)

    def text(self, number: int) -> str:
        """Give the text of a number: so that each is known, and as long as allowed."""
        return f"{number:<{TEXT - 1}}."

    def _say_some(self, rule: str) -> None:
        texts = [self.text(self.said + number) for number in range(_BATCH)]
        self.listeners[0].pipeline(*(f":{text}" for text in texts))
        for listener in self.listeners:
            for number, text in enumerate(texts, self.said):
                self._hear(listener, number, text, rule)
        self.said += _BATCH

    def _hear(self, listener: Participant, number: int, text: str, rule: str) -> None:
        speaker = self.listeners[0]
        expected = f"PUBLICA <time> {speaker.origin} :{number} ..."
        message = self._next(listener, expected, rule)
        if listener not in self.gone and self._is_departure(message):
            self.gone[listener] = number
            message = self._next(listener, expected, rule)
        if not isinstance(message, codec.Said) or message.text != text:
            line = line_of(message)
            raise RuleBroken("SLOW-3", expected, line)

    def _next(
        self, listener: Participant, expected: str, rule: str
    ) -> codec.ServerMessage:
        """Read; if nothing comes, find out whether it is late (`rule`) or was missed.

        Who has missed a text is answered: that comes in the place of the text.
        """
        got = listener.connection.read_line(listener.scene.prompt)
        if isinstance(got, bytes):
            listener.connection.put_back(got)
        elif got is None:
            listener.send(f"{listener.nick}:{listener.scene.word()}")
        return listener.read(expected, rule)

    def _is_departure(self, message: codec.ServerMessage) -> bool:
        return (
            isinstance(message, codec.Left)
            and str(message.origin) == self.sleeper.origin
        )

    def _same_place_for_all(self) -> None:
        places = {self.gone.get(listener) for listener in self.listeners}
        if len(places) > 1:
            found = ", ".join(str(place) for place in places)
            raise RuleBroken(
                "ORDER-5", "SAIU before the same text for all", f"before texts {found}"
            )
        self.sleeper.inside = False
