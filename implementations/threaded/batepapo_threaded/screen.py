"""What a person sees (sections 10.3 and 10.6).

Whatever a server chose has come through the grammar, which lets nothing but
printable ASCII pass (SAFE-1); the line ends are our own.
"""

import sys
from typing import TextIO

from .errors import ChatError
from .messages import (
    Entered,
    Greeting,
    Left,
    Participants,
    Refused,
    Said,
    Sent,
    ServerMessage,
    Whispered,
)
from .printer import Printer, Sink, write_to
from .typed import Hint
from .words import Words

_FULL = 65_536
"""Octets that may wait for who reads our output before we stop reading."""

_OVERFULL = 524_288
"""The same for typed lines: the server's flood must not keep out a `quit`."""


class Screen:
    """Standard output for what is said, standard error for errors.

    One printer writes both, so that they appear in the order they happened.
    """

    def __init__(self, words: Words, printer: Printer) -> None:
        self._words = words
        self._printer = printer
        self.output = write_to(1)
        self._errors = write_to(2)
        self._question_is_open = False

    @property
    def is_full(self) -> bool:
        """Whether nobody reads us: nothing more should be taken in (SAFE-2)."""
        return self._printer.size > _FULL

    @property
    def is_overfull(self) -> bool:
        """Whether not even typed lines should be taken, which are shown less of."""
        return self._printer.size > _OVERFULL

    def show(self, message: ServerMessage) -> None:
        """Show a message of the server."""
        match message:
            case Said(nick=nick, text=text):
                self.tell(self._words.said(nick, text))
            case Whispered(nick=nick, text=text):
                self.tell(self._words.whispered(nick, text))
            case Entered(nick=nick):
                self.tell(self._words.entered(nick))
            case Left(nick=nick, reason=reason):
                self.tell(self._words.left(nick, reason))
            case Participants(nicks=nicks):
                self.tell(self._words.present(" ".join(nicks)))
            case Sent(nick=nick):
                self.tell(self._words.sent(nick))
            case Refused(code="01", subject=nick):
                self.warn(self._words.nick_in_use(nick))
            case Refused(code="02", subject=nick):
                self.warn(self._words.no_such_destination(nick))
            case Refused() | Greeting():  # an `ERRO 03` ends it: `show_error`
                pass

    def hint(self, hint: Hint) -> None:
        """Say why nothing was sent."""
        match hint:
            case Hint.UNKNOWN_COMMAND:
                self.tell(self._words.unknown_command())
            case Hint.NICK_WITH_BLANKS:
                self.tell(self._words.nick_with_blanks())
            case Hint.EMPTY_TEXT:
                self.tell(self._words.empty_text())

    def show_error(self, error: ChatError) -> None:
        """Show what ended an attempt or a conversation (SHOW-4, FAIL-1)."""
        self.warn(self._words.failed(error))

    def tell(self, text: str) -> None:
        """Show text of our own on standard output."""
        self._close_question()
        self._put(self.output, sys.stdout, f"{text}\n")

    def warn(self, text: str) -> None:
        """Show text of our own on standard error."""
        self._close_question()
        self._put(self._errors, sys.stderr, f"{text}\n")

    def ask(self, question: str) -> None:
        """Show a question; the cursor stays behind it."""
        self._close_question()
        self._put(self.output, sys.stdout, question)
        self._question_is_open = True

    def answered(self, *, by_terminal: bool) -> None:
        """Note that a question has its answer; a terminal has ended the line."""
        if by_terminal:
            self._question_is_open = False
        self._close_question()

    def flush(self, timeout: float | None) -> None:
        """Wait until everything has left, at most so many seconds (SHOW-6)."""
        self._printer.flush(timeout)

    def _close_question(self) -> None:
        if self._question_is_open:
            self._question_is_open = False
            self._put(self.output, sys.stdout, "\n")

    def _put(self, sink: Sink, stream: TextIO | None, text: str) -> None:
        if stream is not None:  # closed: the number may be a socket's by now
            octets = text.encode(stream.encoding, errors="replace")
            self._printer.put(sink, octets)
