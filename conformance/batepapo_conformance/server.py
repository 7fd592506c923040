"""A server testee as a check sees it: a process, and a place to connect to."""

import contextlib
import ipaddress
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Protocol

from batepapo_conformance import codec
from batepapo_conformance.connection import Connection
from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.participant import Participant
from batepapo_conformance.process import Process, Stream
from batepapo_conformance.speaker import PROMPT, Patience, Scene
from batepapo_conformance.starting import RunningServer
from batepapo_conformance.testee import Endpoint

# Seconds between two looks into the room of a server that runs already.
_GLANCE = 0.05


class Serve(Protocol):
    """Starts the testee, with options if need be (see `starting.start_server`)."""

    def __call__(
        self,
        *,
        delivery: Delivery = Delivery.WHOLE,
        address: str = "127.0.0.1",
        options: Mapping[str, object] | None = None,
        stderr: Stream = Stream.COLLECT,
    ) -> "Server":
        """Give a server that listens.

        Raises:
            NoVerdict: it cannot be started so.
        """


class Server:
    """A running server, and everybody whom a check connects to it.

    Args:
        running: where it listens, and its process, if the suite started it.
        patience: how long to wait for it.
        record: where every octet is written down.
        chance: seeded random numbers.
        delivery: how lines are handed over to it.
    """

    def __init__(
        self,
        running: RunningServer,
        patience: Patience,
        record: Exchange,
        chance: Random,
        delivery: Delivery = Delivery.WHOLE,
    ) -> None:
        self.running = running
        self.scene = Scene(
            _reachable(running.endpoint), patience, record, chance, delivery
        )
        self._inside: list[Participant] = []
        if running.process is None:
            _wait_for_an_empty_room(self.scene)

    @property
    def process(self) -> Process:
        """The process.

        Raises:
            NoVerdict: the suite did not start it.
        """
        if self.running.process is None:
            raise NoVerdict(
                "the testee runs already (--at); this check needs its process"
            )
        return self.running.process

    def dial(
        self,
        name: str,
        *,
        receive_buffer: int | None = None,
        source: str | None = None,
    ) -> Participant:
        """Connect, and nothing else: the greeting has still to be read.

        A server that is not there though it has just said so breaks RUN-2.
        """
        try:
            return Participant(
                name, self.scene, receive_buffer=receive_buffer, source=source
            )
        except OSError as error:
            reason = error.strerror or str(error) or "no answer"
            announced = "TCP-1" if self.running.first_line is None else "RUN-2"
            rule = "SERVE-1" if self.scene.everyone else announced
            raise RuleBroken(
                rule, f"connections are accepted at {self.scene.endpoint}", reason
            ) from error

    def connect(
        self,
        name: str,
        *,
        receive_buffer: int | None = None,
        source: str | None = None,
        rule: str | None = None,
    ) -> Participant:
        """Connect, and insist on the greeting, or `rule` is broken.

        Unless a check names it, that is GREET-1; while others are connected, SERVE-1:
        the first of them was greeted.
        """
        rule = rule or self._rule_of_a_new_connection("GREET-1")
        newcomer = self.dial(name, receive_buffer=receive_buffer, source=source)
        newcomer.expect_greeting(rule)
        return newcomer

    def _rule_of_a_new_connection(self, alone: str) -> str:
        others = any(one.connection.is_open for one in self.scene.everyone)
        return "SERVE-1" if others else alone

    def participant(
        self, name: str, *, receive_buffer: int | None = None
    ) -> Participant:
        """Connect and enter; those who came in this way before see the `ENTROU`."""
        newcomer = self.connect(name, receive_buffer=receive_buffer)
        newcomer.enter()
        for one in self._inside:
            if one.inside:
                one.expect_entered(newcomer)
        self._inside.append(newcomer)
        return newcomer

    def participants(self, *names: str) -> list[Participant]:
        """Let several enter, one after the other."""
        return [self.participant(name) for name in names]

    def say_in_turn(self, participants: Sequence[Participant], rule: str) -> None:
        """Insist that the room lives: what each says is heard by all of them."""
        for speaker in participants:
            text = self.scene.word()
            speaker.send(f":{text}")
            for listener in participants:
                listener.expect_public(speaker, text, rule)

    def close(self) -> None:
        """Close every connection of the check."""
        for one in self.scene.everyone:
            one.connection.close()


def _reachable(endpoint: Endpoint) -> Endpoint:
    if ipaddress.ip_address(endpoint.address).is_unspecified:  # on all addresses:
        return Endpoint("127.0.0.1", endpoint.port)  # so on this machine's own, too
    return endpoint


def _wait_for_an_empty_room(scene: Scene) -> None:
    """Wait until the departures of the check before have been carried out.

    Raises:
        NoVerdict: somebody is there who does not belong to the suite.
    """
    deadline = time.monotonic() + scene.patience.testee.seconds(PROMPT)
    present: Sequence[str] = ("?",)
    while present and time.monotonic() < deadline:
        present = _who_is_there(scene)
        if present:
            time.sleep(_GLANCE)
    if present:
        raise NoVerdict(f"somebody else is in the room: {' '.join(present)}")


def _who_is_there(scene: Scene) -> Sequence[str]:
    probe = Connection("(probe)", scene.endpoint, scene.record, seconds=scene.prompt)
    present: list[str] = []
    with contextlib.closing(probe):
        probe.write([b"/ENTRAR sonda\n/SAIR\n"], scene.prompt)
        while isinstance(line := probe.read_line(scene.prompt), bytes):
            # What is wrong with the line is found out by the checks themselves.
            with contextlib.suppress(codec.NotALine):
                message = codec.parse_server_line(line.removesuffix(b"\n"))
                if isinstance(message, codec.Participants):
                    present += message.nicks
    return present
