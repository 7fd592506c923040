"""The person: a keyboard, a screen, and the wish to leave at any moment."""

import os
import sys
from time import monotonic

from .keyboard import LONGEST, Keyboard
from .limits import LEAVE
from .link import Link
from .mailbox import Mailbox
from .messages import ServerMessage
from .printer import Printer, Sink
from .screen import Screen
from .typed import fold
from .words import Words


class Leaving(Exception):
    """The user asked to leave: by a word or by a signal."""


class InputEnded(Exception):
    """The end of input had its turn."""


class Terminal:
    """Gives the main thread one event after the other, from either side."""

    def __init__(self, words: Words) -> None:
        self.mailbox = Mailbox()
        self.screen = Screen(words, Printer(self.mailbox.wake, self._when_unwritable))
        self._words = words
        self._keyboard = Keyboard(self.mailbox)
        self._interrupted = False
        self._leave_by: float | None = None
        self._line_is_next = False

    def interrupt(self) -> None:
        """Leave at once (QUIT-3), or end at once if already leaving (QUIT-2).

        Called by a signal handler.
        """
        if self._interrupted or self._leave_by is not None:
            os._exit(0)
        self._interrupted = True
        self.mailbox.wake_from_signal()

    def must_leave_soon(self) -> float:
        """Note that the user wants to leave; gives the deadline (monotonic)."""
        self._interrupted = False
        if self._leave_by is None:
            self._leave_by = monotonic() + LEAVE
        return self._leave_by

    def next_event(
        self, link: Link | None, *, lines: bool = True, deadline: float | None = None
    ) -> ServerMessage | str | None:
        """Wait for the server's next message or a typed line, folded.

        Neither keeps the other waiting: while both have something, they take
        turns. Nothing more is taken while nobody reads the screen (SAFE-2), and
        no more lines while the server takes none.

        Gives None past the deadline, and for a line that was refused.

        Raises:
            Leaving: a signal.
            InputEnded: the end of input had its turn.
            ChatError: the connection ended, and why (see `Link.take`).
        """

        def has_line() -> bool:
            too_much = self.screen.is_overfull or (link is not None and link.is_full)
            return lines and not too_much and self._keyboard.has_line

        def has_news() -> bool:
            return link is not None and link.has_news and not self.screen.is_full

        def something() -> bool:
            return self._interrupted or has_line() or has_news()

        self.mailbox.wait_for(something, deadline)
        if self._interrupted:
            raise Leaving
        if not something() or (deadline is not None and monotonic() >= deadline):
            return None
        self._line_is_next = has_line() and (self._line_is_next or not has_news())
        if link is None or self._line_is_next:
            self._line_is_next = False
            return self._take_line()
        self._line_is_next = True
        return link.take()

    def drop_typed_ahead(self) -> None:
        """Drop what was typed on a terminal before a question (TYPE-12)."""
        if self._keyboard.is_terminal and self._keyboard.drop():
            self.screen.tell(self._words.dropped())

    def flush(self) -> None:
        """Let everything leave that was shown (SHOW-6).

        Somebody who wants to leave waits for the rest of that time at most.
        """
        self.screen.answered(by_terminal=False)  # no shell prompt behind a question
        if self._leave_by is None:
            self.must_leave_soon()  # from here on a signal ends at once
            self.screen.flush(None)
        else:
            self.screen.flush(max(0.0, self._leave_by - monotonic()))

    def _take_line(self) -> str | None:
        """Take a typed line; None if it was refused, which was told (TYPE-1)."""
        octets = self._keyboard.take()
        if octets is None:
            raise InputEnded
        self.screen.answered(by_terminal=self._keyboard.is_terminal)
        if len(octets) > LONGEST:
            self.screen.tell(self._words.too_long())
            return None
        encoding = sys.stdin.encoding if sys.stdin is not None else "utf-8"
        try:
            line = octets.decode(encoding)
        except UnicodeDecodeError:
            line = "\ufffd"  # which does not fold
        folded = fold(line)
        if folded is None:
            self.screen.tell(self._words.not_ascii())
        elif folded != line:
            self.screen.tell(self._words.folded(folded))
        return folded

    def _when_unwritable(self, sink: Sink) -> None:
        """Leave as on a signal: nobody reads us any more (section 10.5)."""
        if sink is self.screen.output and self._leave_by is None:
            self._interrupted = True
            self.mailbox.wake()
