"""Peers that lose their power, and to whom nobody has anything to say (TCP-3).

Only TCP's own question finds out about them, after 60 s of silence. A minute is long:
`make soak` runs this. A peer that stays off, or whose cable is out, answers nothing at
all; then the system asks again, on Linux nine times in 11 minutes, unless its operator
says otherwise (net.ipv4.tcp_keepalive_intvl). That is the system's, and not tried here.
"""

import time
from contextlib import ExitStack

import pytest
from attackers import can_vanish, connect, vanish
from bystanders import Bystanders
from target import Serve

SILENCE = 60.0
"""Seconds; the limit `keepalive` of section 8."""

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(not can_vanish(), reason="needs Linux, and to be root"),
]


def test_peers_that_vanish_in_silence(serve: Serve, stack: ExitStack) -> None:
    target = serve("--entry-timeout=3600")  # no other limit finds them
    room = stack.enter_context(Bystanders(target.address))
    before = target.spending()
    silent = [connect(stack, target.address) for _ in range(30)]
    for one in silent:
        assert one.recv(1024).startswith(b"BATEPAPO 1 ")
        vanish(one)
    began = time.monotonic()
    while target.spending() > before:
        room.talk_through()
        assert time.monotonic() - began < SILENCE + 5
    assert time.monotonic() - began > SILENCE - 5
    room.part()
    assert room.besides == []
