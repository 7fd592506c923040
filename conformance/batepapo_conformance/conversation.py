"""What every pair of programs has to manage: a whole conversation, step by step.

At each step it is clear whose turn it is. So what does not come is the fault
of the side whose turn it was; and what the proxy has found before, comes first.
"""

import contextlib
import os
import random
import signal
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from batepapo_conformance.codec import Participants, parse_server_line
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.process import Processes
from batepapo_conformance.proxy import Blamed, Proxy, Route
from batepapo_conformance.referee import Fault
from batepapo_conformance.starting import RunningServer
from batepapo_conformance.terminal import Terminal, through_pipes
from batepapo_conformance.testee import Role, Testee

_ENDING: Final = 7.0  # seconds in which a program that was asked to end has ended
_LONG: Final = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """A participant: a client process, and its connection through the proxy."""

    nick: str
    terminal: Terminal
    route: Route


class Conversation:
    """One client program against one server program.

    Args:
        client: how a client is started.
        server: the server that runs already.
        proxy: what all connections lead through.
        processes: where clients are started.
        chance: what is said; nobody can have expected it.
    """

    def __init__(
        self,
        client: Testee,
        server: RunningServer,
        proxy: Proxy,
        processes: Processes,
        chance: random.Random,
    ) -> None:
        self._client = client
        self._server = server
        self._proxy = proxy
        self._processes = processes
        self._chance = chance
        self._present: list[Person] = []
        self._secrets: dict[str, Route] = {}  # by their texts: for whom they are

    def hold(self) -> None:
        """Hold it from the first greeting to the end of the server.

        Raises:
            Blamed: one of the two broke a rule.
            NoVerdict: a client cannot be started.
        """
        try:
            self._hold()
        except Blamed:
            self._no_secret_is_out()
            raise
        self._no_secret_is_out()

    def _hold(self) -> None:
        ana = self._enter_with_arguments("ana")
        beto = self._enter_at_a_question("Beto")
        carla = self._enter_from_offline("carla")
        davi = self._enter_after_a_taken_nick("ANA", "davi")
        self._everybody_says_something()
        self._what_is_typed_is_folded(beto)
        self._a_long_text_arrives_whole(carla, davi)
        self._a_secret_stays_one(ana, beto, to="BETO")
        self._a_secret_stays_one(davi, ana, to="ana")
        self._nobody_is_there(beto)
        self._a_list(davi)
        self._leave(beto, "  /sair ", "TYPE-3")
        self._leave(davi, "quit", "TYPE-3")
        self._a_whole_session_from_a_pipe("beto")
        self._end_of_input(carla)
        self._one_order(ana)
        self._the_server_ends(ana)

    # ---- entering ----

    def _enter_with_arguments(self, nick: str) -> Person:
        self._look_away()
        person = self._start(nick, nick)
        return self._enters(person, rule="ASK-1")

    def _enter_at_a_question(self, nick: str) -> Person:
        self._look_away()
        endpoint = self._proxy.endpoint
        terminal = self._run(nick, self._client.arguments(address=endpoint.address))
        terminal.types(str(endpoint.port), nick)
        return self._enters(self._connected(nick, terminal, "ASK-2"), rule="ASK-2")

    def _enter_from_offline(self, nick: str) -> Person:
        self._look_away()
        endpoint = self._proxy.endpoint
        terminal = self._run(nick, self._client.arguments())
        terminal.types(f"/entrar {nick} {endpoint.address} {endpoint.port}")
        return self._enters(self._connected(nick, terminal, "ASK-3"), rule="ASK-3")

    def _enter_after_a_taken_nick(self, taken: str, nick: str) -> Person:
        person = self._start(nick, taken)
        person.route.expect(Role.SERVER, "BATEPAPO 1 <software>", rule="GREET-1")
        person.route.expect(Role.CLIENT, f"/ENTRAR {taken}", rule="ASK-1")
        person.route.expect(
            Role.SERVER, f"ERRO 01 {taken} :<explanation>", rule="ENTER-3"
        )
        with _by_client(person):
            person.terminal.says("01", rule="SHOW-4")
        self._look_away()
        person.terminal.types(nick)
        return self._enters(person, rule="TYPE-12", greeted=True)

    def _enters(
        self,
        person: Person,
        *,
        rule: str,
        greeted: bool = False,
        allowed: str = "ENTER-1",
    ) -> Person:
        """The dialogue of entering, seen by everybody; `allowed` says why it is so."""
        nick, route = person.nick, person.route
        if not greeted:
            route.expect(Role.SERVER, "BATEPAPO 1 <software>", rule="GREET-1")
        route.expect(Role.CLIENT, f"/ENTRAR {nick}", rule=rule)
        present = [other.nick for other in self._present]
        _expect_list(route, present, allowed)
        self._present.append(person)
        entry = f"ENTROU <time> {nick}@<origin>"
        for one in self._present:
            one.route.expect(Role.SERVER, entry, rule="ENTER-1")
        for one in self._present[:-1]:
            with _by_client(one):
                one.terminal.shows(nick, rule="SHOW-2")
        with _by_client(person):
            person.terminal.shows_all(present, rule="SHOW-2")
        return person

    # ---- talking ----

    def _everybody_says_something(self) -> None:
        for person in self._present:
            text = self._words()
            self._say(person, text, text, rule="TYPE-9")
        ana = self._present[0]
        self._say(ana, "::/sair: quit", ":/sair: quit", rule="TYPE-7")
        self._say(ana, "  dois espacos  ", "  dois espacos  ", rule="TYPE-9")
        ana.terminal.types_octets(b"fim de linha do Windows\r\n")
        self._heard(ana, "fim de linha do Windows", rule="TYPE-13")

    def _what_is_typed_is_folded(self, person: Person) -> None:
        text = self._words()
        self._say(person, f"“Não” é {text}…", f'"Nao" e {text}...', rule="TYPE-1")

    def _say(self, person: Person, typed: str, text: str, *, rule: str) -> None:
        person.terminal.types(typed)
        self._heard(person, text, rule=rule)

    def _heard(self, person: Person, text: str, *, rule: str) -> None:
        person.route.expect(Role.CLIENT, f":{text}", rule=rule)
        self._everybody_receives(person, text)
        for one in self._present:
            with _by_client(one):
                one.terminal.shows(person.nick, text, rule="SHOW-1")

    def _everybody_receives(self, person: Person, text: str) -> None:
        line = f"PUBLICA <time> {person.nick}@<origin> :{text}"
        for one in self._present:
            one.route.expect(Role.SERVER, line, rule="PUBLIC-1")

    def _a_long_text_arrives_whole(self, person: Person, other: Person) -> None:
        letters = string.ascii_letters + string.digits + " :,"
        text = "".join(self._chance.choices(letters, k=_LONG))
        person.terminal.types(f":{text}", f"{other.nick}:{text}")
        for piece in self._pieces(person, "", text):
            self._everybody_receives(person, piece)
        for piece in self._pieces(person, other.nick, text):
            self._one_receives(person, other, piece)

    def _pieces(self, person: Person, to: str, text: str) -> Iterator[str]:
        """What the client cuts a text into; where is its own choice."""
        left = text
        while left:
            expected = f"{to}:{left[:400]}"
            came = person.route.next_line(Role.CLIENT, expected, rule="TYPE-10")
            head, _, piece = came.decode("ascii", "replace").partition(":")
            if head != to or not piece or not left.startswith(piece):
                broken = RuleBroken("TYPE-10", expected.encode(), came)
                raise Blamed(Fault(Role.CLIENT, person.nick, broken))
            left = left.removeprefix(piece)
            yield piece

    def _a_secret_stays_one(self, person: Person, other: Person, *, to: str) -> None:
        text = self._words()
        self._look_away()
        person.terminal.types(f"{to}:{text}")
        person.route.expect(Role.CLIENT, f"{to}:{text}", rule="TYPE-5")
        self._one_receives(person, other, text)
        with _by_client(other):
            line = other.terminal.shows(person.nick, text, rule="SHOW-1")
            if not any(word in line.lower() for word in ("privad", "privat")):
                raise RuleBroken("SHOW-1", "`privad` or `privat`", line.encode())
        with _by_client(person):
            person.terminal.is_told_something(
                rule="SHOW-3", what="that the message was sent"
            )

    def _one_receives(self, person: Person, other: Person, text: str) -> None:
        # Only these two: whatever anybody else received would be the next line on
        # that connection, and not what a later step expects.
        self._secrets[text] = other.route
        line = f"PRIVADA <time> {person.nick}@<origin> :{text}"
        other.route.expect(Role.SERVER, line, rule="PRIVATE-1")
        person.route.expect(Role.SERVER, f"ENVIADA {other.nick}", rule="PRIVATE-1")

    def _nobody_is_there(self, person: Person) -> None:
        person.terminal.types("ninguem:alguem ai?")
        person.route.expect(Role.CLIENT, "ninguem:alguem ai?", rule="TYPE-5")
        error = "ERRO 02 ninguem :<explanation>"
        person.route.expect(Role.SERVER, error, rule="PRIVATE-2")
        with _by_client(person):
            person.terminal.says("02", rule="SHOW-4")

    def _a_list(self, person: Person) -> None:
        self._look_away()
        person.terminal.types(" /usuarios ")
        person.route.expect(Role.CLIENT, "/USUARIOS", rule="TYPE-2")
        nicks = [one.nick for one in self._present]
        _expect_list(person.route, nicks, "LIST-1")
        with _by_client(person):
            person.terminal.shows_all(nicks, rule="SHOW-2")

    # ---- leaving ----

    def _leave(self, person: Person, typed: str, rule: str) -> None:
        self._look_away()
        person.terminal.types(typed)
        self._leaves(person, rule)

    def _end_of_input(self, person: Person) -> None:
        self._look_away()
        person.terminal.types_octets(b"tchau, sem fim de linha")
        person.terminal.ends_input()
        self._heard(person, "tchau, sem fim de linha", rule="TYPE-13")
        self._leaves(person, "QUIT-1")

    def _leaves(self, person: Person, rule: str) -> None:
        came = person.route.next_line(Role.CLIENT, "/SAIR", rule=rule)
        if came not in (b"/SAIR", b"{quit}"):
            raise Blamed(
                Fault(Role.CLIENT, person.nick, RuleBroken(rule, b"/SAIR", came))
            )
        departure = f"SAIU <time> {person.nick}@<origin> :<reason>"
        for one in self._present:
            one.route.expect(Role.SERVER, departure, rule="LEAVE-1")
        person.route.expect_end(Role.SERVER, rule="LEAVE-1")
        self._present.remove(person)
        with _by_client(person):
            person.terminal.leaves(rule="QUIT-1", within=_ENDING)
        for one in self._present:
            with _by_client(one):
                one.terminal.shows(person.nick, rule="SHOW-2")

    def _a_whole_session_from_a_pipe(self, nick: str) -> None:
        """All of it is typed before the connection exists; the nick was used before."""
        self._look_away()
        person = self._start(nick, nick, "um", "ana:dois", "/usuarios", end=True)
        self._enters(person, rule="TYPE-11", allowed="ENTER-5")
        person.route.expect(Role.CLIENT, ":um", rule="TYPE-11")
        person.route.expect(Role.CLIENT, "ana:dois", rule="TYPE-11")
        person.route.expect(Role.CLIENT, "/USUARIOS", rule="TYPE-11")
        self._everybody_receives(person, "um")
        self._one_receives(person, self._present[0], "dois")
        _expect_list(person.route, [one.nick for one in self._present], "ORDER-2")
        self._leaves(person, "QUIT-1")

    def _the_server_ends(self, last: Person) -> None:
        process = self._server.process
        if process is None or os.name == "nt":  # no SIGTERM there
            self._leave(last, "{QUIT}", "TYPE-3")
            return
        process.signal(signal.SIGTERM)
        last.route.expect(Role.SERVER, "ERRO 03 fim :<explanation>", rule="END-1")
        with _by_client(last):
            last.terminal.warns("ERRO 03", "fim", rule="SHOW-4")
            last.terminal.exits(3, rule="FAIL-5", within=_ENDING)
        status = process.wait(_ENDING)
        if status != 0:
            actual = "still running" if status is None else f"exit status {status}"
            broken = RuleBroken("END-1", "exit status 0", actual)
            raise Blamed(Fault(Role.SERVER, last.nick, broken))

    # ---- the whole ----

    def _one_order(self, witness: Person) -> None:
        """All have seen one sequence, of which the witness has seen everything."""
        whole = [line for _, line in witness.route.referee.events]
        for route in self._proxy.routes:
            lines = [line for _, line in route.referee.events]
            begin = whole.index(lines[0]) if lines and lines[0] in whole else 0
            for expected, actual in zip(whole[begin:], lines, strict=False):
                if expected != actual:
                    same = _without_time(expected) == _without_time(actual)
                    rule = "EVENT-1" if same else "ORDER-1"
                    broken = RuleBroken(rule, expected, actual)
                    raise Blamed(Fault(Role.SERVER, route.who, broken))

    def _no_secret_is_out(self) -> None:
        """Nobody has received a private message for somebody else."""
        for route in self._proxy.routes:
            for text in route.referee.whispers:
                if self._secrets.get(text, route) is not route:
                    meant_for = self._secrets[text].who
                    broken = RuleBroken(
                        "PRIVATE-4", f"a message for {meant_for} alone", text.encode()
                    )
                    raise Blamed(Fault(Role.SERVER, route.who, broken))

    def _look_away(self) -> None:
        """What is shown from here on is due to what happens from here on."""
        for person in self._present:
            person.terminal.look_away()

    def _words(self) -> str:
        letters = self._chance.choices(string.ascii_lowercase, k=8)
        return f"digo {''.join(letters)}, {self._chance.randrange(1000)}!"

    def _start(self, who: str, nick: str, *lines: str, end: bool = False) -> Person:
        address, port = self._proxy.endpoint
        arguments = self._client.arguments(address=address, port=port, nick=nick)
        terminal = self._run(who, arguments)
        if lines:
            terminal.types(*lines)
        if end:
            terminal.ends_input()
        return self._connected(who, terminal, "ASK-1")

    def _run(self, who: str, arguments: list[str]) -> Terminal:
        return through_pipes(
            self._processes, arguments, who=who, seconds=self._client.seconds
        )

    def _connected(self, who: str, terminal: Terminal, rule: str) -> Person:
        route = self._proxy.accept(who, terminal.process, rule=rule)
        return Person(who, terminal, route)


