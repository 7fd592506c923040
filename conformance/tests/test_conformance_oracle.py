"""The oracle against the transcripts: it allows what they show, and nothing near it."""

import re
from collections.abc import Iterator, Sequence

import pytest

from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.model.oracle import Oracle
from batepapo_conformance.replay import branches, repeated, unescaped
from batepapo_conformance.spec import load

TIME = "2026-01-31T12:00:00.000Z"
# Limits and clocks are no part of the model, nor is a reader that stops reading.
BEYOND = re.compile(r" says | waits |<~")
SESSIONS = {
    name: one
    for name, one in load().transcripts.items()
    if (not one.options or "--addresses" in one.options)
    and not any(BEYOND.search(step) for step in one.steps)
}


class Reading:
    """Tells the oracle one course of a transcript, as if a server had answered so."""

    def __init__(self) -> None:
        self.oracle = Oracle()
        self.asked: dict[str, list[str]] = {}
        self.refused: dict[str, int] = {}
        self.sent: dict[str, bytes] = {}
        self.at: dict[str, str] = {}

    def take_all(self, steps: Sequence[str]) -> "Reading":
        for step in steps:
            self.take(step)
        return self

    def take(self, step: str) -> None:
        name, what, *rest = step.split(" ", 2)
        match what:
            case "connects":
                self.at[name] = f"127.0.0.1:{50000 + len(self.at)}"
                self.asked[name] = []
                self.oracle.connects(name, self.at[name])
            case "half-closes":
                self.oracle.half_closes(name)
            case "closes" | "resets":
                self.oracle.breaks(name)
            case "is":
                self.oracle.hears_end(name)
            case "->":
                self.send(name, f"{repeated(rest[0])}\n".encode())
            case "->>":
                lines = [f"{repeated(one)}\n" for one in rest[0].split(" | ")]
                self.send(name, "".join(lines).encode())
            case "~>":
                self.send(name, unescaped(repeated(rest[0])))
            case "<-":
                self.hear(name, rest[0])
            case _:
                raise AssertionError(step)

    def send(self, name: str, octets: bytes) -> None:
        self.sent[name] = self.sent.get(name, b"") + octets
        self.asked[name] = re.findall(
            r"/ENTRAR (\S+)", self.sent[name].decode("latin-1")
        )
        self.oracle.sends(name, octets)

    def hear(self, name: str, form: str) -> None:
        self.oracle.hears(name, self.line(form))
        if form.startswith("ERRO 01"):
            self.refused[name] = self.refused.get(name, 0) + 1

    def line(self, form: str) -> bytes:
        """A line that fits the form."""
        form = re.sub(r"<(software|explanation|reason)>", "x", repeated(form))
        form = re.sub(r"<time(?: \d+)?>", TIME, form)
        return re.sub(r"<(\w+)>", self.origin, form).encode()

    def origin(self, found: re.Match[str]) -> str:
        name = found[1]
        return f"{self.asked[name][self.refused.get(name, 0)]}@{self.at[name]}"


def courses(steps: Sequence[str]) -> Iterator[list[str]]:
    """Every way through the branches of a transcript."""
    if "either" not in steps:
        yield list(steps)
        return
    begin = list(steps).index("either")
    rest = iter(steps[begin + 1 :])
    ways = branches(rest)
    after = list(rest)
    for way in ways:
        yield from courses([*steps[:begin], *way, *after])


EVERY_COURSE = [
    pytest.param(course, id=f"{name}-{number}")
    for name, session in SESSIONS.items()
    for number, course in enumerate(courses(session.steps))
]


def test_most_sessions_are_within_the_model() -> None:
    assert len(SESSIONS) >= 20


@pytest.mark.parametrize("course", EVERY_COURSE)
def test_what_a_transcript_shows_is_legal(course: list[str]) -> None:
    Reading().take_all(course)


@pytest.mark.parametrize("course", EVERY_COURSE)
def test_nothing_is_left_open_that_a_transcript_does_not_show(
    course: list[str],
) -> None:
    """What is still due at the end, nobody of the session has asked to read."""
    oracle = Reading().take_all(course).oracle
    readers = {step.split(" ")[0] for step in course if " <- " in step}
    last = {
        name: [s for s in course if s.startswith(f"{name} ")][-1] for name in readers
    }
    for name, step in last.items():
        if step.endswith("is closed") or step.split(" ")[1] in ("closes", "resets"):
            assert not oracle.expected(name)


