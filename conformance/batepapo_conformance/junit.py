"""A run as JUnit XML, for the servers that build and show it.

What stands apart in our report stands apart here: a SHOULD or MAY that is not
met, a known failure and a check without a verdict are `skipped`, each with its
reason, so that only a MUST fails a build.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from batepapo_conformance.detail import Detail
from batepapo_conformance.results import Result, Run, Verdict
from batepapo_conformance.spec import Level, load
from batepapo_conformance.story import draw_failure, tell_stability
from batepapo_conformance.words import Language, Words

# What XML 1.0 cannot hold, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(run: Run, path: Path, words: Words | None = None) -> None:
    """Write the run to a file, one `testsuite` a section of the specification.

    The words of the stories are English unless others are given.

    Raises:
        OSError: the file cannot be written.
    """
    words = words or Words(Language.ENGLISH)
    root = ElementTree.Element("testsuites", name=f"batepapo {run.role}")
    by_section: dict[str, list[Result]] = {}
    for result in sorted(run.results, key=lambda one: _numbers(one.section)):
        by_section.setdefault(result.section, []).append(result)
    for section, results in by_section.items():
        root.append(_suite(run, f"{run.role}.{section}", results, words))
    if run.faults or run.trouble:
        root.append(_trouble(run))
    for name in ("tests", "failures", "errors"):
        total = sum(int(suite.get(name, "0")) for suite in root)
        root.set(name, str(total))
    root.set("time", f"{run.seconds:.3f}")
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _numbers(section: str) -> list[int]:
    return [int(number) for number in section.split(".")]


def _suite(
    run: Run, name: str, results: Iterable[Result], words: Words
) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=name)
    properties = ElementTree.SubElement(suite, "properties")
    said = {"testee": run.testee, **run.about}
    if run.seed is not None:
        said["seed"] = str(run.seed)
    for key, text in said.items():
        ElementTree.SubElement(properties, "property", name=key, value=_legal(text))
    seconds = 0.0
    for result in results:
        suite.append(_case(name, result, _story(result, run, words)))
        seconds += result.seconds
    _count(suite)
    suite.set("time", f"{seconds:.3f}")
    return suite


def _count(suite: ElementTree.Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for name, kind in (
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
    ):
        suite.set(name, str(len(suite.findall(f"testcase/{kind}"))))


def _story(result: Result, run: Run, words: Words) -> str:
    told = [draw_failure(result, load(), words, Detail(run.detail))]
    if result.repeated is not None:
        told += tell_stability(result.repeated, words)
    return "\n".join(told)


def _case(suite: str, result: Result, story: str) -> ElementTree.Element:
    case = ElementTree.Element(
        "testcase",
        name=result.full_name,
        classname=f"batepapo.{suite}",
        time=f"{result.seconds:.3f}",
    )
    rule = result.broken.rule if result.broken else ""
    match result.verdict:
        case Verdict.PASSED:
            pass
        case Verdict.FAILED if result.level is Level.MUST:
            failure = _add(case, "failure", rule, f"{rule} is broken: {result.title}")
            failure.text = _legal(story)
        case Verdict.FAILED:
            _add(case, "skipped", rule, f"{result.level} not met: {rule}")
            ElementTree.SubElement(case, "system-out").text = _legal(story)
        case Verdict.KNOWN_FAILURE:
            _add(case, "skipped", rule, f"known failure: {result.reason}")
        case Verdict.NO_VERDICT:
            _add(case, "skipped", "no verdict", result.reason)
        case Verdict.FAULT:
            error = _add(case, "error", "fault", "a fault of the suite")
            error.text = _legal(result.reason)
    return case


def _trouble(run: Run) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", name=f"{run.role}.run")
    classname = f"batepapo.{run.role}"
    case = ElementTree.SubElement(
        suite, "testcase", name="the run itself", classname=classname, time="0"
    )
    error = _add(case, "error", "run", run.trouble or "a fault of the suite")
    error.text = _legal("\n".join(run.faults) or run.trouble)
    _count(suite)
    suite.set("time", "0")
    return suite


def _add(
    case: ElementTree.Element, kind: str, type_: str, message: str
) -> ElementTree.Element:
    return ElementTree.SubElement(case, kind, type=type_, message=_legal(message))


def _legal(text: str) -> str:
    return _ILLEGAL.sub("?", text)
