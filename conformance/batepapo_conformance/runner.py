"""Runs the checks through pytest, in workers, and gathers what came out.

pytest's own output is not shown: what a check says is in its `Result`.
"""

import contextlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from batepapo_conformance.plugin import PROPERTY, cited
from batepapo_conformance.process import MARK, end_marked
from batepapo_conformance.results import Listed, Result
from batepapo_conformance.testee import Role

CHECKS: Final = Path(__file__).parent / "checks"

# Parts of pytest that do something around each check, and nothing for it.
_NOT_NEEDED: Final = (
    "logging",
    "faulthandler",
    "threadexception",
    "unraisableexception",
)


@dataclass(slots=True)
class Gathered:
    """What a run of pytest gave."""

    results: list[Result] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    total: int = 0
    interrupted: bool = False


def gather(
    role: Role,
    arguments: Sequence[str],
    *,
    jobs: int,
    told: Callable[[Gathered, Result], None],
) -> Gathered:
    """Run the checks of a role; `told` hears of every result as it comes.

    Nothing that was started outlives this call, however it ends.
    """
    parallel = ["-n", str(jobs), "--dist", "worksteal"] if jobs > 1 else []
    with quiet_environment() as mark:
        gatherer = _Gatherer(role, told, mark)
        try:
            status = pytest.main(
                [*frame(role), "--testee-role", role, *parallel, *arguments],
                plugins=[gatherer],
            )
        except KeyboardInterrupt:  # between two hooks of pytest
            status = pytest.ExitCode.INTERRUPTED
        finally:
            end_marked(mark)
    gathered = gatherer.gathered
    gathered.interrupted = status == pytest.ExitCode.INTERRUPTED
    if status in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        gathered.faults = gathered.faults or [f"pytest ended with status {status}"]
    return gathered


def collect(role: Role, only: Sequence[str] = ()) -> list[Listed]:
    """Every check of a role, or those that `only` means, without running them.

    Raises:
        RuntimeError: the checks themselves are at fault.
    """
    words = [word for one in only for word in ("--only", one)]
    with quiet_environment() as mark:
        gatherer = _Gatherer(role, lambda _, __: None, mark)
        pytest.main([*frame(role), "--collect-only", *words], plugins=[gatherer])
    if gatherer.gathered.faults:
        raise RuntimeError("\n".join(gatherer.gathered.faults))
    return gatherer.gathered.listed


def frame(*roles: Role) -> list[str]:
    """The arguments of pytest for every run of the checks of these roles."""
    return [
        f"--rootdir={CHECKS}",
        "-c",
        str(CHECKS / "pytest.ini"),
        "-p",
        "no:terminal",
        *(word for name in _NOT_NEEDED for word in ("-p", f"no:{name}")),
        "-p",
        "xdist.plugin",
        *(str(CHECKS / role) for role in roles),
    ]


@contextlib.contextmanager
def quiet_environment() -> Iterator[str]:
    """Keep the user's own pytest settings out, and mark all that is started."""
    before = dict(os.environ)
    mark = uuid.uuid4().hex
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ |= {MARK: mark, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        yield mark
    finally:
        os.environ.clear()
        os.environ.update(before)


class _Gatherer:
    """A plugin that listens to pytest in the process that the user started."""

    def __init__(
        self, role: Role, told: Callable[[Gathered, Result], None], mark: str
    ) -> None:
        self._role = role
        self._told = told
        self._mark = mark
        self._taken: set[str] = set()
        self.gathered = Gathered()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items:
            self.gathered.total = len(session.items)
            self.gathered.listed = listed(self._role, session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self.gathered.total = len(ids)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.gathered.faults.append(report.longreprtext)

    def pytest_keyboard_interrupt(self) -> None:
        # Who interrupts does not want to wait for checks that are under way.
        end_marked(self._mark)

    def pytest_internalerror(self, excrepr: object) -> bool:
        self.gathered.faults.append(str(excrepr))
        return True  # it is reported, and need not be printed as well

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        texts = texts_of(report)
        if not texts and report.failed:  # a worker that was killed, for instance
            self.gathered.faults.append(f"{report.nodeid}: {report.longreprtext}")
        for text in texts:
            if text not in self._taken:
                self._taken.add(text)
                result = Result.from_json(json.loads(text))
                self.gathered.results.append(result)
                self._told(self.gathered, result)


def texts_of(report: pytest.TestReport) -> list[str]:
    """The results that a report carries, as JSON; it may repeat an earlier one's."""
    texts = [str(text) for name, text in report.user_properties if name == PROPERTY]
    # A report repeats what earlier phases of the same check said.
    return texts[-1:] if report.when == "call" or report.failed else texts


def listed(role: Role, items: Sequence[pytest.Item]) -> list[Listed]:
    """The checks that pytest has collected, each once."""
    return list(_listed(role, items))


def _listed(role: Role, items: Sequence[pytest.Item]) -> Iterator[Listed]:
    by_name: dict[str, list[pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function):
            by_name.setdefault(item.originalname, []).append(item)
    for name, functions in by_name.items():
        ids = dict.fromkeys(one for item in functions for one in cited(item))
        variants = [one.callspec.id for one in functions if hasattr(one, "callspec")]
        yield Listed(
            role=role,
            name=name,
            variants=tuple(variants),
            ids=tuple(ids),
            sentence=" ".join((functions[0].function.__doc__ or "").split()),
        )
