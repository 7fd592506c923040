"""Section 10.4: when something is wrong with the server."""

import pytest

from batepapo_conformance.checks.client.stage import Stage, nobody_listening
from batepapo_conformance.failure import RuleBroken
from batepapo_conformance.plugin import requirement
from batepapo_conformance.scripted_server import (
    entered,
    greeting,
    participants,
    refused,
)
from batepapo_conformance.terminal import Terminal

_RESOLVING = 15.0  # seconds: it may be taken for the name of a host (section 10.1)
_WHEN = "2026-01-31T12:00:00.000Z"
_BETO = f"{_WHEN} beto@127.0.0.1:50000"

_NO_GREETINGS = {
    "another version": b"BATEPAPO 2 scripted/1\n",
    "version 10": b"BATEPAPO 10 scripted/1\n",
    "version 01": b"BATEPAPO 01 scripted/1\n",
    "lower case": b"batepapo 1 scripted/1\n",
    "no software": b"BATEPAPO 1\n",
    "empty software": b"BATEPAPO 1 \n",
    "two tokens": b"BATEPAPO 1 scripted 1\n",
    "65 octets of software": b"BATEPAPO 1 " + b"x" * 65 + b"\n",
    "another protocol": b"220 mail.example.org ESMTP\r\n",
    "an empty line": b"\n",
    "a legal line": b"USUARIOS 0\n",
    "an error": b"ERRO 03 cheio :cheio\n",
    "an entry": f"ENTROU {_BETO}\n".encode(),
    "octets": bytes(range(128, 256)) + b"\n",
}

_NO_LINES = {
    "no keyword": b"OLA\n",
    "lower case": f"publica {_BETO} :oi\n".encode(),
    "empty line": b"\n",
    "two spaces": f"PUBLICA  {_BETO} :oi\n".encode(),
    "space at the end": b"ENVIADA beto \n",
    "empty text": f"PUBLICA {_BETO} :\n".encode(),
    "401 octets of text": f"PUBLICA {_BETO} :{'x' * 401}\n".encode(),
    "no origin": f"PUBLICA {_WHEN} :oi\n".encode(),
    "no port": f"ENTROU {_WHEN} beto@127.0.0.1\n".encode(),
    "port 65536": f"ENTROU {_WHEN} beto@127.0.0.1:65536\n".encode(),
    "address": f"ENTROU {_WHEN} beto@256.0.0.1:5\n".encode(),
    "nick": f"ENTROU {_WHEN} 1beto@-\n".encode(),
    "time without milliseconds": b"ENTROU 2026-01-31T12:00:00Z beto@-\n",
    "month 13": b"ENTROU 2026-13-31T12:00:00.000Z beto@-\n",
    "error 04": b"ERRO 04 beto :nao\n",
    "unknown cause": b"ERRO 03 cansaco :nao\n",
    "no explanation": b"ERRO 02 beto :\n",
    "CR inside": f"PUBLICA {_BETO} :o\ri\n".encode(),
    "two CR": f"PUBLICA {_BETO} :oi\r\r\n".encode(),
    "escape": f"PUBLICA {_BETO} :\x1b[31moi\n".encode(),
    "tab": f"PUBLICA {_BETO} :o\ti\n".encode(),
    "UTF-8": f"PUBLICA {_BETO} :não\n".encode(),
    "513 octets": b"USUARIOS 0" + b" abcdefghijklm" * 36 + b"\n",
    "512 octets, no LF": b"x" * 512,
    "client's line": b"/SAIR\n",
}

# Well-formed lines that a server may not send before the own `ENTROU`.
_TOO_EARLY = {
    "an event": [f"ENTROU {_BETO}"],
    "a public message": [f"PUBLICA {_BETO} :oi"],
    "a private message": [f"PRIVADA {_BETO} :oi"],
    "a departure": [f"SAIU {_BETO} :oi"],
    "an acknowledgement": ["ENVIADA beto"],
    "error 02": ["ERRO 02 ana :nao"],
    "error 01 for another": ["ERRO 01 beto :nao"],
    "a second greeting": ["BATEPAPO 1 scripted/1"],
    "another's entry after the list": ["USUARIOS 0", f"ENTROU {_BETO}"],
    "a message after the list": ["USUARIOS 0 beto", f"PUBLICA {_BETO} :oi"],
    "a second list": ["USUARIOS 0", "USUARIOS 0 beto"],
    "a list that does not count down": ["USUARIOS 2 beto", "USUARIOS 2 carla"],
    "a list that loses somebody": ["USUARIOS 2 beto", "USUARIOS 0 carla"],
    "a line within the list": ["USUARIOS 1 beto", f"ENTROU {_WHEN} ana@-"],
    "error 01 after the list": ["USUARIOS 0", "ERRO 01 ana :nao"],
}


def _gives_up(client: Terminal, *, rule: str, within: float | None = None) -> None:
    client.warns("ERRO 04", rule=rule, within=within)
    client.exits(4, rule=rule)


# ---- FAIL-1 ----


@requirement("FAIL-1", "QUIT-6")
@pytest.mark.parametrize("address", ["256.1.2.3", "1.2.3.4.5", ":::", "127.0.0.1:80"])
def test_a_malformed_address_is_error_04(stage: Stage, address: str) -> None:
    """“An address or port that is malformed”."""
    ana = stage.start("ana", address=address)
    _gives_up(ana, rule="FAIL-1", within=_RESOLVING)


