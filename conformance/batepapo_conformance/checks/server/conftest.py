"""What the checks of servers share: a server, and how to start another."""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.server import Serve, Server
from batepapo_conformance.speaker import Patience
from batepapo_conformance.starting import RunningServer
from batepapo_conformance.testee import Testee


@pytest.fixture(scope="session")
def patience(testee: Testee) -> Patience:
    """Give how long to wait for the testee; all checks of a worker share it."""
    return Patience(testee)


@pytest.fixture(name="serve")
def _serve(
    start_server: Callable[..., RunningServer],
    patience: Patience,
    exchange: Exchange,
    chance: Random,
) -> Iterator[Serve]:
    """Start servers; lines are handed over whole unless a check says otherwise."""
    started: list[Server] = []

    def serve(*, delivery: Delivery = Delivery.WHOLE, **how: Any) -> Server:
        server = Server(start_server(**how), patience, exchange, chance, delivery)
        started.append(server)
        return server

    yield serve
    for server in started:
        server.close()


@pytest.fixture
def server(serve: Serve, delivery: Delivery) -> Server:
    """Give a server without options. A check that takes it runs in all deliveries."""
    return serve(delivery=delivery)
