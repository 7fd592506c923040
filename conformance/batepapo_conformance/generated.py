"""What in the specification follows from something else in it, and has to agree.

That is the tables of its prose, which are made from its data, and its Portuguese
sentences, which people make from the English ones.

python -m batepapo_conformance.generated --check    fails if anything is not up to date
python -m batepapo_conformance.generated --write    brings the tables up to date
python -m batepapo_conformance.generated --translated ID...
                   notes that these requirements have been translated as they are now
"""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from batepapo_conformance import translation
from batepapo_conformance.chapters import TABLE_IN_TEXT
from batepapo_conformance.check import collect
from batepapo_conformance.results import Listed
from batepapo_conformance.spec import (
    BadSpecification,
    Specification,
    folder,
    load,
    read,
)
from batepapo_conformance.testee import Role

_USAGE: Final = (
    "usage: python -m batepapo_conformance.generated "
    "--check | --write | --translated ID..."
)


def main(arguments: Sequence[str]) -> int:
    """Check, write, or note a translation; returns the exit status."""
    try:
        match arguments:
            case ["--check"]:
                return _check(folder())
            case ["--write"]:
                return _write(folder())
            case ["--translated", name, *names]:
                return _note_translated(folder(), [name, *names])
            case _:
                print(_USAGE, file=sys.stderr)
    except (BadSpecification, translation.BadTranslation) as error:
        print(error, file=sys.stderr)
    return 2


def _check(where: Path) -> int:
    stale = [f"not up to date: {path.name}" for path in drift(where)]
    stale += untranslated(where)
    for complaint in stale:
        print(complaint, file=sys.stderr)
    return int(bool(stale))


def _write(where: Path) -> int:
    # The digests of translations are left alone: only who has read both sentences
    # can say that they say the same (`--translated`).
    for path, text in drift(where).items():
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"written: {path.name}")
    return 0


def _note_translated(where: Path, names: Sequence[str]) -> int:
    english = {one.id: one.english for one in read(where).requirements.values()}
    translation.confirm(where, names, english)
    print(f"noted as translated: {', '.join(names)}")
    return 0


def untranslated(where: Path) -> list[str]:
    """What in `spec/pt` is lacking, too much, or older than the English."""
    specification = read(where)
    return list(
        translation.read(where).complaints(
            {one.id: one.english for one in specification.requirements.values()},
            {one.title for one in specification.transcripts.values()},
        )
    )


def drift(where: Path) -> dict[Path, str]:
    """The files whose tables are not what the data say, with what they should be.

    Raises:
        KeyError: a file asks for a table that does not exist.
    """
    specification = read(where)
    stale = {}
    for path in sorted(where.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        wanted = TABLE_IN_TEXT.sub(lambda part: _rendered(part, specification), text)
        if wanted != text:
            stale[path] = wanted
    return stale


def table(name: str, specification: Specification | None = None) -> str:
    """One of the tables, `states` for instance, in Markdown.

    Raises:
        KeyError: there is no such table.
    """
    return _TABLES[name](specification or load())


def _rendered(part: re.Match[str], specification: Specification) -> str:
    # Between blank lines: some readers of Markdown need them to see a table.
    made = table(part["name"], specification)
    return f"{part['begin']}\n{made}\n\n{part['end']}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |"
        for line in lines
    )


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _grammar(specification: Specification) -> str:
    return f"```abnf\n{specification.grammar.rstrip()}\n```"


def _states(specification: Specification) -> str:
    return _table(
        ("state", "what comes", "the sender receives", "the others receive",
         "next state", "rule"),
        (
            (row.state, row.input, row.to_sender or "nothing",
             row.to_others or "nothing", row.next, row.rule)
            for row in specification.states
        ),
    )  # fmt: skip


def _commands(specification: Specification) -> str:
    return _table(
        ("sent by", "line", "meaning", "section"),
        (
            (message.sender, _code(message.form), message.meaning, message.section)
            for message in specification.messages
        ),
    )


def _errors(specification: Specification) -> str:
    return _table(
        ("code", "meaning", "form", "subject", "reported by", "afterwards", "rule"),
        (
            (_code(error.code), error.meaning, error.form, error.subject or "none",
             error.reporter, error.after, error.rule)
            for error in specification.errors.values()
        ),
    )  # fmt: skip


def _causes(specification: Specification) -> str:
    return _table(
        ("cause", "when", "rule"),
        (
            (_code(cause.name), cause.trigger, cause.rule)
            for cause in specification.causes.values()
        ),
    )


def _limits(specification: Specification) -> str:
    return _table(
        ("limit", "value", "of what", "option", "rule"),
        (
            (_code(limit.name), f"{limit.value:,} {limit.unit}", limit.meaning,
             _code(limit.option), limit.rule)
            if limit.unit != "port"
            else (_code(limit.name), str(limit.value), limit.meaning, "", limit.rule)
            for limit in specification.limits.values()
        ),
    )  # fmt: skip


def _requirements(specification: Specification) -> str:
    listed = [check for role in Role for check in collect(role)]
    return _table(
        ("id", "level", "binds", "requirement", "section", "checks"),
        (
            (
                f"**{one.id}**",
                one.level,
                one.role,
                " ".join(one.text.split()),
                f"[{one.section}]({one.file})",
                _names(one.id, listed),
            )
            for one in specification.requirements.values()
        ),
    )


def _names(name: str, listed: Iterable[Listed]) -> str:
    names = (f"{one.role}: {_code(one.name)}" for one in listed if name in one.ids)
    return "<br>".join(dict.fromkeys(names))


_TABLES: Final[dict[str, Callable[[Specification], str]]] = {
    "grammar": _grammar,
    "states": _states,
    "commands": _commands,
    "errors": _errors,
    "causes": _causes,
    "limits": _limits,
    "requirements": _requirements,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
