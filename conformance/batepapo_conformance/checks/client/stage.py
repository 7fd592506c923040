"""The stage of a client check: one client, one scripted server, one record."""

import contextlib
import shlex
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Self

from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.ports import our_turn
from batepapo_conformance.process import Process, Processes, Stream
from batepapo_conformance.scripted_server import (
    ScriptedServer,
    entered,
    greeting,
    participants,
    said,
)
from batepapo_conformance.terminal import (
    Terminal,
    on_pseudo_terminal,
    through_pipes,
)
from batepapo_conformance.testee import Endpoint, Testee
from batepapo_conformance.wire import Wire

ANSWER: Final = 10.0
"""Seconds after which a client gives a silent server up (FAIL-3)."""

LEAVE: Final = 5.0
"""Seconds that a leaving client waits at most (QUIT-2)."""

TOLERANCE: Final = 2.0
"""Seconds by which a time limit may be late (section 1.5)."""

LEAVING: Final = LEAVE + TOLERANCE
"""Seconds after which a client that was asked to leave has ended, whatever happens."""

DEFAULT_PORT: Final = 55555
"""Where a client connects to if nobody says otherwise (ASK-1)."""

BEACON: Final = "faro"
"""The participant whose messages only mark how far the client has come."""

_ATTEMPTS: Final = 5
"""How often a client is started before the machine is called too slow."""

HERE: Final = "here"
"""Stands for the address or port of the scripted server."""


