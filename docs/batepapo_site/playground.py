"""The data of the playground: what its scripts know of the specification.

`write` makes `data.js`, a classic script that sets one global. Whatever the page says
about the protocol comes from `spec/` and from the catalogue of the zoo; its own words
are in `playground.toml`.
"""

import functools
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from batepapo_conformance import spec
from batepapo_conformance.chapters import cell
from batepapo_conformance.spec import Requirement, Specification, StateRow, Transcript
from batepapo_conformance.words import Language
from batepapo_zoo.catalogue import specimens

NAME: Final = "data.js"
GLOBAL: Final = "batepapoData"

NOT_PLAYED: Final = {
    "34-slow-reader": "it is about what the buffers of two systems hold while somebody"
    " does not read, and the playground has no such buffers",
}
"""The transcripts that the playground cannot play, and why."""

FAULTS: Final = (
    "lines_end_in_cr_lf",
    "cr_belongs_to_the_line",
    "one_read_one_line",
    "reads_not_joined",
    "first_line_of_a_read",
    "one_buffer_for_all",
    "keyword_in_any_case",
    "strips_blanks",
    "any_cr_is_dropped",
    "waits_for_the_line_end",
    "strangers_are_heard",
    "second_entry_is_only_refused",
    "goes_on_after_an_error",
    "errors_are_told_to_all",
    "entry_before_the_list",
    "newcomer_in_its_own_list",
    "strangers_hear_the_room",
    "nicks_in_lower_case",
    "case_makes_another_nick",
    "taken_nick_closes",
    "looks_then_takes",
    "nick_stays_taken",
    "no_echo",
    "joins_words_with_one_blank",
    "destination_with_its_capitals",
    "private_from_its_destination",
    "lost_without_a_word",
    "acknowledged_before_it_is_delivered",
    "host_reads_everything",
    "list_without_owner",
    "leaver_hears_nothing",
    "quit_is_unknown",
    "reset_leaves_a_ghost",
    "hears_its_own_hanging_up",
    "leaves_twice",
    "echo_with_a_time_of_its_own",
    "deaf_to_its_operator",
    "two_orders",
    "partial_line_carried_out",
    "error_lost_in_reset",
    "each_try_gives_more_time",
    "too_late_without_a_word",
    "full_and_silent",
    "places_never_free_again",
    "address_before_full",
    "rate_loses_lines",
)
"""The specimens of the zoo that `faults.js` can play."""

_SOFTWARE: Final = "playground"
_BEGINS: Final = "2026-03-02T19:00:00.000Z"  # where the simulated clock begins
_PATTERNS: Final = ("enter", "list", "leave", "public", "private")
_CUT_OFF: Final = "cut off"  # for which there would have to be buffers
_ALONE: Final = ", to that nick alone"
_CORE_RULES: Final = {"ALPHA": "[A-Za-z]", "DIGIT": "[0-9]", "CR": r"\r", "SP": " "}

_Json = dict[str, Any]


def write(where: Path) -> None:
    """Write `data.js` into this folder, which is that of the playground's scripts."""
    where.mkdir(parents=True, exist_ok=True)
    (where / NAME).write_text(script(), encoding="utf-8")


def script() -> str:
    """Give the text of `data.js`."""
    said = json.dumps(data(spec.load()), ensure_ascii=False, separators=(",", ":"))
    return (
        "// Generated from spec/ and conformance/batepapo_zoo by"
        " docs/batepapo_site/playground.py.\n"
        f"globalThis.{GLOBAL} = {said};\n"
    )


def data(specification: Specification) -> _Json:
    """Give all that the scripts know."""
    words = _toml("playground.toml")
    faults = {name: _fault(name) for name in FAULTS}
    transcripts = dict(_transcripts(specification))
    rules = {row.rule for row in specification.states}
    rules |= {fault["rule"] for fault in faults.values()}
    rules |= {rule for one in transcripts.values() for rule in one["shows"]}
    limits = specification.limits.values()
    patterns = _Patterns(specification.grammar)
    folding = specification.folding
    return {
        "begins": _BEGINS,
        "software": _SOFTWARE,
        "states": [
            _row(row)
            for row in specification.states
            if not row.input.startswith(_CUT_OFF)
        ],
        "errors": {
            code: {"says": _on_the_wire(error.meaning, folding)}
            for code, error in specification.errors.items()
        },
        "causes": {
            name: {"says": _on_the_wire(cause.trigger, folding)}
            for name, cause in specification.causes.items()
        },
        "reasons": words["reasons"],
        "limits": {limit.name: limit.value for limit in limits},
        "options": {
            limit.option: limit.name
            for limit in limits
            if limit.name in {"entry", "connections", "per_address", "rate"}
        },
        "patterns": {rule: patterns.of(rule) for rule in _PATTERNS},
        "folding": dict(folding),
        "requirements": {
            name: _requirement(one)
            for name, one in specification.requirements.items()
            if name in rules
        },
        "faults": faults,
        "transcripts": transcripts,
        "words": words["words"],
    }


def _row(row: StateRow) -> _Json:
    alone = row.to_others.endswith(_ALONE)
    return {
        "state": row.state,
        "input": row.input,
        "toSender": re.split(r", (?![^(]*\))", row.to_sender) if row.to_sender else [],
        "toOthers": row.to_others.removesuffix(_ALONE),
        "alone": alone,
        "next": row.next,
        "rule": row.rule,
        "said": {
            key: _in_both(text)
            for key, text in (
                ("state", row.state),
                ("input", row.input),
                ("next", row.next),
            )
        },
    }


def _in_both(text: str) -> dict[str, str]:
    """Give a cell of a table of the specification in both languages."""
    return {language.value: cell(text, language) for language in Language}


