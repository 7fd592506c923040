"""A badge: how many of the MUSTs a testee meets, as an SVG or for shields.io.

https://shields.io/badges/endpoint-badge
"""

from typing import Any, Final
from xml.sax.saxutils import escape

from batepapo_conformance.outcomes import outcomes, score
from batepapo_conformance.results import Run, Status
from batepapo_conformance.spec import Specification
from batepapo_conformance.words import Words

# The names are those of shields.io; white letters can be read on all of them.
_COLOURS: Final = {
    "brightgreen": "#2d7a1f",
    "red": "#b3261e",
    "lightgrey": "#5f6368",
}
_LETTER: Final = 6.6  # pixels, of the font at its size; `textLength` makes it exact
_PADDING: Final = 6
_HEIGHT: Final = 20

_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" \
aria-label="{label}: {message}">
<title>{label}: {message}</title>
<clipPath id="r"><rect width="{width}" height="{height}" rx="3"/></clipPath>
<g clip-path="url(#r)">
<rect width="{left}" height="{height}" fill="#444"/>
<rect x="{left}" width="{right}" height="{height}" fill="{colour}"/>
</g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="{padding}" y="14" textLength="{label_width}">{label}</text>
<text x="{message_at}" y="14" textLength="{message_width}">{message}</text>
</g>
</svg>
"""


def endpoint(run: Run, specification: Specification, words: Words) -> dict[str, Any]:
    """What shields.io asks an endpoint for."""
    counted = score(run, outcomes(run, specification))
    message = words("badge.score", met=counted.met, total=counted.total)
    colour = "brightgreen" if run.status is Status.PASSED else "red"
    if run.status in (Status.NO_VERDICT, Status.FAULT):
        message = words(f"status.{run.status.name.lower()}")
        colour = "lightgrey"
    return {
        "schemaVersion": 1,
        "label": f"bate-papo · {words(f'role.{run.role}')}",
        "message": message,
        "color": colour,
        "isError": run.status is not Status.PASSED,
    }


def svg(run: Run, specification: Specification, words: Words) -> str:
    """The same, drawn."""
    said = endpoint(run, specification, words)
    label_width, message_width = (
        round(_LETTER * len(said[part])) for part in ("label", "message")
    )
    left = label_width + 2 * _PADDING
    right = message_width + 2 * _PADDING
    return _SVG.format(
        width=left + right,
        height=_HEIGHT,
        left=left,
        right=right,
        padding=_PADDING,
        message_at=left + _PADDING,
        label=escape(said["label"]),
        message=escape(said["message"]),
        label_width=label_width,
        message_width=message_width,
        colour=_COLOURS[said["color"]],
    )
