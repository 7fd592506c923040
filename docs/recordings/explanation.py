"""Makes the recordings that the pages of explanation show.

    python docs/recordings/explanation.py [NAME ...]

Each is a real conversation: a server, `batepapo proxy` in front of it, and a few
participants. It is made again until it shows what it is to show, for nobody can order
a race; then the connections get the names of those who are on them.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HERE = Path(__file__).parent

_TRIES = 30
"""Conversations after which we give up waiting for a race."""

Happenings = list[dict[str, object]]


class _Participant:
    """Somebody who speaks, and reads what comes."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.settimeout(5)
        self._heard = b""
        self.hear(b"BATEPAPO ")

    def leave(self) -> None:
        self._socket.close()

    def say(self, line: str) -> None:
        self._socket.sendall(line.encode("ascii") + b"\n")

    def hear(self, *words: bytes) -> str:
        """Read until the words have come, in any order; give all that has come."""
        while not all(word in self._heard for word in words) or (
            not self._heard.endswith(b"\n")
        ):
            chunk = self._socket.recv(4096)
            if not chunk:
                raise EOFError
            self._heard += chunk
        heard, self._heard = self._heard, b""
        return heard.decode("ascii")

    def hear_for(self, seconds: float) -> str:
        """Give what comes until nothing has come for so long."""
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            while chunk := self._socket.recv(4096):
                self._heard += chunk
        self._socket.settimeout(5)
        heard, self._heard = self._heard, b""
        return heard.decode("ascii")


def _enter_one_by_one(port: int, *nicks: str) -> list[_Participant]:
    people: list[_Participant] = []
    for nick in nicks:
        people.append(_Participant(port))
        people[-1].say(f"/ENTRAR {nick}")
        for one in people:
            one.hear(f" {nick}@".encode("ascii"))
    return people


# ---- what is said --------------------------------------------------------------------


def _two_at_the_same_time(port: int) -> list[_Participant]:
    people = _enter_one_by_one(port, "ana", "beto", "rui")
    ana, beto, _ = people
    ana.say(":cafe?")
    beto.say(":cha?")
    for one in people:
        one.hear(b":cafe?\n", b":cha?\n")
    return people


def _two_for_one_nick(port: int) -> list[_Participant]:
    (rui,) = _enter_one_by_one(port, "rui")
    racers = [_Participant(port), _Participant(port)]
    for racer in racers:
        racer.say("/ENTRAR ana")
    answers = [racer.hear(b"\n") for racer in racers]
    for racer, answer in zip(racers, answers, strict=True):
        if answer.startswith("ERRO"):
            racer.say("/ENTRAR bia")
    rui.hear_for(0.3)
    return [rui, *racers]


def _two_for_one_nick_and_both_get_it(port: int) -> list[_Participant]:
    (rui,) = _enter_one_by_one(port, "rui")
    racers = [_Participant(port), _Participant(port)]
    for racer in racers:
        racer.say("/ENTRAR ana")
    rui.hear_for(0.3)
    return [rui, *racers]


# ---- what it has to show -------------------------------------------------------------


def _together(happenings: Happenings) -> bool:
    """Whether both had spoken before anybody heard anything."""
    spoke = [
        number
        for number, one in enumerate(happenings)
        if one.get("kind") == "sent" and str(one["octets"]).startswith(":")
    ]
    heard = [
        number
        for number, one in enumerate(happenings)
        if "PUBLICA" in str(one.get("octets"))
    ]
    return bool(heard) and max(spoke) < min(heard)


def _raced(happenings: Happenings) -> bool:
    """Whether both had asked before anybody was answered."""
    asked = [
        number
        for number, one in enumerate(happenings)
        if one.get("kind") == "sent" and one["octets"] == "/ENTRAR ana\n"
    ]
    answered = [
        number
        for number, one in enumerate(happenings)
        if "ana@" in str(one.get("octets"))
    ]
    return bool(answered) and max(asked) < min(answered)


# ---- making one ----------------------------------------------------------------------


@contextmanager
def _started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a module; give it, and the port that its first line names."""
    environment = {**os.environ, "LANG": "pt", "LC_ALL": "", "LC_MESSAGES": ""}
    with subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        try:
            where = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
            assert where is not None
            yield process, int(where[1])
        finally:
            process.kill()


def _record(
    server: tuple[str, ...], conversation: Callable[[int], list[_Participant]], to: Path
) -> Happenings:
    with (
        _started(*server, "127.0.0.1", "0") as (_, port),
        _started(
            "batepapo", "proxy", f"127.0.0.1:{port}", "--alone", "--record", str(to)
        ) as (proxy, through),
    ):
        people = conversation(through)
        proxy.send_signal(signal.SIGINT)
        proxy.wait(20)
        for one in people:  # who leaves only now leaves no trace in the recording
            one.leave()
    return [json.loads(line) for line in to.read_text("ascii").splitlines()]


def _verdict(recording: Path) -> list[str]:
    """Give the rules that the judge found broken; none if all is well."""
    told = subprocess.run(
        [sys.executable, "-m", "batepapo", "judge", "--json", str(recording)],
        stdout=subprocess.PIPE,
        check=False,
    ).stdout
    judged = json.loads(told)
    return (
        ["unknown"]
        if judged["verdict"] == "unknown"
        else [failure["rule"] for failure in judged["failures"]]
    )


_RIGHT = ("batepapo_threaded", "server")
_RECORDINGS: dict[
    str,
    tuple[
        tuple[str, ...],
        Callable[[int], list[_Participant]],
        Callable[[Happenings], bool],
        list[str],
        tuple[str, ...],
    ],
] = {
    "one-order": (_RIGHT, _two_at_the_same_time, _together, [], ("ana", "beto", "rui")),
    "two-orders": (
        ("batepapo_zoo", "two_orders"),
        _two_at_the_same_time,
        _together,
        ["ORDER-1"],
        ("ana", "beto", "rui"),
    ),
    "race-for-a-nick": (_RIGHT, _two_for_one_nick, _raced, [], ("rui", "um", "dois")),
    "two-of-one-nick": (
        ("batepapo_zoo", "looks_then_takes"),
        _two_for_one_nick_and_both_get_it,
        _raced,
        ["ENTER-3"],
        ("rui", "um", "dois"),
    ),
}
"""For each: the server, what is said, what has to be seen, what the judge has to find
broken first, and who is on the connections, in the order of connecting."""


def make(name: str) -> None:
    """Make one recording, as `NAME.jsonl` beside this file."""
    server, conversation, shows, broken, people = _RECORDINGS[name]
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.jsonl"
        for _ in range(_TRIES):
            happenings = _record(server, conversation, raw)
            if shows(happenings) and _verdict(raw)[:1] == broken:
                break
        else:
            raise SystemExit(f"{name}: not seen in {_TRIES} conversations")
    names = {f"c{number}": nick for number, nick in enumerate(people, 1)}
    happenings[0]["of"] = f"{server[-1] if server != _RIGHT else server[0]}: {name}"
    for one in happenings:
        if "connection" in one:
            one["connection"] = names[str(one["connection"])]
    lines = [json.dumps(one, separators=(",", ":")) for one in happenings]
    (_HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n", "ascii")
    print(f"{name}: {len(happenings) - 2} happenings")


if __name__ == "__main__":
    for wanted in sys.argv[1:] or _RECORDINGS:
        make(wanted)
