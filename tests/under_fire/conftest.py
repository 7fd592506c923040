"""What all tests under fire begin with: a server, two bystanders, many descriptors."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bystanders import Bystanders
from target import Serve, Target

DESCRIPTORS = 4096
"""As many of our own as an attack here needs, and some."""

collect_ignore_glob = ["test_*.py"] if sys.platform == "win32" else []
"""These tests count descriptors and send SIGTERM; Windows has neither."""


@pytest.fixture(autouse=True, scope="session")
def _many_descriptors() -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < DESCRIPTORS:
        wanted = DESCRIPTORS
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Keeps whatever has to be closed."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture(params=["threaded", "asyncio"])
def serve(request: pytest.FixtureRequest, tmp_path: Path, stack: ExitStack) -> Serve:
    """Start one of the two servers, with options."""

    def start(*options: str, environment: dict[str, str] | None = None) -> Target:
        target = Target(
            request.param, tmp_path / "log", *options, environment=environment
        )
        return stack.enter_context(target)

    return start


@pytest.fixture
def target(serve: Serve) -> Target:
    """A server as it is without options."""
    return serve()


@pytest.fixture
def room(target: Target, stack: ExitStack) -> Bystanders:
    """Two who talk at that server."""
    return stack.enter_context(Bystanders(target.address))
