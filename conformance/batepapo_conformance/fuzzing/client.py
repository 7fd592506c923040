"""A hostile server against a client: it ends or goes on as section 10 says.

Each script (`scripts.py`) has a client of its own. What it shows, what it warns of,
how it ends, when, and how much memory it takes are judged.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from batepapo_conformance.exchange import Exchange
from batepapo_conformance.exploring.explore import CONFIRMATIONS, Failure
from batepapo_conformance.exploring.shrinking import smallest
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.fuzzing.memory import Watched
from batepapo_conformance.fuzzing.scripts import NICK, Author, Ending, Script
from batepapo_conformance.process import Processes
from batepapo_conformance.scripted_server import ScriptedServer, left
from batepapo_conformance.terminal import Terminal, through_pipes
from batepapo_conformance.testee import Testee
from batepapo_conformance.warm import cold_in
from batepapo_conformance.wire import Wire

GROWTH: Final = 64 << 20
"""Octets by which the memory of a client may grow, whatever a server sends."""

_ENDS: Final = 15.0  # seconds in which a client that has to end has ended
_LEAVES: Final = 7.0  # seconds in which one that was asked to leave has (QUIT-2)
_SHRINKING: Final = 40.0
_AROUND: Final = 2  # octets on either side of one that must not be shown
_SMALL: Final = 4096  # octets that are written in pieces, each to be read alone


@dataclass
class Amount:
    """How much has been sent.

    Attributes:
        octets: to clients.
        lines: that were due.
        clients: how many were started.
        growth: octets by which the memory of one grew at most.
    """

    octets: int = 0
    lines: int = 0
    clients: int = 0
    growth: int = 0


def fuzz_client(
    testee: Testee,
    *,
    octets: int,
    seed: int,
    told: Callable[[Amount], None] = lambda amount: None,
) -> tuple[Amount, Failure | None]:
    """Send so many octets to clients, and stop at the first broken rule.

    Args:
        testee: the client.
        octets: how many, at least.
        seed: repeats the choices.
        told: is called after each client.

    Raises:
        NoVerdict: it cannot be started.
    """
    author, amount = Author(Random(seed), octets // 10), Amount()
    while amount.octets < octets:
        script = author.script()
        broken, play = attempt(testee, script)
        amount.octets += len(script.octets)
        amount.lines += len(script.lines)
        amount.clients += 1
        amount.growth = max(amount.growth, play.growth)
        told(amount)
        if broken is not None:
            return amount, _confirmed(testee, script, broken)
    return amount, None


def attempt(testee: Testee, script: Script) -> tuple[RuleBroken | None, "Play"]:
    """Play a script with a fresh client; give what is broken, if anything.

    Raises:
        NoVerdict: the client cannot be started.
    """
    play = Play(testee, script)
    try:
        play.run()
    except RuleBroken as broken:
        return broken, play
    return None, play


def _confirmed(testee: Testee, script: Script, broken: RuleBroken) -> Failure:
    """Leave out lines, and see whether the rest fails again."""

    def fails(lines: Sequence[bytes]) -> bool:
        found, _ = attempt(testee, script.with_lines(tuple(lines)))
        return found is not None and found.rule == broken.rule

    if fails(()):
        script = script.with_lines(())
    elif script.lines:
        kept = smallest(script.lines, fails, seconds=_SHRINKING)
        script = script.with_lines(tuple(kept))
    seen, record = 0, Exchange()
    for _ in range(CONFIRMATIONS):
        found, play = attempt(testee, script)
        if found is not None:
            broken, seen, record = found, seen + 1, play.record
    return Failure((), broken, seen, record.draw(), record.outline())


class Play:
    """One script with one client.

    Attributes:
        record: everything that was sent, typed and shown.
        growth: octets by which the client's memory grew.
    """

    def __init__(self, testee: Testee, script: Script) -> None:
        self._testee = testee
        self._script = script
        self.record = Exchange()
        self.growth = 0

    def run(self) -> None:
        """Play it.

        Raises:
            RuleBroken: the client does what it must not, or not what it must.
            NoVerdict: it cannot be started.
        """
        processes = Processes(self.record, cold_in(self._testee.folder))
        server = ScriptedServer(
            self.record,
            seconds=self._testee.seconds,
            alive=lambda: all(one.status is None for one in processes.all),
        )
        try:
            with server:
                self._play(processes, server)
        finally:
            processes.end()

    def _play(self, processes: Processes, server: ScriptedServer) -> None:
        arguments = self._testee.arguments(
            address=server.endpoint.address, port=server.endpoint.port, nick=NICK
        )
        client = through_pipes(
            processes,
            arguments,
            who="client",
            seconds=self._testee.seconds,
            hang_up=server.close,
        )
        wire = server.accept(rule="ASK-1")
        wire.send_octets(self._script.greeting)
        if self._script.answer is not None:
            wire.expect(f"/ENTRAR {NICK}", rule="ASK-1")
            wire.send_octets(self._script.answer)
        with Watched(client.process) as memory:
            self._send(wire)
            self._end(client, wire)
            self._has_ended(client)
        self.growth = memory.growth
        if self.growth > GROWTH:
            most = f"at most {GROWTH >> 20} MiB more than before"
            raise RuleBroken("SAFE-2", most, f"{self.growth >> 20} MiB more")
        self._look_at_output(client)

    def _send(self, wire: Wire) -> None:
        octets = self._script.octets
        if len(octets) <= _SMALL:
            wire.send_pieces(self._script.pieces() or [b""])
        else:
            wire.flood(self._script.pieces(), seconds=_ENDS, patience=_ENDS)
            self.record.received("client", octets[-_SMALL:])

    def _end(self, client: Terminal, wire: Wire) -> None:
        """Do what belongs to this ending, from either side."""
        match self._script.ending:
            case Ending.FORCED_OUT | Ending.CLOSED | Ending.NOT_DUE:
                wire.half_close()
            case Ending.RESET:
                wire.reset()
            case Ending.QUIT | Ending.END_OF_INPUT:
                self._leave(client)
                wire.expect_leave(rule="QUIT-1")
                wire.send(left(NICK))
                wire.half_close()
            case Ending.SILENCE:
                self._leave(client)
            case Ending.MALFORMED:
                pass

    def _leave(self, client: Terminal) -> None:
        if self._script.ending is Ending.END_OF_INPUT:
            client.ends_input()
        else:
            client.types("/SAIR")

    def _has_ended(self, client: Terminal) -> None:
        match self._script.ending:
            case Ending.MALFORMED:
                rule = "FAIL-2" if self._script.answer is None else "FAIL-4"
                client.warns("ERRO 04", rule=rule, within=_ENDS)
                client.exits(4, rule=rule, within=_ENDS)
            case Ending.NOT_DUE:
                self._has_ended_with_3_or_4(client)
            case Ending.FORCED_OUT:
                cause = self._script.last.split(b" ")[2].decode("ascii")
                client.warns("ERRO 03", cause, rule="FAIL-5", within=_ENDS)
                client.exits(3, rule="FAIL-5", within=_ENDS)
            case Ending.CLOSED | Ending.RESET:
                client.warns("ERRO 03", "rede", rule="FAIL-6", within=_ENDS)
                client.exits(3, rule="FAIL-6", within=_ENDS)
            case Ending.QUIT | Ending.END_OF_INPUT:
                client.leaves(rule="QUIT-1", within=_ENDS)
            case Ending.SILENCE:
                client.leaves(rule="QUIT-2", within=_LEAVES)

    def _has_ended_with_3_or_4(self, client: Terminal) -> None:
        client.ends(rule="FAIL-4")
        status = client.process.status
        if status not in (3, 4):
            raise RuleBroken("QUIT-6", "exit status 3 or 4", f"exit status {status}")

    # ---- what it has shown ---------------------------------------------------

    def _look_at_output(self, client: Terminal) -> None:
        shown = client.process.output.beginning
        self._shows_nothing_that_a_terminal_obeys(
            shown + b"\n" + client.process.errors.beginning
        )
        if self._script.ending is not Ending.RESET:  # a reset destroys what is unread
            self._shows_every_message(shown)

    def _shows_nothing_that_a_terminal_obeys(self, shown: bytes) -> None:
        sent = self._script.greeting + self._script.last
        for line in sent.split(b"\n"):
            content = line.removesuffix(b"\r")
            for place, octet in enumerate(content):
                if 0x20 <= octet < 0x7F:
                    continue
                around = content[max(0, place - _AROUND) : place + _AROUND + 1]
                if len(around) > _AROUND and around in shown:
                    at = shown.index(around)
                    part = shown[max(0, at - 20) : at + 40]
                    raise RuleBroken(
                        "SAFE-1", "printable ASCII alone", part, at=min(20, at)
                    )

    def _shows_every_message(self, shown: bytes) -> None:
        lines = iter(shown.split(b"\n"))
        for message in self._script.messages():
            nick, text = message.origin.nick.encode(), message.text.encode()
            if not any(nick in line and text in line for line in lines):
                expected = f"a line with {nick.decode()} and {text.decode()}"
                raise RuleBroken("SHOW-1", expected, "no such line, in this order")
