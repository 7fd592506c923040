"""The way in trusts nobody (FAIL-2, FAIL-4)."""

import pytest

from batepapo_threaded.entrance import Entrance, Stage
from batepapo_threaded.errors import InvalidServer
from batepapo_threaded.messages import (
    Entered,
    Greeting,
    Participants,
    Refused,
    Said,
    ServerMessage,
)

TIME = "2026-11-20T18:57:11.537Z"
GREETING = Greeting("x")
ANA = Entered(TIME, "ana", "-")


def follow(*messages: ServerMessage) -> Entrance:
    """Ask to enter as `ana` behind the greeting, and follow the rest."""
    entrance = Entrance()
    for message in messages:
        entrance.take(message)
        if isinstance(message, Greeting):
            entrance.ask("ana")
    return entrance


def test_entering() -> None:
    entrance = follow(GREETING, Participants(1, ("b",)), Participants(0, ("c",)), ANA)
    assert entrance.stage is Stage.ENTERED


def test_a_nick_that_is_taken() -> None:
    entrance = follow(GREETING, Refused("01", "ana", "x"))
    assert entrance.stage is Stage.GREETED
    assert not entrance.expects_answer


def test_forced_out_is_legal_behind_the_greeting() -> None:
    follow(GREETING, Participants(1, ("b",)), Refused("03", "fim", "x"))


@pytest.mark.parametrize(
    "messages",
    [
        (Refused("03", "cheio", "x"),),
        (ANA,),
        (GREETING, GREETING),
        (GREETING, ANA),
        (GREETING, Refused("01", "Ana", "x")),
        (GREETING, Refused("02", "ana", "x")),
        (GREETING, Said(TIME, "b", "-", "x")),
        (GREETING, Participants(0, ()), Entered(TIME, "Ana", "-")),
        (GREETING, Participants(0, ()), Participants(0, ())),
        (GREETING, Participants(0, ()), Said(TIME, "b", "-", "x")),
        (GREETING, Participants(1, ("b",)), ANA),
        (GREETING, Participants(2, ("b",)), Participants(0, ("c",))),
        (GREETING, Participants(1, ("b",)), Participants(0, ())),
    ],
)
def test_what_a_server_may_not_send(messages: tuple[ServerMessage, ...]) -> None:
    with pytest.raises(InvalidServer):
        follow(*messages)


def test_nothing_but_an_error_comes_unasked() -> None:
    entrance = Entrance()
    entrance.take(GREETING)
    entrance.take(Refused("03", "tempo", "x"))
    with pytest.raises(InvalidServer):
        entrance.take(Participants(0, ()))
