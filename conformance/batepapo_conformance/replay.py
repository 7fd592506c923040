"""Runs a transcript of `spec/transcripts` against a server.

The format is described in `spec/transcripts/README.md`. Each connection is read by
its own steps alone, so a session may show somebody who does not read.
"""

import re
import time
from collections.abc import Iterator, Sequence
from typing import Final

from batepapo_conformance import codec, delivery
from batepapo_conformance.connection import Ending
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.participant import Participant, fits
from batepapo_conformance.server import Server
from batepapo_conformance.speaker import PROMPT, line_of
from batepapo_conformance.spec import Transcript, load

_ARROWS = re.compile(r"(?P<name>\S+) (?P<arrow>->>|->|~>|<-|<~) (?P<rest>.*)")
_SAYS = re.compile(r"(?P<name>\S+) says (?P<times>\d+) times (?P<text>.*)")
_ENTERS = re.compile(rb"/ENTRAR ([^\r\n]*)")
_LISTS = re.compile(r"(?P<name>\S+) sees the list (?P<nicks>.+)")
_WAITS = re.compile(r"\S+ waits (?P<seconds>[\d.]+)")
_REPEATED = re.compile(r"<(\d+) x (.)>")
_NAMED = re.compile(r"<([a-z0-9]+(?: \d+)?)>")
_ESCAPED = re.compile(r"\\(r|n|\\|x[0-9A-Fa-f]{2})")
_CLOSED: Final = "closed"  # as the row of the table below
_VALUES = frozenset({"time", "explanation", "reason", "software"})

# The plain rule of each line, and the rules and families that concern it as well.
_RULES: Final = {
    "BATEPAPO": ("GREET-1", "GREET SERVE LIMIT"),
    "USUARIOS": ("LIST-1", "LIST-2 ORDER-2 ORDER-3 SERVE EOF LIMIT"),
    "ENTROU": ("ENTER-1", "ENTER EVENT ORDER SERVE EOF LIMIT"),
    "SAIU": ("LEAVE-3", "LEAVE EVENT ORDER CLOSE SLOW EOF"),
    "PUBLICA": ("PUBLIC-1", "PUBLIC EVENT ORDER EOF SLOW LIMIT-4"),
    "PRIVADA": ("PRIVATE-1", "PRIVATE EVENT ORDER SLOW EOF LIMIT-1"),
    "ENVIADA": ("PRIVATE-1", "PRIVATE ORDER SLOW EOF LIMIT-1"),
    "ERRO 01": ("ENTER-3", "ENTER-4 LIMIT-1"),
    "ERRO 02": ("PRIVATE-2", "SLOW ORDER EOF"),
    "ERRO 03": ("ERROR-1", "LIMIT CLOSE EOF SLOW"),
    "closed": ("EOF-1", "EOF LEAVE-2"),
}
# Why the stream ends after such a line, whatever the session is about.
_LAST_LINES: Final = {"ERRO 03 ": "ERROR-1", "SAIU ": "LEAVE-1"}


