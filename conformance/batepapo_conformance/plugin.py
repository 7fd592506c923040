"""The pytest plugin: what every check can ask for, and what becomes of its outcome.

A check is an ordinary test function that cites its requirements:

    @requirement("ENTER-3")
    def test_a_taken_nick_is_refused(server): ...
"""

import json
import random
import signal
import traceback
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import pytest

from batepapo_conformance import warm
from batepapo_conformance.delivery import Delivery
from batepapo_conformance.exchange import Exchange
from batepapo_conformance.failure import NoVerdict, RuleBroken
from batepapo_conformance.process import Process, Processes, environment_of_testees
from batepapo_conformance.results import Broken, Result, Verdict
from batepapo_conformance.selection import selected
from batepapo_conformance.spec import Level, load
from batepapo_conformance.starting import RunningServer, describe_status, start_server
from batepapo_conformance.story import draw_failure, harmless
from batepapo_conformance.testee import (
    BadTestee,
    Role,
    Testee,
    choose_testee,
)
from batepapo_conformance.warm import Starter

_Check = TypeVar("_Check", bound=Callable[..., None])

PROPERTY: Final = "batepapo"
"""The name under which a test report carries its `Result`, as JSON."""

_OUTPUT_LINES: Final = 20
_TESTEE: Final = pytest.StashKey[Testee | None]()
_RECORD: Final = pytest.StashKey[Exchange]()
_STARTED: Final = pytest.StashKey[Processes]()


def requirement(*ids: str) -> Callable[[_Check], _Check]:
    """Cite the requirements that a check is about; the first one is its place."""
    return cast("Callable[[_Check], _Check]", pytest.mark.requirement(*ids))


def whole_only(reason: str) -> Callable[[_Check], _Check]:
    """Run a check with lines delivered whole alone, and say why."""
    return cast("Callable[[_Check], _Check]", pytest.mark.whole_only(reason))


# ---- arguments ---------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say how a testee is given, and what is selected."""
    group = parser.getgroup("batepapo", "Bate-papo conformance")
    group.addoption("--testee-role", choices=[str(role) for role in Role])
    group.addoption("--testee-command", metavar="COMMAND")
    group.addoption("--testee-at", metavar="ADDRESS:PORT")
    group.addoption("--testee-file", metavar="FILE")
    group.addoption("--testee-implementation", metavar="NAME")
    group.addoption("--warm", action="store_true", help="keep it loaded")
    group.addoption("--only", action="append", default=[], metavar="WHAT")
    group.addoption("--seed", type=int, metavar="N")
    group.addoption("--repeat", type=int, default=1, metavar="TIMES")
    group.addoption("--same-seed", action="store_true", help="each time")


def pytest_configure(config: pytest.Config) -> None:
    """Learn about the testee once; a worker of xdist is told by the controller."""
    config.addinivalue_line("markers", "requirement(*ids): the requirements it checks")
    config.addinivalue_line("markers", "whole_only(reason): not an axis of deliveries")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell starts background jobs so, and testees would inherit it: they
        # would be blamed for a Ctrl-C that the system never let them see.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.seed is None:
        config.option.seed = random.randrange(1_000_000)
    try:
        config.stash[_TESTEE] = _testee(config)
    except BadTestee as error:
        raise pytest.UsageError(str(error)) from error


def _testee(config: pytest.Config) -> Testee | None:
    option = config.option
    said = {
        "command": option.testee_command,
        "at": option.testee_at,
        "file": option.testee_file,
        "implementation": option.testee_implementation,
    }
    if all(one is None for one in said.values()):
        return None  # the checks are only to be listed
    return choose_testee(_role(config), **said, warm=option.warm)


def give_testee(config: pytest.Config, testee: Testee) -> None:
    """Let the checks that come be about this testee."""
    config.stash[_TESTEE] = testee


def _role(config: pytest.Config) -> Role:
    if config.option.testee_role is not None:
        return Role(config.option.testee_role)
    parts = {part for word in config.args for part in Path(word.split("::")[0]).parts}
    return Role.CLIENT if "client" in parts else Role.SERVER


