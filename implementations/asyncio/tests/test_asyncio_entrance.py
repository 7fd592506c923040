"""What a server may say before it has let us in (section 10.4)."""

import pytest

from batepapo_asyncio.entrance import Entrance, Stage
from batepapo_asyncio.errors import InvalidServer, Problem
from batepapo_asyncio.messages import parse_server_message

LINES = {
    "greeting": b"BATEPAPO 1 x",
    "nobody": b"USUARIOS 0",
    "beto": b"USUARIOS 0 beto",
    "beto, then one": b"USUARIOS 1 beto",
    "beto, then two": b"USUARIOS 2 beto",
    "ana": b"ENTROU 2026-03-01T12:00:00.001Z ana@-",
    "Ana": b"ENTROU 2026-03-01T12:00:00.001Z Ana@-",
    "said": b"PUBLICA 2026-03-01T12:00:00.001Z beto@- :oi",
    "ana is taken": b"ERRO 01 ana :x",
    "Ana is taken": b"ERRO 01 Ana :x",
    "no ana": b"ERRO 02 ana :x",
    "full": b"ERRO 03 cheio :x",
}


def follow(names):
    """Ask to enter as `ana` whenever it is our turn, and give how that ends."""
    entrance = Entrance()
    for name in names:
        if entrance.stage is Stage.GREETED:
            entrance.ask("ana")
        entrance.take(parse_server_message(LINES[name]))
    return entrance.stage


@pytest.mark.parametrize(
    ("names", "stage"),
    [
        (["greeting"], Stage.GREETED),
        (["greeting", "nobody", "ana"], Stage.ENTERED),
        (["greeting", "beto, then one", "beto", "ana"], Stage.ENTERED),
        (["greeting", "beto, then one"], Stage.ASKED),
        (["greeting", "ana is taken"], Stage.GREETED),
        (["greeting", "ana is taken", "ana is taken", "beto", "ana"], Stage.ENTERED),
        (["greeting", "full"], Stage.ASKED),
        (["greeting", "beto, then one", "full"], Stage.ASKED),
    ],
)
def test_the_way_in(names, stage):
    assert follow(names) is stage


@pytest.mark.parametrize(
    "names",
    [
        ["full"],
        ["ana"],
        ["nobody"],
        ["greeting", "greeting"],
        ["greeting", "ana"],
        ["greeting", "said"],
        ["greeting", "no ana"],
        ["greeting", "Ana is taken"],
        ["greeting", "nobody", "Ana"],
        ["greeting", "nobody", "nobody"],
        ["greeting", "nobody", "ana is taken"],
        ["greeting", "nobody", "said"],
        ["greeting", "beto, then one", "ana"],
        ["greeting", "beto, then one", "nobody"],
        ["greeting", "beto, then two", "beto"],
    ],
)
def test_what_leads_out_of_it(names):
    with pytest.raises(InvalidServer) as raised:
        follow(names)
    greeted = names[0] == "greeting"
    assert raised.value.problem is (Problem.LINE if greeted else Problem.GREETING)


def test_a_server_may_not_answer_before_it_is_asked():
    entrance = Entrance()
    entrance.take(parse_server_message(LINES["greeting"]))
    entrance.take(parse_server_message(LINES["full"]))
    with pytest.raises(InvalidServer):
        entrance.take(parse_server_message(LINES["nobody"]))
