"""A port that is one for all is had by one check at a time."""

import socket
import threading

import pytest

from batepapo_conformance import ports
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.ports import free_port, our_turn

LOOPBACK = "127.0.0.1"


@pytest.fixture
def port() -> int:
    """A port like the default one, which somebody else may use just now."""
    with socket.create_server((LOOPBACK, 0)) as one:
        return int(one.getsockname()[1])


def test_who_comes_later_waits_until_it_is_free(port: int) -> None:
    order = []
    waiting = threading.Event()

    def later() -> None:
        waiting.set()
        with our_turn(LOOPBACK, port):
            order.append("later")

    with our_turn(LOOPBACK, port):
        other = threading.Thread(target=later)
        other.start()
        waiting.wait()
        order.append("first")
    other.join(30)
    assert order == ["first", "later"]


def test_nobody_waits_for_ever(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_TURN", 0.2)
    with (
        our_turn(LOOPBACK, port),
        pytest.raises(NoVerdict, match="all the time"),
        our_turn(LOOPBACK, port),
    ):
        pass


def test_who_is_no_check_keeps_it(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_LEFT", 0.2)
    with (
        socket.create_server((LOOPBACK, port)),
        pytest.raises(NoVerdict, match="somebody else"),
        our_turn(LOOPBACK, port),
    ):
        pass
    with our_turn(LOOPBACK, port):  # and nothing is held any more
        pass


def test_a_program_that_ends_there_is_waited_for(port: int) -> None:
    other = socket.create_server((LOOPBACK, port))
    closing = threading.Timer(0.3, other.close)
    closing.start()
    with our_turn(LOOPBACK, port):
        assert other.fileno() == -1
    closing.join()


def test_no_port_comes_twice() -> None:
    several = [free_port() for _ in range(20)]
    assert len(set(several)) == 20
