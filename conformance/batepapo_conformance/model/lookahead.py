"""Every order in which what is under way may be carried out, as far as it matters."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from batepapo_conformance.model.world import World

MOST_WORLDS: Final = 20_000
"""Worlds beyond which the orders of what is under way are too many to look at."""


class TooManyWorlds(Exception):
    """So much is under way at the same time that it cannot be judged."""


def until_due(world: World, name: str) -> Iterator[World]:
    """Follow every order, each until something is due to this connection.

    Raises:
        TooManyWorlds: there are too many.
    """
    for one, _ in _followed(world, name):
        if one.person(name).due:
            yield one


def must_hear(world: World, name: str) -> bool:
    """Whether something becomes due to this connection in whatever order.

    Raises:
        TooManyWorlds: there are too many.
    """
    return all(
        one.person(name).due for one, is_last in _followed(world, name) if is_last
    )


def settled(world: World) -> World:
    """Give one of the worlds in which everything has been carried out."""
    while (after := next(world.next_worlds(), None)) is not None:
        world = after
    return world


def distinct(worlds: Iterable[World]) -> list[World]:
    """Give each world once."""
    some = list(worlds)
    return some if len(some) == 1 else list(dict.fromkeys(some))


def _followed(world: World, name: str) -> Iterator[tuple[World, bool]]:
    """Give all worlds on the way, and of each whether its course ends here."""
    seen: set[World] = set()
    ahead = deque([world])
    while ahead:
        one = ahead.pop()
        after = [] if one.person(name).due else list(one.next_worlds())
        yield one, not after
        if len(after) > 1:  # two ways may lead to one world
            after = [new for new in after if new not in seen]
            seen.update(after)
            if len(seen) > MOST_WORLDS:
                raise TooManyWorlds
        ahead.extend(after)