class Stage:
    """Where a check starts the client, and plays the server.

    Attributes:
        testee: the client under test.
        server: the scripted server; it listens already.
    """

    def __init__(
        self,
        testee: Testee,
        exchange: Exchange,
        processes: Processes,
        delivery: Delivery = Delivery.WHOLE,
    ) -> None:
        self.testee = testee
        self._exchange = exchange
        self._processes = processes
        self._delivery = delivery
        self._clients: list[Process] = []
        self._settled = 0
        self._lit: set[Wire] = set()
        self._servers = contextlib.ExitStack()
        self.server = self.listen()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._servers.close()

    def listen(
        self,
        *,
        address: str = "127.0.0.1",
        port: int = 0,
        buffer: int | None = None,
        backlog: int = 16,
    ) -> ScriptedServer:
        """Another scripted server.

        Raises:
            NoVerdict: it cannot listen there on this machine.
        """
        server = ScriptedServer(
            self._exchange,
            seconds=self.testee.seconds,
            alive=self._is_any_alive,
            address=address,
            port=port,
            buffer=buffer,
            backlog=backlog,
        )
        return self._servers.enter_context(server)

    def listen_at_default_port(self) -> ScriptedServer:
        """A scripted server where clients look if nobody says otherwise.

        Raises:
            NoVerdict: somebody else has it.
        """
        self._servers.enter_context(our_turn("127.0.0.1", DEFAULT_PORT))
        return self.listen(port=DEFAULT_PORT)

    def _is_any_alive(self) -> bool:
        return any(client.status is None for client in self._clients)

    def start(
        self,
        nick: str | None = "ana",
        *,
        address: str | None = HERE,
        port: int | str | None = HERE,
        server: ScriptedServer | None = None,
        options: Mapping[str, object] | None = None,
        extra: Sequence[str] = (),
        stdout: Stream = Stream.COLLECT,
        environment: Mapping[str, str | None] | None = None,
        on_terminal: bool = False,
        who: str = "client",
    ) -> Terminal:
        """Start the client; an argument that is `None` is left out.

        Raises:
            NoVerdict: it cannot be started so.
        """
        here = (server or self.server).endpoint
        address = here.address if address == HERE else address
        port = here.port if port == HERE else port
        arguments = self.testee.arguments(
            address=address, port=port, nick=nick, options=options, extra=extra
        )
        given = [str(one) for one in (address, port, nick) if one is not None]
        how = shlex.join([*given, *extra]) or "without arguments"
        self._exchange.note(who, f"starts: {how}")
        if on_terminal:
            terminal = on_pseudo_terminal(
                self._processes,
                arguments,
                who=who,
                exchange=self._exchange,
                seconds=self.testee.seconds,
            )
        else:
            terminal = through_pipes(
                self._processes,
                arguments,
                who=who,
                seconds=self.testee.seconds,
                stdout=stdout,
                environment=environment,
                hang_up=self._servers.close,
            )
        self._clients.append(terminal.process)
        return terminal

    def start_offline(
        self,
        *,
        extra: Sequence[str] = (),
        environment: Mapping[str, str | None] | None = None,
    ) -> Terminal:
        """Start the client without any argument (ASK-3)."""
        return self.start(
            None, address=None, port=None, extra=extra, environment=environment
        )

    def accept(
        self,
        *,
        rule: str = "ASK-1",
        server: ScriptedServer | None = None,
        who: str = "client",
    ) -> Wire:
        """Wait for the client to connect; say nothing yet.

        Raises:
            RuleBroken: it does not connect.
        """
        return (server or self.server).accept(
            rule=rule, who=who, delivery=self._delivery
        )

    def greet(
        self,
        nick: str = "ana",
        *,
        rule: str = "ASK-1",
        server: ScriptedServer | None = None,
        who: str = "client",
    ) -> Wire:
        """Wait for the client to connect, greet it, and wait for its `/ENTRAR nick`.

        Raises:
            RuleBroken: it does not connect, or sends something else.
        """
        wire = self.accept(rule=rule, server=server, who=who)
        wire.send(greeting())
        wire.expect(f"/ENTRAR {nick}", rule=rule)
        return wire

    def greet_in_time(
        self,
        start: Callable[[], Terminal],
        nick: str,
        *,
        patience: float,
        rule: str = "ASK-1",
    ) -> tuple[Terminal, Wire]:
        """Start a client of little patience, and `greet` it before that is over.

        If it was this machine that took longer, another client is started.

        Args:
            start: starts one.
            nick: who it will be.
            patience: seconds for which it waits for a greeting.
            rule: what is broken if it does not enter.

        Raises:
            RuleBroken: it does not connect, or sends something else.
            NoVerdict: it is always the machine.
        """
        for _ in range(_ATTEMPTS):
            began = time.monotonic()
            client = start()
            wire = self.accept(rule=rule)
            wire.send(greeting())
            if time.monotonic() < began + patience:
                wire.expect(f"/ENTRAR {nick}", rule=rule)
                return client, wire
        raise NoVerdict(f"the machine takes over {patience:g} s to start a client")

    def enter(
        self,
        nick: str = "ana",
        *present: str,
        on_terminal: bool = False,
        server: ScriptedServer | None = None,
        stdout: Stream = Stream.COLLECT,
        who: str = "client",
    ) -> tuple[Terminal, Wire]:
        """Start the client, and let it enter a room where `present` are.

        Raises:
            RuleBroken: it does not ask to enter.
        """
        client = self.start(
            nick, on_terminal=on_terminal, server=server, stdout=stdout, who=who
        )
        wire = self.greet(nick, server=server, who=who)
        self.let_in(wire, nick, *present)
        return client, wire

    def let_in(self, wire: Wire, nick: str, *present: str) -> None:
        """Answer `/ENTRAR`: the list, and `ENTROU`."""
        wire.send(participants(*present), entered(nick))

    def settle(self, client: Terminal, wire: Wire) -> None:
        """Let the client show everything that it has to show by now.

        A message is shown after what came before it: once it is there, further
        output is due to what is typed next. Whoever says it has entered before:
        a client may refuse the message of a stranger (section 10.4).
        """
        if wire not in self._lit:
            self._lit.add(wire)
            wire.send(entered(BEACON))
        self._settled += 1
        mark = f"marco-{self._settled}"
        wire.send(said(BEACON, mark))
        client.shows(BEACON, mark, rule="SHOW-1")

    def is_not_sent(
        self, client: Terminal, wire: Wire, *lines: str, rule: str, what: str
    ) -> None:
        """Each line is typed; nothing of it goes out, and the user is told something.

        The barrier is a further line: lines are taken in the order typed (section
        10.2), so it can be the next on the wire only if nothing else was sent.

        Raises:
            RuleBroken: something was sent, or the user was told nothing.
        """
        for line in lines:
            self.settle(client, wire)
            client.types(line)
            client.is_told_something(rule=rule, what=what)
            client.types("e agora")
            wire.expect(":e agora", rule=rule)


@contextlib.contextmanager
def nobody_listening() -> Iterator[Endpoint]:
    """An endpoint of this machine that refuses connections."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # taken, and not listened to
        yield Endpoint(*holder.getsockname()[:2])
