"""Every transcript of the specification, whole."""

from batepapo_conformance.spec import load
from batepapo_site.here import Place
from batepapo_site.specification import linked, transcript
from batepapo_site.words import words


def transcripts(_argument: str, place: Place) -> str:
    """All transcripts: the title of each, what it shows, and the session."""
    told = words(place.language)
    parts = []
    for name, one in load().transcripts.items():
        parts.append(f"## {name[:2]}. {one.title_in(place.language)} {{ #{name} }}")
        said = f"*{told('transcripts.shows')}* {', '.join(one.shows)}"
        if one.options:
            options = f"*{told('transcripts.options')}* `{' '.join(one.options)}`"
            said = f"{said}. {options}"
        parts += [linked(said, place).strip(), transcript(name, place)]
    return "\n\n".join(parts)