class Replay:
    """One session, step by step.

    Args:
        server: a server with the options of the transcript.
        transcript: what is said and answered.
    """

    def __init__(self, server: Server, transcript: Transcript) -> None:
        self._server = server
        self._shows = transcript.shows
        self._steps = transcript.steps
        self._people: dict[str, Participant] = {}
        self._times: dict[str, str] = {}
        self._sent: dict[str, bytes] = {}
        self._heard: dict[str, str] = {}  # the last line that was due to each

    def run(self) -> None:
        """Take every step.

        Raises:
            RuleBroken: a line is another than the session shows.
        """
        self._run(iter(self._steps))

    def _run(self, steps: Iterator[str]) -> None:
        for step in steps:
            if step == "either":
                self._run(iter(self._choose(branches(steps))))
            else:
                self._take(step)

    def _take(self, step: str) -> None:
        if arrow := _ARROWS.fullmatch(step):
            self._exchange(arrow["name"], arrow["arrow"], arrow["rest"])
        elif says := _SAYS.fullmatch(step):
            line = f":{repeated(says['text'])}\n".encode("ascii")
            self._people[says["name"]].send_pieces(line * int(says["times"]))
        elif lists := _LISTS.fullmatch(step):
            rule = self._rule("USUARIOS")
            self._people[lists["name"]].expect_list(lists["nicks"].split(" "), rule)
        elif waits := _WAITS.fullmatch(step):
            time.sleep(float(waits["seconds"]))
        else:
            self._connect_or_end(*step.split(" ", 1))

    def _connect_or_end(self, name: str, what: str) -> None:
        match what:
            case "connects":
                self._people[name] = self._server.dial(name)
            case "half-closes":
                self._people[name].half_close()
            case "closes":
                self._people[name].close()
            case "resets":
                self._people[name].reset()
            case "is closed":
                self._people[name].expect_closed(self._rule_of_the_end(name))
            case _:
                raise ValueError(f"not a step of a transcript: {name} {what}")

    def _exchange(self, name: str, arrow: str, rest: str) -> None:
        person = self._people[name]
        match arrow:
            case "->":
                self._send(person, f"{repeated(rest)}\n".encode("ascii"))
            case "->>":
                lines = [f"{repeated(line)}\n" for line in rest.split(" | ")]
                self._send(person, "".join(lines).encode("ascii"))
            case "~>":
                # Only who has read the piece before can see where it ended.
                delivery.wait_until_read(person.connection.socket)
                self._send(person, unescaped(repeated(rest)))
            case "<-":
                self._heard[name] = rest
                self._expect(person, rest)
            case _:
                while not self._expect(person, rest, insist=False):
                    pass

    def _rule_of_the_end(self, name: str) -> str:
        for line, rule in _LAST_LINES.items():
            if self._heard.get(name, "").startswith(line):
                return rule
        return self._rule("closed")

    def _send(self, person: Participant, octets: bytes) -> None:
        self._sent[person.name] = self._sent.get(person.name, b"") + octets
        person.send_pieces(octets)

    # ---- expected lines ----------------------------------------------------

    def _expect(self, person: Participant, form: str, *, insist: bool = True) -> bool:
        """Read a line; whether it is the expected one. If not: broken, or skipped."""
        resolved, rule = self._resolve(form), self._rule(form)
        if rule == "PRIVATE-1" and self._is_to_oneself(person, form):
            rule = "PRIVATE-3"
        # A limit of seconds may act up to 2 s late (section 1.5).
        timed = form.startswith("ERRO 03 tempo")
        within = person.scene.patience.testee.seconds(PROMPT) if timed else None
        message = person.read(resolved, rule, within)
        line = line_of(message)
        if not fits(resolved, line.decode("ascii")):
            if not insist:
                return False
            raise RuleBroken(person.blamed(rule, resolved, message), resolved, line)
        self._bind(form, message)
        return True

    def _is_to_oneself(self, person: Participant, form: str) -> bool:
        match form.split(" "):
            case ["PRIVADA", _, origin, *_]:
                return origin == f"<{person.name}>"
            case ["ENVIADA", nick]:
                return person.origin.startswith(f"{nick}@")
            case _:
                return False

    def _resolve(self, form: str) -> str:
        """Put in what is known by now; what is not yet stays open."""

        def known(match: re.Match[str]) -> str:
            name = match[1]
            if name in _VALUES:
                return match[0]
            if name.startswith("time "):
                return self._times.get(name, "<time>")
            return self._people[name].origin

        return repeated(_NAMED.sub(known, form))

    def _bind(self, form: str, message: codec.ServerMessage) -> None:
        """Learn times and origins where they occur for the first time."""
        for name in _NAMED.findall(form):
            if name.startswith("time ") and hasattr(message, "time"):
                self._times.setdefault(name, message.time)
            elif name in self._people and hasattr(message, "origin"):
                person, origin = self._people[name], str(message.origin)
                if person.origin == "<origin>":
                    at = f"{message.origin.nick}@{person.connection.local}"
                    if origin not in (at, f"{message.origin.nick}@-"):
                        raise RuleBroken("EVENT-3", at, origin.encode("ascii"))
                    self._is_a_nick_of(person, message.origin.nick)
                    person.origin = origin

    def _is_a_nick_of(self, person: Participant, nick: str) -> None:
        """Insist that somebody wrote its nick so when it entered (ENTER-2)."""
        written = _ENTERS.findall(self._sent.get(person.name, b""))
        if nick.encode("ascii") not in written:
            expected = b" or ".join(written).decode("latin-1")
            raise RuleBroken("ENTER-2", expected, nick.encode("ascii"))

    def _choose(self, branches: Sequence[Sequence[str]]) -> Sequence[str]:
        """Give the branch whose first line is the one that comes next."""
        begins = [_expected_line(branch[0]) for branch in branches]
        person, rule = self._people[begins[0][0]], self._rule(begins[0][1])
        forms = [self._resolve(form) for _, form in begins]
        first = person.listen(" or ".join(forms), rule)
        if isinstance(first, Ending):
            line, whole = first.value.encode("ascii"), _CLOSED
        else:
            person.connection.put_back(first)
            line, whole = self._peek(person, " or ".join(forms), rule)
        for form, branch in zip(forms, branches, strict=True):
            # Only `sees the list` stands for a list in as many lines as may be.
            in_one = _ARROWS.fullmatch(branch[0]) is not None
            if fits(form, line.decode("ascii")) if in_one else form == whole:
                return branch
        raise RuleBroken(rule, " or ".join(forms), line)

    def _peek(self, person: Participant, forms: str, rule: str) -> tuple[bytes, str]:
        """Give the next line; and if it is a list, the whole of it as one line."""
        messages = [person.read(forms, rule)]
        nicks: list[str] = []
        while isinstance(message := messages[-1], codec.Participants):
            nicks += message.nicks
            if not message.remaining:
                break
            messages.append(person.read("a further line of the list", "LIST-2"))
        for message in reversed(messages):
            person.connection.put_back(codec.encode(message))
        whole = line_of(message)
        if isinstance(message, codec.Participants):
            whole = " ".join(["USUARIOS 0", *nicks]).encode("ascii")
        return line_of(messages[0]), whole.decode("ascii")

    def _rule(self, form: str) -> str:
        """Which rule a step relies on: that of its message, or one that is shown.

        Of those that concern such a line it is the last one of the specification,
        which goes from the plain to the particular: a whole session must not blame
        a plain rule for what may be a particular mistake.
        """
        words = form.split(" ")
        kind = " ".join(words[:2]) if words[0] == "ERRO" else words[0]
        plain, about = _RULES[kind]
        shown = [
            rule
            for rule in self._shows
            if not {rule, rule.split("-")[0]}.isdisjoint(about.split())
        ]
        return max([plain, *shown], key=lambda rule: load().requirements[rule].rank)


