"""The ways in which a person asks a client to leave."""

from collections.abc import Callable
from typing import Final

import pytest

from batepapo_conformance.terminal import Terminal

Leave = Callable[[Terminal], None]

WAYS: Final[dict[str, Leave]] = {
    "by word": lambda client: client.types("quit"),
    "end of input": lambda client: client.ends_input(),
    "SIGINT": lambda client: client.interrupts(),
    "SIGTERM": lambda client: client.terminates(),
}
SIGNALS: Final = {name: WAYS[name] for name in ("SIGINT", "SIGTERM")}

by_any_way = pytest.mark.parametrize("leave", WAYS.values(), ids=WAYS.keys())
by_signal = pytest.mark.parametrize("leave", SIGNALS.values(), ids=SIGNALS.keys())
