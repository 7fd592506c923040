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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from batepapo_conformance import saved
from batepapo_conformance.diagnosis import MATRIX
from batepapo_conformance.outcomes import SIGNS, Mark, Outcome, outcomes, score
from batepapo_conformance.results import Run, Verdict, as_sentence
from batepapo_conformance.spec import Level, Requirement, load
from batepapo_conformance.words import Language
from batepapo_site import markdown
from batepapo_site.figures import number, results
from batepapo_site.gather import CONFORMANCE, FLAKES
from batepapo_site.here import Place
from batepapo_site.pages import SPECIFICATION, written
from batepapo_site.trouble import Trouble

Say = Mapping[str, str]
_GOOD: Final = ("killed", "passed")
_CODE: Final = re.compile(r"(`[^`]*`)")
_SPECIAL: Final = re.compile(r"([\\*_\[\]|#~^])")

_SAY: Final[Mapping[Language, Say]] = {
    Language.ENGLISH: {
        "server": "server",
        "client": "client",
        "role": "role",
        "proof": "what is proven",
        "count": "how many",
        "against": "client, server",
        "made": "Made {when}{commit}, with Python {python}, on {platform}.",
        "commit": " of commit `{commit}`",
        "unknown": "The file does not say when, nor on what, it was measured.",
        "took": "It took {minutes} minutes; the seed is {seed}.",
        "testee": "testee",
        "musts": "MUSTs met",
        "passed": "checks passed",
        "unjudged": "without a verdict",
        "failed": "failed",
        "of": "{number} of {total}",
        "rule": "requirement",
        "says": "what it says",
        "killed": "Wrong programs found out, with the right rule named first",
        "legal": "Odd but legal programs that pass",
        "proven": "MUSTs that some wrong program breaks, and a check citing them finds "
        "(one for servers and clients counts twice)",
        "busy": "Checks that some wrong program fails",
        "references": "References that pass all of it",
        "defects": "What is lacking",
        "specimen": "specimen",
        "breaks": "breaks",
        "allows": "allowed by",
        "does": "it ...",
        "first": "found first by",
        "others": "other checks",
        "checks_passed": "checks passed",
        "verdict": "verdict",
        "times": "times",
        "checks": "checks",
        "differing": "did not always say the same",
        "seconds": "seconds",
        "not": "not {verdict}: {first}",
    },
    Language.PORTUGUESE: {
        "server": "servidor",
        "client": "cliente",
        "role": "papel",
        "proof": "o que fica provado",
        "count": "quantos",
        "against": "cliente, servidor",
        "made": "Feito em {when}{commit}, com Python {python}, em {platform}.",
        "commit": " no commit `{commit}`",
        "unknown": "O arquivo não diz quando, nem em que máquina, foi medido.",
        "took": "Levou {minutes} minutos; a semente é {seed}.",
        "testee": "programa",
        "musts": "DEVE cumpridos",
        "passed": "verificações que passam",
        "unjudged": "sem veredito",
        "failed": "que falham",
        "of": "{number} de {total}",
        "rule": "requisito",
        "says": "o que diz",
        "killed": "Programas errados descobertos, com a regra certa em primeiro lugar",
        "legal": "Programas estranhos, mas permitidos, que passam",
        "proven": "Requisitos DEVE que algum programa errado quebra, e que uma "
        "verificação que os cita descobre (um para servidores e clientes conta "
        "duas vezes)",
        "busy": "Verificações em que algum programa errado falha",
        "references": "Referências que passam em tudo",
        "defects": "O que falta",
        "specimen": "espécime",
        "breaks": "quebra",
        "allows": "permitido por",
        "does": "ele ...",
        "first": "quem descobriu primeiro",
        "others": "outras verificações",
        "checks_passed": "verificações que passam",
        "verdict": "veredito",
        "times": "vezes",
        "checks": "verificações",
        "differing": "nem sempre disseram o mesmo",
        "seconds": "segundos",
        "not": "não {verdict}: {first}",
    },
}
_VERDICTS: Final = {
    "passed": "passou",
    "failed": "falhou",
    "killed": "descoberto",
    "survived": "sobreviveu",
    "blamed wrongly": "acusado do que não fez",
    "false alarm": "alarme falso",
    "fault": "erro da suíte",
    "no verdict": "sem veredito",
    "fault of the suite": "erro da suíte",
}


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


def _named(run: Run) -> str:
    return run.testee.rpartition(" ")[2]


def _made(_role: str, place: Place) -> str:
    return _said_of(results(CONFORMANCE), place, "made")


def _said_of(data: Mapping[str, Any], place: Place, key: str) -> str:
    """When, of which commit, and on what: as far as a file says it."""
    say = _SAY[place.language]
    if key not in data or "about" not in data:
        return say["unknown"]
    commit = data.get("commit", "")
    return say["made"].format(
        when=when(data[key], place.language),
        commit=say["commit"].format(commit=commit) if commit else "",
        python=data["about"]["python"],
        platform=plain(data["about"]["platform"]),
    )