@contextlib.contextmanager
def _by_client(person: Person) -> Iterator[None]:
    """What is not shown is the client's fault, if nothing else was wrong before."""
    try:
        yield
    except RuleBroken as broken:
        person.route.blame_first_fault()
        raise Blamed(Fault(Role.CLIENT, person.nick, broken)) from broken


def _expect_list(route: Route, nicks: list[str], rule: str) -> None:
    """A whole list comes next, in as many lines as the server likes."""
    found: list[str] = []
    remaining: int | None = None
    expected = " ".join(("USUARIOS 0", *nicks))
    while remaining != 0:
        line = route.next_line(Role.SERVER, expected, rule=rule)
        message = parse_server_line(line)  # the referee has seen it: it is a line
        if not isinstance(message, Participants):
            broken = RuleBroken(rule, expected.encode(), line)
            raise Blamed(Fault(Role.SERVER, route.who, broken))
        remaining = message.remaining
        found += message.nicks
    if found != nicks:
        came = " ".join(("USUARIOS 0", *found))
        broken = RuleBroken(rule, expected.encode(), came.encode())
        raise Blamed(Fault(Role.SERVER, route.who, broken))


def _without_time(line: bytes) -> bytes:
    keyword, _, rest = line.partition(b" ")
    return keyword + rest.partition(b" ")[2]
