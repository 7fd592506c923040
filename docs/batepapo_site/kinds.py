"""All that a page may ask for, by its name (see `here`)."""

from typing import Final

from batepapo_site.beside import beside
from batepapo_site.code import code
from batepapo_site.diagrams import drawn
from batepapo_site.evidence import evidence
from batepapo_site.figures import figure
from batepapo_site.here import Kind
from batepapo_site.measured import measured
from batepapo_site.outputs import run
from batepapo_site.player import player
from batepapo_site.reference.api import api
from batepapo_site.reference.commands import command_line, programs
from batepapo_site.reference.errors import error_cards
from batepapo_site.reference.labs import labs
from batepapo_site.reference.reports import schemas
from batepapo_site.reference.requirements import requirement_cards, requirement_table
from batepapo_site.reference.transcripts import transcripts
from batepapo_site.specification import error, requirement, table, transcript

KINDS: Final[dict[str, Kind]] = {
    "code": code,
    "requirement": requirement,
    "error": error,
    "table": table,
    "transcript": transcript,
    "api": api,
    "command-line": command_line,
    "error-cards": error_cards,
    "labs": labs,
    "programs": programs,
    "run": run,
    "requirement-cards": requirement_cards,
    "requirement-table": requirement_table,
    "schemas": schemas,
    "transcripts": transcripts,
    "beside": beside,
    "diagram": drawn,
    "evidence": evidence,
    "figure": figure,
    "measured": measured,
    "player": player,
}