def _expected_line(step: str) -> tuple[str, str]:
    """Give name and form of a step that expects a line, a whole list, or the end."""
    if lists := _LISTS.fullmatch(step):
        return lists["name"], f"USUARIOS 0 {lists['nicks']}"
    if step.endswith(" is closed"):
        return step.removesuffix(" is closed"), _CLOSED
    arrow = _ARROWS.fullmatch(step)
    if arrow is None or arrow["arrow"] != "<-":
        raise ValueError(f"a branch begins with an expected line: {step}")
    return arrow["name"], arrow["rest"]


def branches(steps: Iterator[str]) -> list[list[str]]:
    """Give the branches up to the `end`; those within a branch stay in it."""
    branches: list[list[str]] = [[]]
    depth = 0
    for step in steps:
        if step == "end" and not depth:
            return branches
        if step == "or" and not depth:
            branches.append([])
            continue
        depth += {"either": 1, "end": -1}.get(step, 0)
        branches[-1].append(step)
    raise ValueError("an `either` without its `end`")


def repeated(text: str) -> str:
    """Put in what `<N x C>` stands for."""
    return _REPEATED.sub(lambda match: match[2] * int(match[1]), text)


def unescaped(text: str) -> bytes:
    r"""Give the octets of a text with `\r`, `\n`, `\\` and `\xHH`."""
    plain = {"r": "\r", "n": "\n", "\\": "\\"}
    return _ESCAPED.sub(
        lambda match: plain.get(match[1]) or chr(int(match[1][1:], 16)), text
    ).encode("latin-1")
