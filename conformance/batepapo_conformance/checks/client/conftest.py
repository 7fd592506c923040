"""What the client checks ask for."""

from collections.abc import Iterator

import pytest

from batepapo_conformance.checks.client.stage import Stage
from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.process import Processes
from batepapo_conformance.testee import Testee


@pytest.fixture
def stage(testee: Testee, exchange: Exchange, processes: Processes) -> Iterator[Stage]:
    """A stage whose server sends its lines whole."""
    with Stage(testee, exchange, processes) as one:
        yield one


@pytest.fixture
def any_stage(
    testee: Testee, exchange: Exchange, processes: Processes, delivery: Delivery
) -> Iterator[Stage]:
    """A stage whose server sends its lines in each of the deliveries."""
    with Stage(testee, exchange, processes, delivery) as one:
        yield one
