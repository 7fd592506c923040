"""Every client against every server, as real processes, and who broke which rule.

Each pair holds the same conversation (`conversation.py`), with a proxy between
them (`proxy.py`) that sees every line before its receiver does. So a pair that
fails says which of the two is to blame.
"""

import json
import random
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batepapo_conformance.conversation import Conversation
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict
from batepapo_conformance.process import Processes
from batepapo_conformance.proxy import Blamed, Proxy
from batepapo_conformance.referee import Fault
from batepapo_conformance.results import Broken, Result, Status, Verdict
from batepapo_conformance.spec import Level, load
from batepapo_conformance.starting import start_server
from batepapo_conformance.story import draw_failure
from batepapo_conformance.testee import (
    IMPLEMENTATIONS,
    BadTestee,
    Role,
    Testee,
    from_command,
    from_implementation,
)

_WIDTH: Final = 80
_OUTPUT: Final = 12  # lines of a program's own output in a report


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of one pair.

    `fault` says who broke what; `reason` why there is no verdict, or the
    traceback of a fault of the suite.
    """

    client: str
    server: str
    verdict: Verdict
    seconds: float
    fault: Fault | None = None
    reason: str = ""
    exchange: str = ""
    output: str = ""

    @property
    def blamed(self) -> str:
        """The name of the program that broke a rule, if one did."""
        if self.fault is None:
            return ""
        return self.client if self.fault.side is Role.CLIENT else self.server

    def as_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        data: dict[str, Any] = {
            "client": self.client,
            "server": self.server,
            "verdict": str(self.verdict),
            "seconds": round(self.seconds, 3),
            "reason": self.reason,
        }
        if self.fault is not None:
            broken = Broken.from_exception(self.fault.broken)
            data["fault"] = {
                "side": str(self.fault.side),
                "program": self.blamed,
                "participant": self.fault.who,
                "rule": broken.rule,
                "expected": broken.expected,
                "actual": broken.actual,
                "note": broken.note,
            }
        return data


def run(
    *,
    servers: Mapping[str, str],
    clients: Mapping[str, str],
    as_json: bool,
    out: TextIO,
    seed: int,
) -> int:
    """Let every client talk to every server, and draw the grid.

    Args:
        servers: their commands by name, with `{address} {port}`; none: the references.
        clients: the same with `{address} {port} {nick}`.
        as_json: write one JSON document instead of words.
        out: where to write.
        seed: of what is said in the conversations.

    Returns:
        an exit status: 0 all passed, 1 a pair failed, 2 a program would not
        start, 3 the suite itself is at fault.
    """
    console = Console(file=out, width=min(_WIDTH, Console(file=out).width))
    try:
        all_servers = _testees(Role.SERVER, servers)
        all_clients = _testees(Role.CLIENT, clients)
    except BadTestee as error:
        console.print(Text(str(error)))
        return Status.NO_VERDICT
    cells = []
    for client_name, client in all_clients.items():
        for server_name, server in all_servers.items():
            cell = _hold(client_name, client, server_name, server, seed)
            cells.append(cell)
            if not as_json:
                _tell(cell, console, seed)
    if as_json:
        document = {"seed": seed, "cells": [cell.as_json() for cell in cells]}
        out.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        console.print(_grid(cells, list(all_servers)))
    return _status(cells)


def _testees(role: Role, commands: Mapping[str, str]) -> dict[str, Testee]:
    if not commands:
        return {name: from_implementation(role, name) for name in IMPLEMENTATIONS}
    return {name: from_command(role, command) for name, command in commands.items()}


def _hold(
    client_name: str, client: Testee, server_name: str, server: Testee, seed: int
) -> Cell:
    """One conversation, from starting the server to a verdict."""
    record = Exchange()
    processes = Processes(record)
    chance = random.Random(f"{seed} {client_name} {server_name}")
    began = time.monotonic()
    fault = None
    reason = ""
    try:
        running = start_server(server, processes)
        with Proxy(running.endpoint, record) as proxy:
            Conversation(client, running, proxy, processes, chance).hold()
        verdict = Verdict.PASSED
    except Blamed as blamed:
        verdict, fault = Verdict.FAILED, blamed.fault
    except NoVerdict as nothing:
        verdict, reason = Verdict.NO_VERDICT, nothing.reason
    except Exception:  # whatever it is, it is the suite's own fault
        verdict, reason = Verdict.FAULT, traceback.format_exc()
    finally:
        processes.end()
    return Cell(
        client_name,
        server_name,
        verdict,
        time.monotonic() - began,
        fault,
        reason,
        record.draw(_WIDTH),
        _last_words(processes),
    )


def _last_words(processes: Processes) -> str:
    parts = []
    for process in processes.all:
        text = process.errors.tail.decode("utf-8", "backslashreplace")
        if text.strip():
            lines = [ascii(line)[1:-1] for line in text.splitlines()[-_OUTPUT:]]
            parts += [f"{process.who}, standard error:", *(f"  {li}" for li in lines)]
    return "\n".join(parts)


def _status(cells: list[Cell]) -> Status:
    verdicts = {cell.verdict for cell in cells}
    for verdict, status in (
        (Verdict.FAULT, Status.FAULT),
        (Verdict.FAILED, Status.FAILED),
        (Verdict.NO_VERDICT, Status.NO_VERDICT),
    ):
        if verdict in verdicts:
            return status
    return Status.PASSED


_STYLES: Final[Mapping[Verdict, str]] = {
    Verdict.PASSED: "green",
    Verdict.FAILED: "bold red",
    Verdict.KNOWN_FAILURE: "yellow",
    Verdict.NO_VERDICT: "yellow",
    Verdict.FAULT: "bold magenta",
}


def _tell(cell: Cell, console: Console, seed: int) -> None:
    """One line for a pair that passed, and the whole story of one that did not."""
    head = f"client {cell.client} with server {cell.server}: "
    console.print(Text(head).append(_word(cell), _STYLES[cell.verdict]), soft_wrap=True)
    if cell.fault is not None:
        side = f"The {cell.fault.side} ({cell.blamed}) broke the rule, with"
        console.print(
            Text(f"\n{side} {cell.fault.who}:\n{_story(cell)}"), soft_wrap=True
        )
        again = f"To repeat it: the same command with --seed {seed}"
        console.print(Text(again + "\n"), soft_wrap=True)
    elif cell.reason:
        console.print(Text(cell.reason), soft_wrap=True)


def _story(cell: Cell) -> str:
    if cell.fault is None:
        return cell.reason
    broken = Broken.from_exception(cell.fault.broken)
    result = Result(
        name=f"{cell.client} with {cell.server}",
        variant="",
        file="",
        requirements=(broken.rule,),
        level=Level.MUST,
        section="",
        sentence="",
        verdict=cell.verdict,
        broken=broken,
        exchange=cell.exchange,
        output=cell.output,
    )
    return draw_failure(result, load())


def _word(cell: Cell) -> str:
    match cell.verdict:
        case Verdict.PASSED:
            return f"passed in {cell.seconds:.1f} s"
        case Verdict.FAILED if cell.fault is not None:
            return f"FAILED, {cell.fault.side}: {cell.fault.broken.rule}"
        case _:
            return str(cell.verdict)


def _grid(cells: list[Cell], servers: list[str]) -> Table:
    """Clients down, servers across."""
    table = Table(title="Clients (down) with servers (across)", title_justify="left")
    table.add_column("client")
    for name in servers:
        table.add_column(f"server {name}")
    for client in dict.fromkeys(cell.client for cell in cells):
        row = [cell for cell in cells if cell.client == client]
        words = [Text(_word(cell), _STYLES[cell.verdict]) for cell in row]
        table.add_row(Text(client), *words)
    return table