def heard(course: Sequence[str]) -> list[int]:
    return [place for place, step in enumerate(course) if " <- " in step]


@pytest.mark.parametrize("course", EVERY_COURSE)
def test_a_line_that_is_missing_is_noticed_when_another_comes(
    course: list[str],
) -> None:
    """Without any one of its lines a connection's next line, or its end, surprises."""
    for place in heard(course):
        name = course[place].split(" ")[0]
        later = [step for step in course[place + 1 :] if step.startswith(f"{name} ")]
        if not any(" <- " in step or "is closed" in step for step in later):
            continue
        if is_like_the_next(course, place) or is_of_another(course[place]):
            continue
        with pytest.raises(RuleBroken):
            Reading().take_all([*course[:place], *course[place + 1 :]])


def is_of_another(step: str) -> bool:
    """A departure may come later than it was caused; see the next test."""
    return "SAIU" in step and f"<{step.split(' ', maxsplit=1)[0]}>" not in step


@pytest.mark.parametrize("course", EVERY_COURSE)
def test_what_a_transcript_shows_is_waited_for(course: list[str]) -> None:
    reading = Reading()
    for step in course:
        name = step.split(" ")[0]
        if " <- " in step or "is closed" in step:
            due = reading.oracle.is_due(name)
            assert due or len(reading.oracle.expected(name)) > 1, step
        reading.take(step)


def is_like_the_next(course: Sequence[str], place: int) -> bool:
    name = course[place].split(" ")[0]
    after = [s for s in course[place + 1 :] if re.match(rf"{name} (<-|is)", s)]
    return after[:1] == [course[place]]


@pytest.mark.parametrize("course", EVERY_COURSE)
def test_a_line_that_comes_twice_is_noticed(course: list[str]) -> None:
    for place in heard(course):
        with pytest.raises(RuleBroken):
            Reading().take_all([*course[: place + 1], course[place]])


@pytest.mark.parametrize("course", EVERY_COURSE)
def test_another_text_nick_or_cause_is_noticed(course: list[str]) -> None:
    for place in heard(course):
        step = course[place]
        for changed in (
            re.sub(r":(\w)", r":X\1", step),
            re.sub(r"(ENVIADA|ERRO 01|ERRO 02) (\w)", r"\1 z\2", step),
            step.replace("sintaxe", "fim").replace("estado", "sintaxe"),
            re.sub(r"(USUARIOS 0.*)", r"\1 zeta", step),
            step.replace("ENTROU", "SAIU").removesuffix(" :x")
            if "SAIU" in step
            else step.replace("PUBLICA", "PRIVADA"),
        ):
            if changed != step:
                with pytest.raises((RuleBroken, KeyError)):
                    Reading().take_all([*course[:place], changed])


# ---- sets of legal answers ---------------------------------------------------


def two_inside() -> Reading:
    return Reading().take_all(
        [
            "ana connects",
            "ana <- BATEPAPO 1 <software>",
            "ana -> /ENTRAR ana",
            "ana <- USUARIOS 0",
            "ana <- ENTROU <time> <ana>",
            "beto connects",
            "beto <- BATEPAPO 1 <software>",
            "beto -> /ENTRAR beto",
            "beto <- USUARIOS 0 ana",
            "beto <- ENTROU <time> <beto>",
            "ana <- ENTROU <time> <beto>",
        ]
    )


def event(keyword: str, who: str, text: str, at: str = "") -> bytes:
    port = {"ana": 50000, "beto": 50001}[who]
    return f"{keyword} {TIME} {who}@{at or f'127.0.0.1:{port}'} :{text}".encode()


def test_lines_under_way_may_come_in_either_order_but_in_one_for_all() -> None:
    oracle = two_inside().take_all(["ana -> :a", "beto -> :b"]).oracle
    assert len(oracle.expected("ana")) == 2
    oracle.hears("ana", event("PUBLICA", "beto", "b"))
    assert oracle.forms("beto").endswith(":b")
    with pytest.raises(RuleBroken) as broken:
        oracle.hears("beto", event("PUBLICA", "ana", "a"))
    assert broken.value.rule == "ORDER-1"


def test_a_reset_may_lose_the_last_lines_but_none_before_them() -> None:
    for lost in range(3):
        said = [":1", ":2"][: 2 - lost]
        reading = two_inside()
        reading.take_all(["ana ->> :1 | :2", "ana resets"])
        for text in said:
            reading.oracle.hears("beto", event("PUBLICA", "ana", text[1:]))
        reading.oracle.hears("beto", event("SAIU", "ana", "x"))
    oracle = two_inside().take_all(["ana ->> :1 | :2", "ana resets"]).oracle
    with pytest.raises(RuleBroken):
        oracle.hears("beto", event("PUBLICA", "ana", "2"))


