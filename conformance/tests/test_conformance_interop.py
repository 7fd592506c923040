"""Pairs of real programs: the references, a wrong one, and none at all."""

import io
import json
import sys
from typing import Any

import pytest

from batepapo_conformance.interop import run
from batepapo_conformance.testee import Role, reference_command

MISSING = "/nowhere/no-such-program {address} {port}"


def command(role: Role, name: str) -> str:
    return " ".join(f"'{word}'" for word in reference_command(role, name))


def specimen(name: str) -> str:
    return f"'{sys.executable}' -m batepapo_zoo {name} {{address}} {{port}}"


def held(**how: Any) -> tuple[int, str]:
    out = io.StringIO()
    more: dict[str, Any] = {"servers": {}, "clients": {}, "as_json": False, "seed": 7}
    status = run(out=out, **{**more, **how})
    return status, out.getvalue()


@pytest.mark.parametrize("client", ["threaded", "asyncio"])
def test_the_references_understand_each_other(client: str) -> None:
    status, text = held(clients={client: command(Role.CLIENT, client)})
    assert status == 0, text
    assert text.count("passed in") == 4  # two pairs, each told and in the grid
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("no_echo", "PUBLIC-1"),
        ("list_without_owner", "LIST-1"),
        ("nick_stays_taken", "ENTER-5"),
    ],
)
def test_a_wrong_server_is_blamed_and_not_its_client(name: str, rule: str) -> None:
    clients = {"threaded": command(Role.CLIENT, "threaded")}
    status, text = held(servers={name: specimen(name)}, clients=clients, as_json=True)
    assert status == 1
    cell = json.loads(text)["cells"][0]
    assert cell["verdict"] == "failed"
    assert (cell["fault"]["program"], cell["fault"]["rule"]) == (name, rule)


def test_a_failure_is_told_with_the_rule_the_octets_and_the_timeline() -> None:
    wrong = specimen("list_without_owner")
    clients = {"threaded": command(Role.CLIENT, "threaded")}
    status, text = held(servers={"wrong": wrong}, clients=clients)
    assert status == 1
    for expected in ("(wrong)", "LIST-1", "expected", "USUARIOS 0", "--seed 7", "->"):
        assert expected in text


def test_a_program_that_does_not_exist_is_no_verdict() -> None:
    clients = {"threaded": command(Role.CLIENT, "threaded")}
    status, text = held(servers={"nobody": MISSING}, clients=clients)
    assert status == 2
    assert "no-such-program" in text


def test_a_command_without_placeholders_is_no_verdict() -> None:
    status, text = held(servers={"odd": "program"})
    assert status == 2
    assert "{address}" in text
