"""What a person sees of a server's messages (section 10.3).

Every message has passed the grammar, so it holds printable ASCII and nothing else
(SAFE-1). A line of ours begins with `*` or a bracket, or it has a name in front: no
text of a participant can look like one.
"""

from .errors import ChatError, ConnectionLost, InvalidServer
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
from .terminal import Terminal
from .typed import Hint
from .words import Words


class Screen:
    """Puts into words what happens, and has the terminal write it.

    Standard output gets what is said, standard error what went wrong.
    """

    def __init__(self, words: Words, terminal: Terminal) -> None:
        self._words = words
        self._terminal = terminal

    def show(self, message: ServerMessage) -> None:
        """Show a message of the server."""
        if isinstance(message, Refused):
            self._terminal.warn(self._line(message))
        else:
            self._terminal.tell(self._line(message))

    def hint(self, hint: Hint) -> None:
        """Say why nothing was sent."""
        match hint:
            case Hint.NOT_ASCII:
                self._terminal.tell(self._words.not_ascii())
            case Hint.UNKNOWN_COMMAND:
                self._terminal.tell(self._words.unknown_command())
            case Hint.NICK_WITH_BLANKS:
                self._terminal.tell(self._words.nick_with_blanks())
            case Hint.EMPTY_TEXT:
                self._terminal.tell(self._words.empty_text())

    def show_error(self, error: ChatError) -> None:
        """Show an error, unless the server has said it itself (SHOW-4, FAIL-1)."""
        if isinstance(error, InvalidServer | ConnectionLost):
            self._terminal.warn(self._words.failed(error))

    def _line(self, message: ServerMessage) -> str:  # noqa: PLR0911 - a table
        match message:
            case Said(text=text):
                return self._words.said(message.nick, text)
            case Whispered(text=text):
                return self._words.whispered(message.nick, text)
            case Sent(nick):
                return self._words.sent(nick)
            case Entered():
                return self._words.entered(message.nick)
            case Left():
                return self._words.left(message.nick, message.reason)
            case Participants(_, nicks):
                return self._words.present(" ".join(nicks))
            case Refused("02", nick, explanation):
                return self._words.no_such_destination(nick, explanation)
            case Refused(code, subject, explanation):
                return f"ERRO {code} {subject}: {explanation}"
            case Greeting(software):
                return self._words.greeted(software)
