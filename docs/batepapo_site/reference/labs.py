"""The labs, in a table."""

from batepapo_labs import lessons
from batepapo_site.here import Place
from batepapo_site.specification import linked
from batepapo_site.words import table, words


def labs(_argument: str, place: Place) -> str:
    """The labs: number, title, what is new in each, and what it checks."""
    told = words(place.language)
    rows = []
    for one in lessons.load().lessons.values():
        link = place.to(f"labs/{one.name}.md")
        program = f"`{one.program}`, " if one.program else ""
        rows.append(
            (
                str(one.number),
                f"[{one.title[place.language]}]({link})",
                one.idea[place.language],
                f"{program}{told(f'labs.{one.role}')}",
                ", ".join(one.about),
            )
        )
    names = ("number", "title", "idea", "checked", "about")
    return linked(table([told(f"labs.{name}") for name in names], rows), place)