def _totals(_role: str, place: Place) -> str:
    say, language = _SAY[place.language], place.language
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
                f"{say[str(run.role)]} {_named(run)}",
                _of(met.met, met.total, place),
                _of(count[Verdict.PASSED], len(run.results), place),
                number(bad, language),
                number(count[Verdict.NO_VERDICT] + count[Verdict.FAULT], language),
                number(run.seconds, language),
            )
        )
    heads = ("testee", "musts", "passed", "failed", "unjudged", "seconds")
    return _table((say[one] for one in heads), rows, "l" + "r" * 5)


def _of(count: int, total: int, place: Place) -> str:
    return _SAY[place.language]["of"].format(
        number=number(count, place.language), total=number(total, place.language)
    )


def _grid(_role: str, place: Place) -> str:
    """Requirement by testee, a table for each chapter."""
    say = _SAY[place.language]
    runs = _runs()
    found = [outcomes(run, load()) for run in runs]
    heads = [say["rule"], *(f"{say[str(run.role)]} {_named(run)}" for run in runs)]
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
        told += [_table([*heads, say["says"]], rows, "lcccc"), ""]
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
    say = _SAY[place.language]
    cells = results(CONFORMANCE)["interop"]["cells"]
    servers = list(dict.fromkeys(one["server"] for one in cells))
    by_pair = {(one["client"], one["server"]): one for one in cells}
    rows = []
    for client in dict.fromkeys(one["client"] for one in cells):
        row = [f"{say['client']} {client}"]
        for server in servers:
            one = by_pair[client, server]
            seconds = number(one["seconds"], place.language, 1)
            sign = "✓" if one["verdict"] == "passed" else "✗"
            row.append(f"{sign} {_verdict(one['verdict'], place)}, {seconds} s")
        rows.append(row)
    heads = [say["against"], *(f"{say['server']} {one}" for one in servers)]
    return _table(heads, rows, "l" * len(heads))


def _verdict(verdict: str, place: Place) -> str:
    if place.language is Language.ENGLISH:
        return verdict
    return _VERDICTS.get(verdict, verdict)


# ---- the kill matrix ----


def _matrix(_role: str, place: Place) -> str:
    data = results(MATRIX)
    took = _SAY[place.language]["took"].format(
        minutes=number(data["seconds"] / 60, place.language), seed=data["seed"]
    )
    return f"{_said_of(data, place, 'began')} {took}"


def _proofs(_role: str, place: Place) -> str:
    say, data = _SAY[place.language], results(MATRIX)
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
    rows = [(say[key], _of(count, total, place)) for key, count, total in counted]
    rows.append((say["defects"], number(len(data["defects"]), place.language)))
    return _table((say["proof"], say["count"]), rows, "lr")


def _specimens(role: str, place: Place) -> str:
    say = _SAY[place.language]
    rows = []
    for one in results(MATRIX)["specimens"]:
        if one["legal"] or one["role"] != (role or "server"):
            continue
        named = list(dict.fromkeys(failed["check"] for failed in one["failures"]))
        caught = f"*{as_sentence(named[0])}*" if named else "✗"
        if one["verdict"] != "killed":
            first = one["first"] or "-"
            caught = say["not"].format(
                verdict=_verdict("killed", place), first=f"{caught} ({first})"
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
    return _table((say[head] for head in heads), rows, "llllr")


def _called(specimen: Mapping[str, Any]) -> str:
    """Its name, which may go on in another line after each word of it."""
    return f'<code class="specimen">{specimen["name"].replace("_", "_<wbr>")}</code>'


def _legal(_role: str, place: Place) -> str:
    say = _SAY[place.language]
    rows = [
        (
            _called(one),
            say[one["role"]],
            place.to_rule(one["rule"]),
            plain(one["does"][place.language]),
            f"{'✓' if one['verdict'] in _GOOD else '✗'} "
            f"{_verdict(one['verdict'], place)}",
        )
        for one in results(MATRIX)["specimens"]
        if one["legal"]
    ]
    heads = ("specimen", "role", "allows", "does", "verdict")
    return _table((say[head] for head in heads), rows, "lllll")


# ---- the flake rate ----


def _flakes(_role: str, place: Place) -> str:
    """What was repeated; then each check that did not always say the same."""
    say, language = _SAY[place.language], place.language
    data = results(FLAKES)
    rows, told = [], []
    for one in data["references"]:
        name = f"{say[one['role']]} {one['implementation']}"
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
    table = _table((say[head] for head in heads), rows, "lrrrr")
    return "\n".join([_said_of(data, place, "made"), "", table, "", *told])


# ---- tables ----


def _table(heads: Iterable[str], rows: Iterable[Sequence[str]], alignment: str) -> str:
    """A table of Markdown; its columns aligned left, right or centred (`lrc`)."""
    shown = list(heads)
    marks = {"l": "---", "r": "--:", "c": ":-:"}
    aligned = [marks[one] for one in alignment.ljust(len(shown), "l")]
    return "\n".join(_lines([shown, aligned, *rows]))


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(row)} |"


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