# ---- which checks, and how often ---------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a check that asks for `delivery` in each of them."""
    if "delivery" in metafunc.fixturenames:
        whole = metafunc.definition.get_closest_marker("whole_only")
        deliveries = [Delivery.WHOLE] if whole else list(Delivery)
        metafunc.parametrize("delivery", deliveries, ids=str)
    times = metafunc.config.option.repeat
    if times > 1:
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", range(times), ids=lambda time: f"time{time}")


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Refuse checks without a known id; keep what was asked for."""
    known = load().requirements
    for item in items:
        unknown = sorted(set(cited(item)) - known.keys())
        if unknown or not cited(item):
            what = f"unknown ids {unknown}" if unknown else "no requirement"
            raise pytest.UsageError(f"{item.nodeid} cites {what}")
    only = config.option.only
    kept = [
        item
        for item in items
        if selected(only, item.name, [known[i] for i in cited(item)])
    ]
    if len(kept) < len(items):
        dropped = [item for item in items if item not in kept]
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept


def cited(item: pytest.Item) -> tuple[str, ...]:
    """The requirement ids that a check cites."""
    marks = item.iter_markers("requirement")
    return tuple(dict.fromkeys(name for mark in marks for name in mark.args))


# ---- what a check can ask for ------------------------------------------------


@pytest.fixture(scope="session")
def testee(pytestconfig: pytest.Config) -> Testee:
    """The program under test."""
    found = pytestconfig.stash[_TESTEE]
    if found is None:
        raise NoVerdict("no testee was given")
    return found


@pytest.fixture
def exchange(request: pytest.FixtureRequest) -> Exchange:
    """The record of this check; it becomes part of the report of a failure."""
    record = Exchange()
    request.node.stash[_RECORD] = record
    return record


@pytest.fixture(scope="session")
def starter(testee: Testee) -> Iterator[Starter]:
    """How programs are started: as users do, or the testee warm (see `warm.py`)."""
    if testee.keeper is None or not warm.POSSIBLE:
        yield warm.cold_in(testee.folder)
        return
    with warm.Warm(
        testee.keeper, testee.program, environment_of_testees(), testee.folder
    ) as one:
        yield one.start


@pytest.fixture
def processes(
    request: pytest.FixtureRequest, exchange: Exchange, starter: Starter
) -> Iterator[Processes]:
    """Where this check starts programs; all of them end with it."""
    started = Processes(exchange, starter)
    request.node.stash[_STARTED] = started
    yield started
    started.end()


@pytest.fixture(name="start_server")
def _start_server(testee: Testee, processes: Processes) -> Callable[..., RunningServer]:
    """Start the server testee on a fresh port (see `starting.start_server`)."""

    def start(**how: Any) -> RunningServer:
        return start_server(testee, processes, **how)

    return start


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers that come again with the same `--seed`.

    They are the same in every delivery, so that only the delivery differs.
    """
    return random.Random(f"{_seed(request.node)} {request.node.originalname}")


def _seed(item: pytest.Item) -> int:
    callspec = getattr(item, "callspec", None)
    repetition = callspec.params.get("repetition", 0) if callspec else 0
    if item.config.option.same_seed:
        repetition = 0
    return int(item.config.option.seed) + int(repetition)


# ---- what becomes of an outcome ----------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach a `Result` to the report, and say in our words what failed."""
    report = yield
    error = None if call.excinfo is None else call.excinfo.value
    if call.when != "call" and error is None:
        return report
    result = _result(item, call, error)
    report.user_properties.append((PROPERTY, json.dumps(result.as_json())))
    match result.verdict:
        case Verdict.NO_VERDICT:
            report.outcome = "skipped"
            path, line, _ = item.location
            report.longrepr = (path, line or 0, result.reason)
        case Verdict.FAILED:
            report.longrepr = draw_failure(result, load())
        case Verdict.PASSED | Verdict.KNOWN_FAILURE | Verdict.FAULT:
            pass
    return report


def _result(
    item: pytest.Item, call: pytest.CallInfo[None], error: BaseException | None
) -> Result:
    requirements = [load().requirements[name] for name in cited(item)]
    function = cast("pytest.Function", item)
    callspec = getattr(function, "callspec", None)
    delivery = callspec.params.get("delivery", "") if callspec else ""
    musts = any(one.level is Level.MUST for one in requirements)
    shoulds = any(one.level is Level.SHOULD for one in requirements)
    level = Level.MUST if musts else Level.SHOULD if shoulds else Level.MAY
    record = item.stash.get(_RECORD, None)
    verdict, broken, reason = _verdict(error, _deaths(item))
    return Result(
        name=function.originalname,
        variant=callspec.id if callspec else "",
        file=item.path.name,
        requirements=tuple(one.id for one in requirements),
        level=level,
        section=requirements[0].section,
        sentence=" ".join((function.function.__doc__ or "").split()),
        verdict=verdict,
        delivery=str(delivery),
        broken=broken,
        reason=reason,
        seconds=round(call.duration, 3),
        seed=_seed(item),
        exchange=record.draw() if record and verdict is not Verdict.PASSED else "",
        events=record.outline() if record and verdict is not Verdict.PASSED else (),
        output="" if verdict is Verdict.PASSED else _output(item),
    )


def _verdict(
    error: BaseException | None, deaths: str
) -> tuple[Verdict, Broken | None, str]:
    match error:
        case None:
            return Verdict.PASSED, None, ""
        case RuleBroken():
            if deaths:
                error.note = f"{error.note} {deaths}".strip()
            return Verdict.FAILED, Broken.from_exception(error), ""
        case NoVerdict():
            return Verdict.NO_VERDICT, None, error.reason
        case _:
            lines = traceback.format_exception(error)
            return Verdict.FAULT, None, "".join(lines)


def _deaths(item: pytest.Item) -> str:
    """Which testees ended by themselves while the check still needed them."""
    started = item.stash.get(_STARTED, None)
    return " ".join(
        f"The testee ({process.who}) has ended by itself,"
        f" with {describe_status(process.status)}."
        for process in (started.all if started else ())
        if process.status is not None and not process.signalled
    )


def _output(item: pytest.Item) -> str:
    started = item.stash.get(_STARTED, None)
    return "\n".join(
        part for process in (started.all if started else ()) for part in _ends(process)
    )


def _ends(process: Process) -> Iterator[str]:
    for name, stream in (
        ("standard output", process.output),
        ("standard error", process.errors),
    ):
        text = stream.tail.decode("utf-8", "backslashreplace")
        lines = [harmless(line) for line in text.splitlines()]
        if lines:
            yield f"{process.who}, {name} ({stream.total} octets), its end:"
            yield from (f"  {line}" for line in lines[-_OUTPUT_LINES:])