def test_nothing_is_lost_where_only_one_side_was_closed() -> None:
    oracle = two_inside().take_all(["ana ->> :1 | :2", "ana half-closes"]).oracle
    with pytest.raises(RuleBroken):
        oracle.hears("beto", event("SAIU", "ana", "x"))


def test_whoever_ended_its_stream_is_still_answered() -> None:
    oracle = two_inside().take_all(["ana -> :1", "ana half-closes"]).oracle
    assert oracle.hears_nothing("ana", 5).rule == "EOF-1"
    with pytest.raises(RuleBroken) as broken:
        oracle.hears_end("ana")
    assert broken.value.rule == "EOF-1"


def test_a_fault_in_a_partial_line_may_be_answered_now_or_later() -> None:
    oracle = two_inside().take_all(["beto ~> x!"]).oracle
    assert not oracle.is_due("beto")
    assert not oracle.is_due("ana")
    assert "sintaxe" in oracle.forms("beto")
    later = oracle.fork()
    later.sends("beto", b"\n")
    assert later.is_due("ana")
    never = oracle.fork()
    never.half_closes("beto")
    assert len(never.expected("beto")) == 2  # the error, or just the end


def test_a_partial_line_that_could_be_mended_is_not_answered() -> None:
    oracle = two_inside().take_all(["beto ~> /SAI"]).oracle
    assert not oracle.expected("beto")
    oracle.half_closes("beto")
    oracle.hears_end("beto")
    assert "SAIU" in oracle.forms("ana")


def test_512_octets_without_an_end_are_answered() -> None:
    oracle = two_inside().take_all(["beto ~> :<511 x a>"]).oracle
    assert oracle.is_due("beto")
    assert oracle.is_due("ana")


def test_a_list_may_be_divided_as_the_server_likes() -> None:
    for lines in (
        ["USUARIOS 0 ana beto"],
        ["USUARIOS 1 ana", "USUARIOS 0 beto"],
    ):
        oracle = two_inside().take_all(["ana -> /USUARIOS"]).oracle
        for line in lines:
            oracle.hears("ana", line.encode())
        assert not oracle.expected("ana")


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        (["USUARIOS 0 beto ana"], "LIST-1"),
        (["USUARIOS 0 beto"], "LIST-1"),
        (["USUARIOS 0 ana"], "ORDER-3"),
        (["USUARIOS 0 ana beto carla"], "ORDER-3"),
        (["USUARIOS 0 Ana beto"], "ENTER-2"),
        (["USUARIOS 1 ana", "USUARIOS 1 beto"], "LIST-2"),
        (["USUARIOS 1 ana", "ENVIADA ana"], "LIST-2"),
    ],
)
def test_a_list_that_is_wrong_is_blamed(lines: list[str], rule: str) -> None:
    oracle = two_inside().take_all(["ana -> /USUARIOS"]).oracle
    *before, last = lines
    for line in before:
        oracle.hears("ana", line.encode())
    with pytest.raises(RuleBroken) as broken:
        oracle.hears("ana", last.encode())
    assert broken.value.rule == rule


def test_addresses_are_shown_or_hidden_but_not_both() -> None:
    oracle = two_inside().take_all(["ana -> :a"]).oracle
    with pytest.raises(RuleBroken) as broken:
        oracle.hears("ana", event("PUBLICA", "ana", "a", at="-"))
    assert broken.value.rule == "EVENT-3"


def test_one_event_is_one_line() -> None:
    oracle = two_inside().take_all(["ana -> :a"]).oracle
    oracle.hears("ana", event("PUBLICA", "ana", "a"))
    later = event("PUBLICA", "ana", "a").replace(b".000Z", b".001Z")
    with pytest.raises(RuleBroken) as broken:
        oracle.hears("beto", later)
    assert broken.value.rule == "EVENT-1"


def test_time_does_not_go_backwards() -> None:
    oracle = two_inside().take_all(["ana -> :a"]).oracle
    earlier = event("PUBLICA", "ana", "a").replace(b"2026", b"2025")
    with pytest.raises(RuleBroken) as broken:
        oracle.hears("ana", earlier)
    assert broken.value.rule == "ORDER-4"


