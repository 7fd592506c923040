"""An hour of a lecture on each server: what it holds at the end, and what was seen.

    python tests/under_fire/soak.py --minutes 60

All connections go through `batepapo proxy`, which records them. What the server holds
is compared after a crowd has left, both times: a first one, of a minute, and the one of
an hour. Then the judge has to pass on the recording. Exit status: 0 if both servers
hold what they should, 1 if one does not.
"""

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from lecture import PARTICIPANTS, NotServed, lecture
from target import MIB, PATIENCE, Target

MORE_MEMORY = 4 * MIB
"""Octets by which the memory may have grown. It is what the system counts (resident),
not what the program uses: the allocator keeps what was freed, by chance more or less.
In an hour some three million lines are delivered: an octet lost for each is 3 MiB.
A connection that is not forgotten costs kilobytes, and there are 3600 of them."""

FIRST = 60.0
"""Seconds of the first crowd: the memory that only a crowd needs is there after it."""


CLOSED_BY = 7.0
"""Seconds after which nobody is connected any more: the 5 s of CLOSE-2, and the 2 s by
which a time limit may be late (section 1.5)."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a server holds when nobody is there: octets, threads, descriptors."""

    memory: int
    threads: int
    descriptors: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one server.

    Attributes:
        visits: connections that came in the long part.
        verdict: of the judge; `failures` are the rules that it found broken.
        trouble: what did not hold, in words; none if all is well.
    """

    implementation: str
    minutes: float
    before: Held
    after: Held
    visits: int
    lines: int
    events: int
    verdict: str
    failures: list[str]
    trouble: list[str]


@contextmanager
def recorded(target: Target, to: Path) -> Iterator[tuple[str, int]]:
    """Record what passes between clients and a server; gives where clients connect."""
    command = [sys.executable, "-m", "batepapo", "proxy"]
    server = "{}:{}".format(*target.address)
    options = ["--listen", "127.0.0.1:0", "--record", str(to), "--alone"]
    with subprocess.Popen(
        [*command, server, *options], stdout=subprocess.PIPE, text=True
    ) as proxy:
        try:
            assert proxy.stdout is not None
            where = proxy.stdout.readline().split(",")[0]
            yield ("127.0.0.1", int(where.rpartition(":")[2]))
            proxy.send_signal(signal.SIGTERM)
            proxy.wait(PATIENCE)
        finally:
            proxy.kill()


def held(target: Target) -> Held:
    """Give what it holds when everybody has left and must have been closed."""
    time.sleep(CLOSED_BY)
    descriptors, threads = target.spending()
    return Held(target.memory(), threads, descriptors)


def compare(before: Held, after: Held) -> Iterator[str]:
    """Say what there is more of at the end than at the beginning."""
    if after.memory > before.memory + MORE_MEMORY:
        yield f"the memory grew by {(after.memory - before.memory) / MIB:.1f} MiB"
    if after.threads > before.threads:
        yield f"{after.threads - before.threads} threads more"
    if after.descriptors > before.descriptors:
        yield f"{after.descriptors - before.descriptors} descriptors more"


def soak(implementation: str, minutes: float, seed: int, folder: Path) -> Outcome:
    """Let a server be used for so many minutes, and judge it."""
    recording = folder / f"{implementation}.jsonl"
    log = folder / f"{implementation}.log"
    trouble: list[str] = []
    with Target(implementation, log) as target:
        with recorded(target, recording) as address:
            with lecture(address, seed) as first:
                first.go_on(min(FIRST, minutes * 60 / 4))
            before = held(target)
            with lecture(address, seed + 1) as long:
                long.go_on(minutes * 60)
            after = held(target)
        trouble += compare(before, after)
        if (seconds := target.end()) >= 2:
            trouble.append(f"its end took {seconds:.1f} s")
    judgement = judged(recording)
    if judgement["verdict"] != "pass":
        trouble.append(f"the judge says {judgement['verdict']}")
    return Outcome(
        implementation,
        minutes,
        before,
        after,
        long.visits,
        judgement["lines"],
        judgement["events"],
        judgement["verdict"],
        [one["rule"] for one in judgement["failures"]],
        trouble,
    )


def judged(recording: Path) -> dict:
    """Put a recording before the judge."""
    command = [sys.executable, "-m", "batepapo", "judge", "--json", str(recording)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(done.stdout)


def tell(one: Outcome) -> str:
    """Tell an outcome in words, at most 80 columns wide."""
    lines = [
        f"{one.implementation}: {one.minutes:g} minutes, {PARTICIPANTS} participants, "
        f"{one.visits} visits",
        f"  {one.events} events, {one.lines} lines seen, the judge: {one.verdict}",
        "  nobody there    before     after",
    ]
    for what, unit in (("memory", MIB), ("threads", 1), ("descriptors", 1)):
        then, now = getattr(one.before, what) / unit, getattr(one.after, what) / unit
        name = f"{what} (MiB)" if unit == MIB else what
        digits = 1 if unit == MIB else 0
        lines.append(f"  {name:<12} {then:>9.{digits}f} {now:>9.{digits}f}")
    lines += [f"  NOT AS IT SHOULD BE: {what}" for what in one.trouble] or [
        "  as before"
    ]
    return "\n".join(lines)


@click.command(help=__doc__.split("\n")[0])
@click.option("--minutes", type=click.FloatRange(0.1), default=60, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--implementation",
    type=click.Choice(["threaded", "asyncio", "both"]),
    default="both",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of words.")
def main(minutes: float, seed: int, implementation: str, as_json: bool) -> None:
    names = ["threaded", "asyncio"] if implementation == "both" else [implementation]
    with (
        tempfile.TemporaryDirectory(prefix="soak-") as folder,
        ThreadPoolExecutor() as threads,
    ):
        running = [
            threads.submit(soak, name, minutes, seed, Path(folder)) for name in names
        ]
        outcomes = []
        for name, one in zip(names, running, strict=True):
            try:
                outcomes.append(one.result())
            except (NotServed, AssertionError, OSError) as error:
                click.echo(f"{name}: NOT AS IT SHOULD BE: {error}", err=True)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in outcomes], indent=1))
    else:
        click.echo("\n\n".join(tell(one) for one in outcomes))
    well = len(outcomes) == len(names) and not any(one.trouble for one in outcomes)
    sys.exit(not well)


if __name__ == "__main__":
    main()
