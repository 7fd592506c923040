"""Pages: HTML that is one file each, needs no network, and speaks both languages."""

import functools
from collections.abc import Mapping
from typing import Final

import jinja2
from markupsafe import Markup

from batepapo_conformance import phrases
from batepapo_conformance.story import harmless
from batepapo_conformance.words import Language, Words

WORDS: Final[Mapping[str, Words]] = {str(one): Words(one) for one in Language}
"""The words of both languages, by the name of the language."""

# The words that are put into sentences, and are translated as well.
_TRANSLATED: Final = ("role", "status")


def render(template: str, language: Language, **values: object) -> str:
    """Fill in a template; the reader may switch from this language to the other."""
    return (
        _environment()
        .get_template(template)
        .render(language=str(language), words=WORDS, **values)
    )


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("batepapo_conformance"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.globals["say"] = _say
    environment.globals["told"] = _told
    environment.globals["told_output"] = phrases.told_output
    environment.filters["harmless"] = harmless
    environment.filters["code"] = _code
    return environment


def _say(key: str, **values: object) -> Markup:
    """The words of a key in both languages, of which the page shows one."""
    return Markup("").join(
        Markup('<span class="said" lang="{}">{}</span>').format(
            name, words(key, **_translated(values, words))
        )
        for name, words in WORDS.items()
    )


def _told(phrase: str) -> Markup:
    """What a check said: in both languages, if there is a form for it."""
    form = Markup('<span class="said" lang="{}">{}</span>')
    told = {lang: phrases.told(phrase, one.language) for lang, one in WORDS.items()}
    if len(set(told.values())) == 1:
        return Markup('<span lang="en">{}</span>').format(phrase)
    return Markup("").join(form.format(*one) for one in told.items())


def _translated(values: Mapping[str, object], words: Words) -> dict[str, object]:
    return {
        name: words(f"{name}.{value}") if name in _TRANSLATED else value
        for name, value in values.items()
    }


def _code(text: str) -> Markup:
    """What stands between backticks, as code."""
    parts = text.split("`")
    form = (Markup("{}"), Markup("<code>{}</code>"))
    return Markup("").join(
        form[place % 2].format(part) for place, part in enumerate(parts)
    )
