"""From what the user asks to a run of a fuzzer, a report and an exit status."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from batepapo_conformance.check import Request
from batepapo_conformance.exploring.ground import Ground
from batepapo_conformance.exploring.searching import (
    Found,
    Progress,
    searched,
    tell_in,
)
from batepapo_conformance.fuzzing import client, server
from batepapo_conformance.results import Status
from batepapo_conformance.testee import Role
from batepapo_conformance.words import Words

_KIBIBYTE = 1 << 10


def fuzz(
    request: Request,
    *,
    octets: int,
    seed: int | None,
    save: Path | None,
    words: Words,
    out: TextIO,
    as_json: bool,
) -> Status:
    """Fuzz a server or a client, report to `out`, and return the exit status."""
    seed = random.randrange(1_000_000) if seed is None else seed
    progress = Progress(words)

    def show(done: int) -> None:
        progress.tell("fuzz.progress", done=f"{done:,}", all=f"{octets:,}")

    def search() -> Found:
        kind = _server if request.role is Role.SERVER else _client
        try:
            return kind(request, octets, seed, show)
        finally:
            progress.end()

    numbers = [f"--octets={octets}", f"--seed={seed}"]
    told = searched(
        search,
        what="fuzz",
        request=request,
        seed=seed,
        again=["batepapo", "fuzz", str(request.role), *request.words(), *numbers],
        path=save,
        words=words,
    )
    tell_in(told, words, out, as_json=as_json)
    return told.status


def _server(
    request: Request, octets: int, seed: int, show: Callable[[int], None]
) -> Found:
    def tell(amount: server.Amount) -> None:
        show(amount.octets)

    with Ground(request.testee()) as ground:
        amount, failure = server.fuzz_server(
            ground, octets=octets, seed=seed, told=tell
        )
        is_ours = ground.process is not None
    counts = {
        "octets": amount.octets,
        "lines": amount.lines,
        "connections": amount.connections,
    }
    if is_ours:  # of another one nobody tells us the memory
        counts["growth"] = amount.growth // _KIBIBYTE
    return counts, failure


def _client(
    request: Request, octets: int, seed: int, show: Callable[[int], None]
) -> Found:
    def tell(amount: client.Amount) -> None:
        show(amount.octets)

    amount, failure = client.fuzz_client(
        request.testee(), octets=octets, seed=seed, told=tell
    )
    counts = {
        "octets": amount.octets,
        "lines": amount.lines,
        "clients": amount.clients,
        "growth": amount.growth // _KIBIBYTE,
    }
    return counts, failure
