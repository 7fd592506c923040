"""The parsers against the grammar itself, and there and back again."""

import random
from functools import cache
from pathlib import Path

import pytest
from abnf import ParseError, Rule

from batepapo_threaded.errors import InvalidServer, Malformed
from batepapo_threaded.messages import (
    Enter,
    Entered,
    Greeting,
    Leave,
    Left,
    ListParticipants,
    Participants,
    Private,
    Public,
    Refused,
    Request,
    Said,
    Sent,
    ServerMessage,
    Whispered,
    fold_nick,
    format_message,
    is_nick,
    parse_request,
    parse_server_message,
)

SPEC = Path(__file__).parents[3] / "spec"
TIME = "2026-11-20T18:57:11.537Z"
REQUESTS: list[Request] = [
    Enter("ana"),
    Public(" ::) "),
    Public("x" * 400),
    Private("Ana-1_z", "oi: tudo"),
    ListParticipants(),
    Leave(),
]
SERVER_MESSAGES: list[ServerMessage] = [
    Greeting("batepapo/0"),
    Participants(0, ()),
    Participants(0, ("ana",)),
    Participants(999999999, ("ana", "b" * 16)),
    Entered(TIME, "ana", "-"),
    Entered(TIME, "ana", "127.0.0.1:1"),
    Left(TIME, "ana", "[2001:db8::1]:65535", "adeus"),
    Said(TIME, "ana", "255.249.199.9:6553", ": oi"),
    Whispered(TIME, "a" * 16, "[" + "f" * 45 + "]:65535", "x" * 400),
    Sent("ana"),
    Refused("01", "ana", "em uso"),
    Refused("02", "fim", "x"),
    Refused("03", "fim", "x" * 400),
]


def name_of(message: object) -> str:
    return repr(message)[:70]


@cache
def grammar() -> type[Rule]:
    class Grammar(Rule):
        pass

    text = (SPEC / "grammar.abnf").read_text(encoding="ascii")
    Grammar.load_grammar("\r\n".join(text.splitlines()) + "\r\n")
    return Grammar


def derives(rule: str, line: bytes) -> bool:
    try:
        grammar()(rule).parse_all(line.decode("latin-1"))
    except ParseError:
        return False
    return True


def variants(line: bytes, seed: int) -> list[bytes]:
    """Make lines that are nearly this one."""
    choice = random.Random(seed)
    octets = b" :/@.-[]{}0129AZaz\x00\x1f\x20\x7e\x7f\r\n\xe9"
    made = []
    for _ in range(40):
        at = choice.randrange(len(line) + 1)
        octet = bytes([choice.choice(octets)])
        made += [
            line[:at] + octet + line[at:],
            line[:at] + line[at + 1 :],
            line[:at] + octet + line[at + 1 :],
        ]
    return [*made, line.lower(), line.upper(), b""]


@pytest.mark.parametrize("request_", REQUESTS, ids=name_of)
def test_a_request_survives_the_wire(request_: Request) -> None:
    line = format_message(request_)
    assert line.endswith(b"\n")
    assert derives("client-message", line[:-1])
    assert parse_request(line[:-1]) == request_


@pytest.mark.parametrize("message", SERVER_MESSAGES, ids=name_of)
def test_a_server_message_survives_the_wire(message: ServerMessage) -> None:
    line = format_message(message)
    assert line.endswith(b"\n")
    assert len(line) <= 512
    assert derives("server-message", line[:-1])
    assert parse_server_message(line[:-1]) == message


def test_quit_in_braces_means_to_leave() -> None:
    assert parse_request(b"{quit}") == Leave()


@pytest.mark.parametrize("request_", REQUESTS, ids=name_of)
def test_requests_are_judged_as_the_grammar_judges_them(request_: Request) -> None:
    for line in variants(format_message(request_)[:60].rstrip(b"\n"), seed=1):
        legal = derives("client-message", line)
        try:
            parse_request(line)
        except Malformed:
            assert not legal, line
        else:
            assert legal, line


@pytest.mark.parametrize("message", SERVER_MESSAGES, ids=name_of)
def test_server_messages_are_judged_as_the_grammar_judges_them(
    message: ServerMessage,
) -> None:
    for line in variants(format_message(message)[:120].rstrip(b"\n"), seed=2):
        legal = derives("server-message", line)
        try:
            parsed = parse_server_message(line)
        except InvalidServer:
            assert not legal, line
        else:
            assert legal, line
            assert format_message(parsed) == line + b"\n"


def test_a_text_has_400_octets_at_most() -> None:
    assert parse_request(b":" + b"x" * 400) == Public("x" * 400)
    with pytest.raises(Malformed):
        parse_request(b":" + b"x" * 401)
    with pytest.raises(InvalidServer):
        parse_server_message(b"ERRO 03 fim :" + b"x" * 401)


@pytest.mark.parametrize(
    ("text", "legal"),
    [
        ("a", True),
        ("a" * 16, True),
        ("a" * 17, False),
        ("", False),
        ("9a", False),
        ("-a", False),
        ("a-_9", True),
        ("a\n", False),
        ("á", False),
        ("a b", False),
    ],
)
def test_nicks(text: str, *, legal: bool) -> None:
    assert is_nick(text) is legal


def test_nicks_are_folded_by_letters_alone() -> None:
    assert fold_nick("AnA-_9") == fold_nick("aNa-_9")
    assert fold_nick("a-") != fold_nick("a_")