@pytest.mark.parametrize(
    ("steps", "came", "rule"),
    [
        ([], event("PRIVADA", "beto", "psiu"), "PRIVATE-4"),
        ([], event("PUBLICA", "beto", "x"), "ORDER-1"),
        (["ana -> :a"], event("PUBLICA", "ana", "a "), "PUBLIC-2"),
        (["ana -> beto:x"], b"ERRO 02 beto :x", "PRIVATE-1"),
        (["ana -> carla:x"], b"ENVIADA carla", "PRIVATE-2"),
        (["ana ->> :1 | :2"], event("PUBLICA", "ana", "2"), "ORDER-1"),
        (["ana ->> carla:1 | :2"], event("PUBLICA", "ana", "2"), "ORDER-2"),
        (["ana -> /ENTRAR ana"], b"ERRO 01 ana :x", "STATE-2"),
    ],
)
def test_the_rule_of_a_surprise(steps: list[str], came: bytes, rule: str) -> None:
    oracle = two_inside().take_all(steps).oracle
    with pytest.raises(RuleBroken) as broken:
        oracle.hears("ana", came)
    assert broken.value.rule == rule


def test_a_nick_is_free_once_anybody_has_seen_the_departure() -> None:
    reading = two_inside().take_all(["beto resets", "carla connects"])
    reading.take_all(["carla <- BATEPAPO 1 <software>", "carla -> /ENTRAR beto"])
    both = reading.oracle.forms("carla")
    assert "ERRO 01 beto" in both
    assert "USUARIOS 0 ana" in both
    reading.take("ana <- SAIU <time> <beto> :<reason>")
    assert "ERRO 01 beto" in reading.oracle.forms("carla")  # it was sent before that
    reading.take_all(["carla <- ERRO 01 beto :x", "carla -> /ENTRAR beto"])
    assert reading.oracle.forms("carla") == "USUARIOS 0 ana"


def test_whoever_left_unseen_may_haunt_the_first_list_alone() -> None:
    reading = Reading().take_all(
        [
            "ana connects",
            "ana <- BATEPAPO 1 <software>",
            "ana -> /ENTRAR ana",
            "ana <- USUARIOS 0",
            "ana <- ENTROU <time> <ana>",
            "ana resets",
            "beto connects",
            "beto <- BATEPAPO 1 <software>",
            "beto -> /ENTRAR beto",
        ]
    )
    assert reading.oracle.forms("beto") == "USUARIOS 0 ana; or USUARIOS 0"
    reading.take_all(["beto <- USUARIOS 0 ana", "beto <- ENTROU <time> <beto>"])
    assert reading.oracle.is_due("beto")  # the SAIU that the list has promised
    reading.take("beto <- SAIU <time> <ana> :<reason>")


def test_the_model_reads_the_state_table_as_it_is_written() -> None:
    """Each row that a client can cause, in a room of two."""
    inputs = {
        "/ENTRAR nick, nick free": "/ENTRAR carla",
        "/ENTRAR nick, nick taken": "/ENTRAR Ana",
        "/ENTRAR nick": "/ENTRAR carla",
        "/SAIR or {quit}": "{quit}",
        ":text, nick:text or /USUARIOS": ":x",
        "a malformed line": "x",
        ":text": ":x",
        "nick:text, nick present": "ana:x",
        "nick:text, nick one's own": "beto:x",
        "nick:text, nick absent": "zeta:x",
        "/USUARIOS": "/USUARIOS",
    }
    rows = [row for row in load().states if row.input in inputs]
    assert len(rows) == len(inputs) + 2  # two of them in both states
    for row in rows:
        reading = two_inside()
        name = "beto"
        if row.state == "waiting":
            name = "davi"
            reading.take_all(["davi connects", "davi <- BATEPAPO 1 <software>"])
        reading.send(name, f"{inputs[row.input]}\n".encode())
        keywords = re.findall(r"[A-Z]{4,}(?: 0\d)?(?: sintaxe| estado)?", row.to_sender)
        for keyword in keywords:
            assert reading.oracle.forms(name).startswith(keyword), row
            reading.oracle.hears(name, legal_line(reading.oracle, name))
        assert (reading.oracle.forms(name) == "the end of the stream") == (
            row.next == "closed"
        ), row
        told = reading.oracle.forms("ana")
        assert told.startswith(row.to_others.split(",")[0].split(" ")[0] or "nothing")


def legal_line(oracle: Oracle, name: str) -> bytes:
    form = oracle.form(oracle.expected(name)[0]).replace("<time>", TIME)
    return re.sub(r"<\w+>", "x", form).encode()
