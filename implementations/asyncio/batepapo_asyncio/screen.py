"""What a person sees of a server's messages (section 10.3). Pure.

Every message has passed the grammar, so it holds printable ASCII and nothing else
(SAFE-1). A line of ours begins with `*` or a bracket, or it has a name in front: no
text of a participant can look like one.
"""

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
from .typed import Hint
from .words import Words


class Screen:
    """Puts messages into words; says nothing itself."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def line(self, message: ServerMessage) -> str:  # noqa: PLR0911 - a table
        """Give the line to be shown for a message, without its end."""
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
                return self._words.nobody_there(nick, explanation)
            case Refused(code, subject, explanation):
                return f"ERRO {code} {subject}: {explanation}"
            case Greeting(software):
                return self._words.greeted(software)

    def hint(self, hint: Hint) -> str:
        """Give the line that says why nothing was sent."""
        match hint:
            case Hint.NOT_ASCII:
                return self._words.not_ascii()
            case Hint.COMMAND:
                return self._words.unknown_command()
            case Hint.BLANKS:
                return self._words.blanks_around_nick()
            case Hint.EMPTY:
                return self._words.empty_text()