@requirement("FAIL-1")
@pytest.mark.parametrize(
    "form", ["65536", "0{}", "x{}", "{}x", "{}.0", "99999999999999"]
)
def test_a_malformed_port_is_error_04(stage: Stage, form: str) -> None:
    """“An address or port that is malformed”."""
    ana = stage.start("ana", port=form.format(stage.server.endpoint.port))
    _gives_up(ana, rule="FAIL-1")
    if stage.server.is_called():
        raise RuleBroken("FAIL-1", "no connection", "a connection")


@requirement("FAIL-1", "ASK-2")
def test_a_malformed_port_that_was_asked_for_is_error_04(stage: Stage) -> None:
    """“An address or port that is malformed” - judged then or later."""
    ana = stage.start(None, port=None)
    ana.types("porta", "ana")
    _gives_up(ana, rule="FAIL-1")


@requirement("FAIL-1")
def test_a_refused_connection_is_error_04(stage: Stage) -> None:
    """“a server that cannot be reached (refused, unreachable, no route)”."""
    with nobody_listening() as nobody:
        ana = stage.start("ana", address=nobody.address, port=nobody.port)
        _gives_up(ana, rule="FAIL-1")


# ---- FAIL-2 ----


@requirement("FAIL-2")
@pytest.mark.parametrize("octets", _NO_GREETINGS.values(), ids=_NO_GREETINGS.keys())
def test_what_is_not_a_greeting_is_error_04(stage: Stage, octets: bytes) -> None:
    """“A first line that is not a greeting of version 1”."""
    ana = stage.start("ana")
    wire = stage.accept()
    wire.send_octets(octets)
    _gives_up(ana, rule="FAIL-2")


@requirement("FAIL-2")
@pytest.mark.parametrize(
    "octets", [b"", b"BATEPAPO 1 scripted/1"], ids=["no", "half a"]
)
@pytest.mark.parametrize("how", ["ended", "reset"])
def test_an_end_before_the_greeting_is_error_04(
    stage: Stage, octets: bytes, how: str
) -> None:
    """“an end of the connection before a greeting, MUST be reported as `ERRO 04`”."""
    ana = stage.start("ana")
    wire = stage.accept()
    wire.send_octets(octets)
    if how == "ended":
        wire.half_close()
    else:
        wire.reset()
    _gives_up(ana, rule="FAIL-2")


# ---- FAIL-4 ----


@requirement("FAIL-4")
@pytest.mark.parametrize("octets", _NO_LINES.values(), ids=_NO_LINES.keys())
def test_a_line_outside_the_grammar_is_error_04(stage: Stage, octets: bytes) -> None:
    """“A line outside the grammar, or over 512 octets”."""
    ana, wire = stage.enter("ana")
    wire.send_octets(octets)
    _gives_up(ana, rule="FAIL-4")


@requirement("FAIL-4")
def test_a_first_line_of_more_than_512_octets_is_error_04(stage: Stage) -> None:
    """“over 512 octets, MUST be reported as `ERRO 04`, as in FAIL-1, at any time”."""
    ana = stage.start("ana")
    wire = stage.accept()
    wire.send_octets(b"BATEPAPO 1 " + b"x" * 502)
    _gives_up(ana, rule="FAIL-4")


@requirement("FAIL-4")
@pytest.mark.parametrize("lines", _TOO_EARLY.values(), ids=_TOO_EARLY.keys())
def test_a_line_that_comes_too_early_is_error_04(
    stage: Stage, lines: list[str]
) -> None:
    """“before the own `ENTROU`, a line that a server may not send then”."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    wire.send(*lines)
    _gives_up(ana, rule="FAIL-4")


# ---- FAIL-5, FAIL-6 ----


@requirement("FAIL-5", "QUIT-6")
@pytest.mark.parametrize("when", ["greeted", "asked to enter", "in the list"])
def test_error_03_ends_with_status_3_at_any_time(stage: Stage, when: str) -> None:
    """“`ERRO 03` from the server MUST be reported with its cause”."""
    ana = stage.start("ana")
    if when == "greeted":
        wire = stage.accept()
        wire.send(greeting(), refused("03", "cheio"))
    else:
        wire = stage.greet("ana")
        before = [participants("beto", remaining=1)] if when == "in the list" else []
        wire.send(*before, refused("03", "cheio"))
    wire.half_close()
    ana.warns("ERRO 03", "cheio", rule="FAIL-5")
    ana.exits(3, rule="FAIL-5")


@requirement("FAIL-6", "QUIT-6")
@pytest.mark.parametrize("when", ["greeted", "in the list", "entered", "within a line"])
@pytest.mark.parametrize("how", ["ended", "reset"])
def test_a_lost_connection_is_error_03_rede(stage: Stage, when: str, how: str) -> None:
    """“lost or closed after the greeting without `ERRO 03`”."""
    ana = stage.start("ana")
    wire = stage.greet("ana")
    if when == "in the list":
        wire.send(participants("beto", remaining=1))
    elif when != "greeted":
        wire.send(participants(), entered("ana"))
        stage.settle(ana, wire)
    if when == "within a line":
        wire.send_octets(b"PUBLICA 2026-")
    if how == "ended":
        wire.half_close()
    else:
        wire.reset()
    ana.warns("ERRO 03", "rede", rule="FAIL-6")
    ana.exits(3, rule="FAIL-6")