def _on_the_wire(text: str, folding: Mapping[str, str]) -> dict[str, str]:
    """Give what a cell says first, folded to ASCII as a client folds (TYPE-1)."""

    def fold(said: str) -> str:
        mapped = "".join(folding.get(character, character) for character in said)
        apart = unicodedata.normalize("NFKD", mapped)
        return "".join(one for one in apart if unicodedata.category(one) != "Mn")

    both = _in_both(text).items()
    return {language: fold(said.split(";")[0]) for language, said in both}


def _requirement(one: Requirement) -> _Json:
    said = {language.value: one.said_in(language) for language in Language}
    return {
        "section": one.section,
        "title": {language: wording.title for language, wording in said.items()},
        "text": {language: wording.text for language, wording in said.items()},
    }


def _fault(name: str) -> _Json:
    specimen = specimens()[name]
    return {
        "rule": specimen.rule,
        "does": dict(specimen.does),
        "why": dict(specimen.why),
    }


def _transcripts(specification: Specification) -> Iterator[tuple[str, _Json]]:
    for name, transcript in specification.transcripts.items():
        if name not in NOT_PLAYED:
            yield (
                name,
                {
                    "title": {one.value: transcript.title_in(one) for one in Language},
                    "shows": transcript.shows,
                    "options": transcript.options,
                    "steps": list(_steps(transcript)),
                },
            )


def _steps(transcript: Transcript) -> Iterator[_Json]:
    """Give the steps, each with the comment that stands before it."""
    steps = iter(transcript.steps)
    comment: list[str] = []
    path = spec.folder() / "transcripts" / f"{transcript.name}.txt"
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        if line.startswith("#"):
            comment.append(line[1:].strip())
        elif line.strip() and not line.startswith("options:"):
            text = next(steps)
            if text != line:
                raise ValueError(f"{path.name}: {line} is not {text}")
            yield (
                {"text": text, "comment": _comment(comment)}
                if comment
                else {"text": text}
            )
            comment = []


def comments() -> Iterator[str]:
    """Give every line of a comment in the transcripts that are played."""
    for _, transcript in _transcripts(spec.load()):
        for step in transcript["steps"]:
            yield from step.get("comment", {}).get("en", "").splitlines()


def _comment(lines: list[str]) -> Mapping[str, str]:
    """Give a comment in both languages; untranslated lines stay in English."""
    portuguese = translated_comments()
    return {
        "en": "\n".join(lines),
        "pt": "\n".join(portuguese.get(line, line) for line in lines),
    }


@functools.cache
def translated_comments() -> Mapping[str, str]:
    """Give the comments of the transcripts in Portuguese, by the English ones."""
    found: dict[str, str] = _toml("playground_comments.toml")["comments"]
    return found


def _toml(name: str) -> _Json:
    here = Path(__file__).parent
    return tomllib.loads((here / name).read_text(encoding="utf-8"))


class _Patterns:
    """Makes regular expressions of rules of `grammar.abnf`, none of which is recursive.

    Args:
        grammar: the whole file.
    """

    _TOKEN = re.compile(
        r"\s*(?:(?P<string>(?:%s)?\"[^\"]*\")|(?P<octets>%x[0-9A-F-]+)"
        r"|(?P<repeat>\d*\*\d*|\d+(?=[A-Za-z(%\"]))|(?P<rule>[A-Za-z][A-Za-z0-9-]*)"
        r"|(?P<sign>[()\[\]/]))"
    )
    _SIGNS: Final = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "/": "|"}

    def __init__(self, grammar: str) -> None:
        text = re.sub(r";.*", "", grammar)
        rules = re.split(r"^([a-z][a-z0-9-]*)\s*=", text, flags=re.MULTILINE)
        self._rules = dict(zip(rules[1::2], rules[2::2], strict=True))

    def of(self, rule: str) -> str:
        """Give the source of a pattern that is understood by JavaScript and Python."""
        return f"(?:{self._pattern(self._rules[rule])})"

    def _pattern(self, text: str) -> str:
        made: list[str] = []
        repeats: list[tuple[int, str]] = []  # from which part on, and how often
        for token in self._tokens(text):
            kind, said = str(token.lastgroup), token[str(token.lastgroup)]
            if kind == "repeat":
                repeats.append((len(made), _times(said)))
                continue
            made.append(self._part(kind, said))
            joined = "".join(made[repeats[-1][0] :]) if repeats else ""
            if repeats and joined.count("(") == joined.count(")"):
                start, times = repeats.pop()
                made[start:] = [joined + times]
        return "".join(made)

    def _tokens(self, text: str) -> Iterator[re.Match[str]]:
        place = 0
        text = text.rstrip()
        while place < len(text):
            token = self._TOKEN.match(text, place)
            if token is None:
                raise ValueError(f"not understood in the grammar: {text[place:]}")
            yield token
            place = token.end()

    def _part(self, kind: str, said: str) -> str:
        match kind:
            case "string":
                quoted = said.removeprefix("%s").strip('"')
                return f"(?:{re.sub(r'([^A-Za-z0-9 ])', self._plain, quoted)})"
            case "octets":
                return "[" + "-".join(f"\\x{one}" for one in said[2:].split("-")) + "]"
            case "rule":
                return _CORE_RULES[said] if said in _CORE_RULES else self.of(said)
            case _:
                return self._SIGNS[said]

    @staticmethod
    def _plain(sign: re.Match[str]) -> str:
        return f"\\x{ord(sign[0]):02x}"


def _times(repeat: str) -> str:
    if "*" not in repeat:
        return f"{{{repeat}}}"
    least, most = repeat.split("*")
    return f"{{{least or 0},{most}}}"
