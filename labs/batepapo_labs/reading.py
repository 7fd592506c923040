"""Reads what a student of lab 9 wrote, and says which line cannot be meant.

The suite reads the same forms, but it reads what its own people wrote: it need not
say where one went astray. Here that is the point.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from batepapo_conformance.spec import load
from batepapo_conformance.words import Language

_EN, _PT = Language.ENGLISH, Language.PORTUGUESE

# ---- a session: the forms are those of spec/transcripts/README.md -----------------

_STEP: Final = re.compile(
    r"""(?P<name>\S+)\ (?:
        (?P<opens>connects)
        | half-closes | closes | resets
        | (?:->|->>|~>)\ .+
        | <[-~]\ (?P<form>.+)
        | says\ \d+\ times\ .+
        | waits\ (?P<seconds>\d+(?:\.\d+)?)
        | (?P<sees>sees\ the\ list\ .+)
        | (?P<end>is\ closed)
    )""",
    re.VERBOSE,
)
_STANDS_FOR: Final = re.compile(r"<([a-z0-9]+)(?: \d+)?>")
_VALUES: Final = {"time", "explanation", "reason", "software"}
_BIG: Final = re.compile(r"(?: says |<)\d{6}")
_LONGEST: Final = 10.0
"""Seconds that a session may wait, all in all: nobody waits for a test that sleeps."""

_FAULTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "header": {
        _EN: "The header has two lines, `title: ...` and `shows: ID ID ...`, then "
        "comes a blank line.",
        _PT: "O cabeçalho tem duas linhas, `title: ...` e `shows: ID ID ...`, e "
        "depois vem uma linha em branco.",
    },
    "id": {
        _EN: "The specification has no rule {what}.",
        _PT: "A especificação não tem a regra {what}.",
    },
    "empty": {
        _EN: "There is no step.",
        _PT: "Não há nenhum passo.",
    },
    "step": {
        _EN: "This is none of the steps of spec/transcripts: {what}",
        _PT: "Isto não é um passo de spec/transcripts: {what}",
    },
    "ascii": {
        _EN: "There is only ASCII in a step; another octet is sent with ~> and \\xHH.",
        _PT: "Em um passo só há ASCII; outro octeto se manda com ~> e \\xHH.",
    },
    "stranger": {
        _EN: "{what} has not connected yet.",
        _PT: "{what} ainda não se conectou.",
    },
    "form": {
        _EN: "No server sends a line that begins with {what}.",
        _PT: "Nenhum servidor manda uma linha que começa com {what}.",
    },
    "much": {
        _EN: "That is more than a session needs: numbers have five digits at most, "
        "and all waits together 10 s.",
        _PT: "Isto é mais do que uma sessão precisa: os números têm no máximo cinco "
        "dígitos, e todas as esperas juntas, 10 s.",
    },
    "branch": {
        _EN: "`either`, `or` and `end` do not fit together here, or a branch does not "
        "begin with what somebody sees.",
        _PT: "`either`, `or` e `end` não combinam aqui, ou um ramo não começa com o "
        "que alguém vê.",
    },
    "head": {
        _EN: "The first line of a block is `> **ID** · LEVEL · role`: an id such as "
        "HORA-1; MUST, SHOULD or MAY; server, client or both.",
        _PT: "A primeira linha de um bloco é `> **ID** · NÍVEL · papel`: um id como "
        "HORA-1; MUST, SHOULD ou MAY; server, client ou both.",
    },
    "used": {
        _EN: "{what} is taken: `batepapo explain {what}` shows it. An id is never "
        "used twice.",
        _PT: "{what} já existe: `batepapo explain {what}` mostra. Um id nunca se usa "
        "duas vezes.",
    },
    "quoted": {
        _EN: "Every line of a block begins with `>`, and nothing follows the block.",
        _PT: "Toda linha de um bloco começa com `>`, e nada vem depois do bloco.",
    },
    "long": {
        _EN: "What must hold is said in one or two sentences; here are {what}.",
        _PT: "O que deve valer se diz em uma ou duas frases; aqui há {what}.",
    },
    "obliges": {
        _EN: "The level is {what}, so the sentence needs this word, in capitals, and "
        "no word of another level.",
        _PT: "O nível é {what}; então a frase precisa dessa palavra, em maiúsculas "
        "(ou DEVE, DEVERIA, PODE), e de nenhuma de outro nível.",
    },
    "why": {
        _EN: "The last paragraph begins with `*Why:*` and gives the reason: more than "
        "a word or two.",
        _PT: "O último parágrafo começa com `*Why:*` e dá a razão: mais do que uma ou "
        "duas palavras.",
    },
}
_WHERE: Final = {_EN: "Line {number}: ", _PT: "Linha {number}: "}


class BadText(Exception):
    """A file of the student's is not in its form.

    Args:
        number: the line, from 1; `None` if it is not one line's fault.
        said: what is wrong.
    """

    def __init__(self, number: int | None, said: Mapping[Language, str]) -> None:
        super().__init__(said[_EN])
        self.number = number
        self._said = said

    def told(self, language: Language) -> str:
        """What is wrong and where, in this language."""
        where = "" if self.number is None else _WHERE[language]
        return where.format(number=self.number) + self._said[language]


def _bad(number: int | None, fault: str, what: object = "") -> BadText:
    texts = _FAULTS[fault].items()
    said = {language: text.format(what=what) for language, text in texts}
    return BadText(number, said)


def read_steps(text: str) -> None:
    """Look whether a text is a session.

    Raises:
        BadText: it is not; the line is told, and what is wrong with it.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if not line.startswith("#")
    ]
    blank = next((at for at, (_, line) in enumerate(lines) if not line), len(lines))
    _read_header(lines[:blank])
    steps = [(number, line) for number, line in lines[blank:] if line.strip()]
    if not steps:
        raise _bad(None, "empty")
    _read_branches(steps)
    _read_each([one for one in steps if one[1] not in ("either", "or", "end")])


