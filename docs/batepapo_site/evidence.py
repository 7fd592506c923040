"""Tables of results on the pages of evidence: nobody has typed a verdict.

evidence made            when, on what, and of which commit the runs were made
evidence runs            a row a testee: MUSTs met, checks passed
evidence conformance     requirement by testee
evidence interop         client by server
evidence matrix          when and on what the kill matrix was made
evidence proofs          what it proves, counted
evidence specimens ROLE  what each wrong server or client does, and what caught it
evidence legal           the odd ones that have to pass
evidence flakes          what was repeated, how often, and what differed
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from batepapo_conformance import saved
from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.outcomes import SIGNS, Mark, Outcome, outcomes, score
from batepapo_conformance.results import Run, Verdict, as_sentence
from batepapo_conformance.spec import Level, Requirement, load
from batepapo_conformance.words import Language, Words
from batepapo_site import markdown
from batepapo_site.figures import number, results
from batepapo_site.gather import CONFORMANCE, FLAKES
from batepapo_site.here import Place
from batepapo_site.pages import SPECIFICATION, written
from batepapo_site.trouble import Trouble
from batepapo_site.words import table, words

_GOOD: Final = ("killed", "passed")
_CODE: Final = re.compile(r"(`[^`]*`)")
_SPECIAL: Final = re.compile(r"([\\*_\[\]|#~^])")


def evidence(argument: str, place: Place) -> str:
    """A table of results, by its name (see above)."""
    name, _, role = argument.partition(" ")
    make = _TABLES.get(name)
    if make is None or (role and role not in ("server", "client")):
        raise Trouble(f"there is no evidence {argument}: there is {', '.join(_TABLES)}")
    return make(role, place)


def plain(text: str) -> str:
    """A text as a cell of Markdown, whatever signs are in it; code stays code."""
    told = []
    for part in _CODE.split(" ".join(text.split())):
        if part.startswith("`"):
            told.append(part.replace("|", "\\|"))
        else:
            safe = part.replace("&", "&amp;").replace("<", "&lt;")
            told.append(_SPECIAL.sub(r"\\\1", safe).replace("{", "&#123;"))
    return "".join(told)


def when(moment: str, language: Language) -> str:
    """A moment of a result, as a date with its time."""
    found = datetime.fromisoformat(moment)
    form = "%Y-%m-%d %H:%M" if language is Language.ENGLISH else "%d/%m/%Y %H:%M"
    return f"{found.strftime(form)} UTC"


# ---- runs of the suite ----


def _runs() -> list[Run]:
    return [saved.from_json(one) for one in results(CONFORMANCE)["runs"]]


def _named(run: Run, say: Words) -> str:
    return f"{say(f'role.{run.role}')} {run.testee.rpartition(' ')[2]}"


def _made(_role: str, place: Place) -> str:
    return said_of(results(CONFORMANCE), place, "made")


def said_of(data: Mapping[str, Any], place: Place, key: str) -> str:
    """When, of which commit, and on what: as far as a file says it."""
    say = words(place.language)
    if key not in data or "about" not in data:
        return say("evidence.unknown")
    commit = data.get("commit", "")
    return say(
        "evidence.made",
        when=when(data[key], place.language),
        commit=say("evidence.commit", commit=commit) if commit else "",
        python=data["about"]["python"],
        platform=plain(data["about"]["platform"]),
    )


def _totals(_role: str, place: Place) -> str:
    say, language = words(place.language), place.language
    rows = []
    for run in _runs():
        met = score(run, outcomes(run, load()))
        count = {
            verdict: sum(one.verdict is verdict for one in run.results)
            for verdict in Verdict
        }
        bad = count[Verdict.FAILED] + count[Verdict.KNOWN_FAILURE]
        rows.append(
            (
                _named(run, say),
                _of(met.met, met.total, place),
                _of(count[Verdict.PASSED], len(run.results), place),
                number(bad, language),
                number(count[Verdict.NO_VERDICT] + count[Verdict.FAULT], language),
                number(run.seconds, language),
            )
        )
    heads = ("testee", "musts", "passed", "failed", "unjudged", "seconds")
    return table(_heads(heads, say), rows, "l" + "r" * 5)


def _of(count: int, total: int, place: Place) -> str:
    return words(place.language)(
        "evidence.of",
        number=number(count, place.language),
        total=number(total, place.language),
    )


def _grid(_role: str, place: Place) -> str:
    """Requirement by testee, a table for each chapter."""
    say = words(place.language)
    runs = _runs()
    found = [outcomes(run, load()) for run in runs]
    heads = [say("evidence.rule"), *(_named(run, say) for run in runs)]
    chapters: dict[str, list[Requirement]] = {}
    for one in load().requirements.values():
        chapters.setdefault(one.file, []).append(one)
    told = ['<div class="conformance" markdown>', ""]
    for file, rules in chapters.items():
        rows = [
            (
                place.to_rule(one.id),
                *(_cell(outcome.get(one.id)) for outcome in found),
                # Markdown already, as in the specification; but on one line.
                " ".join(one.said_in(place.language).text.split()).replace("|", r"\|"),
            )
            for one in rules
        ]
        anchor = file.removesuffix(".md")
        told += [f"### {_chapter(file, place)} {{ #{anchor} }}", ""]
        told += [table([*heads, say("evidence.says")], rows, "lcccc"), ""]
    return "\n".join((*told, "</div>"))


def _cell(outcome: Outcome | None) -> str:
    """A sign, and how many checks passed; nothing where the rule does not bind."""
    if outcome is None:
        return ""
    count = f" {outcome.passed}" if outcome.mark is Mark.PASSED else ""
    return f"{SIGNS[outcome.mark]}{count}"


def _chapter(file: str, place: Place) -> str:
    page = written()[f"{SPECIFICATION}/{file}"]
    source = page.source(place.language)
    if not source.is_file():
        source = page.source(Language.ENGLISH)
    title = markdown.headings(source.read_text(encoding="utf-8"))[0].title
    return f"[{title}]({place.to(page.path)})"


def _interop(_role: str, place: Place) -> str:
    say = words(place.language)
    cells = results(CONFORMANCE)["interop"]["cells"]
    servers = list(dict.fromkeys(one["server"] for one in cells))
    by_pair = {(one["client"], one["server"]): one for one in cells}
    rows = []
    for client in dict.fromkeys(one["client"] for one in cells):
        row = [f"{say('role.client')} {client}"]
        for server in servers:
            one = by_pair[client, server]
            seconds = number(one["seconds"], place.language, 1)
            sign = "✓" if one["verdict"] == "passed" else "✗"
            row.append(f"{sign} {_verdict(one['verdict'], place)}, {seconds} s")
        rows.append(row)
    heads = [
        say("evidence.against"),
        *(f"{say('role.server')} {one}" for one in servers),
    ]
    return table(heads, rows, "l" * len(heads))


def _verdict(verdict: str, place: Place) -> str:
    return words(place.language)(f"verdict.{verdict.replace(' ', '_')}")


# ---- the kill matrix ----


def _matrix(_role: str, place: Place) -> str:
    data = results(MATRIX)
    took = words(place.language)(
        "evidence.took",
        minutes=number(data["seconds"] / 60, place.language),
        seed=data["seed"],
    )
    return f"{said_of(data, place, 'began')} {took}"


def _proofs(_role: str, place: Place) -> str:
    say, data = words(place.language), results(MATRIX)
    specimens, checks = data["specimens"], data["checks"]
    wrong = [one for one in specimens if not one["legal"]]
    legal = [one for one in specimens if one["legal"]]
    musts = [one for one in data["requirements"] if one["level"] == Level.MUST]
    references = data["references"]
    counted = (
        ("killed", sum(one["verdict"] == "killed" for one in wrong), len(wrong)),
        ("legal", sum(one["verdict"] == "passed" for one in legal), len(legal)),
        ("proven", sum(bool(one["killers"]) for one in musts), len(musts)),
        ("busy", sum(bool(one["kills"]) for one in checks), len(checks)),
        (
            "references",
            sum(one["verdict"] == "passed" for one in references),
            len(references),
        ),
    )
    rows = [
        (say(f"evidence.{key}"), _of(count, total, place))
        for key, count, total in counted
    ]
    lacking = number(len(data["defects"]), place.language)
    rows.append((say("evidence.defects"), lacking))
    return table(_heads(("proof", "count"), say), rows, "lr")


def _specimens(role: str, place: Place) -> str:
    say = words(place.language)
    rows = []
    for one in results(MATRIX)["specimens"]:
        if one["legal"] or one["role"] != (role or "server"):
            continue
        named = list(dict.fromkeys(failed["check"] for failed in one["failures"]))
        caught = f"*{as_sentence(named[0])}*" if named else "✗"
        if one["verdict"] != "killed":
            first = one["first"] or "-"
            caught = say(
                "evidence.not",
                verdict=_verdict("killed", place),
                first=f"{caught} ({first})",
            )
        rows.append(
            (
                _called(one),
                place.to_rule(one["rule"]),
                plain(one["does"][place.language]),
                caught,
                number(max(0, len(named) - 1), place.language),
            )
        )
    heads = ("specimen", "breaks", "does", "first", "others")
    return table(_heads(heads, say), rows, "llllr")


def _called(specimen: Mapping[str, Any]) -> str:
    """Its name, which may go on in another line after each word of it."""
    return f'<code class="specimen">{specimen["name"].replace("_", "_<wbr>")}</code>'


def _legal(_role: str, place: Place) -> str:
    say = words(place.language)
    rows = [
        (
            _called(one),
            say(f"role.{one['role']}"),
            place.to_rule(one["rule"]),
            plain(one["does"][place.language]),
            f"{'✓' if one['verdict'] in _GOOD else '✗'} "
            f"{_verdict(one['verdict'], place)}",
        )
        for one in results(MATRIX)["specimens"]
        if one["legal"]
    ]
    heads = ("specimen", "role", "allows", "does", "verdict")
    return table(_heads(heads, say), rows, "lllll")


# ---- the flake rate ----


def _flakes(_role: str, place: Place) -> str:
    """What was repeated; then each check that did not always say the same."""
    say, language = words(place.language), place.language
    data = results(FLAKES)
    rows, told = [], []
    for one in data["references"]:
        name = f"{say('role.' + one['role'])} {one['implementation']}"
        part = f"{number(100 * one['flake_rate'], language, 2)} %"
        rows.append(
            (
                name,
                number(one["times"], language),
                number(one["checks"], language),
                f"{number(len(one['differing']), language)} ({part})",
                number(one["seconds"], language),
            )
        )
        told += [f"- {name}: `{check}`" for check in one["differing"]]
    heads = ("testee", "times", "checks", "differing", "seconds")
    made = table(_heads(heads, say), rows, "lrrrr")
    return "\n".join([said_of(data, place, "made"), "", made, "", *told])


# ---- all of them ----


def _heads(names: Iterable[str], say: Words) -> list[str]:
    return [say(f"evidence.{name}") for name in names]


_TABLES: Final[Mapping[str, Callable[[str, Place], str]]] = {
    "made": _made,
    "runs": _totals,
    "conformance": _grid,
    "interop": _interop,
    "matrix": _matrix,
    "proofs": _proofs,
    "specimens": _specimens,
    "legal": _legal,
    "flakes": _flakes,
}
