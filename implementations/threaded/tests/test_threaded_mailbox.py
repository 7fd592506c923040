"""The main thread and a signal that comes between its look and its wait."""

from time import monotonic

import pytest

from batepapo_threaded.keyboard import Keyboard
from batepapo_threaded.mailbox import Mailbox
from batepapo_threaded.terminal import Leaving, Terminal
from batepapo_threaded.words import Language, Words

SOON = 10
"""Seconds; a lost wakeup would last as long."""


def test_a_signal_between_look_and_wait_wakes() -> None:
    """The handler runs in the thread that looks, which holds the lock."""
    mailbox = Mailbox()
    signals: list[float] = []

    def has_come_already() -> bool:
        if signals:
            return True
        signals.append(monotonic())  # too late for this look
        mailbox.wake_from_signal()
        return False

    mailbox.wait_for(has_come_already, monotonic() + SOON)
    assert monotonic() - signals[0] < SOON / 2


def test_a_signal_that_comes_late_in_a_look_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """QUIT-3: the look at the wish to leave is over, the one at the lines is not."""
    terminal = Terminal(Words(Language.ENGLISH))
    signals: list[float] = []

    def no_line(_: Keyboard) -> bool:
        if not signals:
            signals.append(monotonic())
            terminal.interrupt()
        return False

    monkeypatch.setattr(Keyboard, "has_line", property(no_line))
    with pytest.raises(Leaving):
        terminal.next_event(None, deadline=monotonic() + SOON)
    assert monotonic() - signals[0] < SOON / 2