def _read_header(lines: list[tuple[int, str]]) -> None:
    said: dict[str, str] = {}
    for number, line in lines:
        name, colon, value = line.partition(":")
        if not colon or name not in ("title", "shows", "options") or name in said:
            raise _bad(number, "header")
        said[name] = value.strip()
        for rule in value.split() if name == "shows" else ():
            if rule not in load().requirements:
                raise _bad(number, "id", rule)
    if not said.get("title") or not said.get("shows"):
        raise _bad(1, "header")


def _read_branches(steps: list[tuple[int, str]]) -> None:
    depth = 0
    begins = False  # a branch has just begun
    for number, line in steps:
        step = _STEP.fullmatch(line)
        expects = step is not None and (step["form"] or step["sees"] or step["end"])
        if begins and line != "either" and not expects:
            raise _bad(number, "branch")
        begins = line in ("either", "or")
        depth += {"either": 1, "end": -1}.get(line, 0)
        if depth < 0 or (line == "or" and not depth):
            raise _bad(number, "branch")
    if depth or begins:
        raise _bad(steps[-1][0], "branch")


def _read_each(steps: list[tuple[int, str]]) -> None:
    connected: set[str] = set()
    waits = 0.0
    keywords = {
        one.form.split()[0] for one in load().messages if one.sender != "client"
    }
    for number, line in steps:
        if not line.isascii():
            raise _bad(number, "ascii")
        step = _STEP.fullmatch(line)
        if step is None:
            raise _bad(number, "step", line)
        if step["opens"]:
            connected.add(step["name"])
        form = step["form"] or ""
        meant = {step["name"], *_STANDS_FOR.findall(form)} - _VALUES
        for name in sorted(meant - connected):
            raise _bad(number, "stranger", name)
        if form and form.split()[0] not in keywords:
            raise _bad(number, "form", form.split()[0])
        waits += float(step["seconds"] or 0)
        if waits > _LONGEST or _BIG.search(line):
            raise _bad(number, "much")


# ---- a requirement block: the form is that of spec/01-conventions.md --------------

_HEAD: Final = re.compile(
    r"> \*\*(?P<id>[A-Z]+-[1-9]\d*)\*\* · (?P<level>MUST|SHOULD|MAY)"
    r" · (?:server|client|both)"
)
_OBLIGES: Final = {
    "MUST": re.compile(r"\b(?:MUST|DEVEM?)\b"),
    "SHOULD": re.compile(r"\b(?:SHOULD|DEVERIAM?)\b"),
    "MAY": re.compile(r"\b(?:MAY|PODEM?)\b"),
}
_WHY: Final = "*Why:*"
_WORDS_OF_A_REASON: Final = 4
_SENTENCES: Final = 2


def read_block(text: str) -> None:
    """Look whether a text is one requirement block that nobody has written yet.

    Raises:
        BadText: it is not; what is wrong is told.
    """
    lines = list(enumerate(text.rstrip().splitlines(), start=1))
    lines = [(number, line.rstrip()) for number, line in lines]
    number, first = next(((at, one) for at, one in lines if one), (1, ""))
    head = _HEAD.fullmatch(first)
    if head is None:
        raise _bad(number, "head")
    if head["id"] in load().requirements:
        raise _bad(number, "used", head["id"])
    text, why = _paragraphs(lines[number:])
    count = len(list(_sentences(text)))
    if not 1 <= count <= _SENTENCES:
        raise _bad(None, "long", count)
    if [one for one in _OBLIGES if _OBLIGES[one].search(text)] != [head["level"]]:
        raise _bad(None, "obliges", head["level"])
    if len(why.split()) < _WORDS_OF_A_REASON:
        raise _bad(None, "why")


def _paragraphs(lines: list[tuple[int, str]]) -> tuple[str, str]:
    """What must hold, and the reason, each as one line."""
    for number, line in lines:
        if not line.startswith(">"):
            raise _bad(number, "quoted")
    body = "\n".join(line[1:].strip() for _, line in lines)
    parts = [" ".join(part.split()) for part in body.split("\n\n") if part.strip()]
    if not parts or not parts[-1].startswith(_WHY):
        raise _bad(None, "why")
    return " ".join(parts[:-1]), parts[-1].removeprefix(_WHY)


def _sentences(text: str) -> Iterator[str]:
    without_code = re.sub(r"`[^`]*`", "code", text)
    parts = re.split(r"[.!?](?:\s|$)", without_code)
    yield from (part for part in parts if part.strip())
