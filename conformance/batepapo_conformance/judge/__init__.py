"""The judge: were the promises about delivery kept, in what a recording shows?

`judge` takes a recording and gives a `Judgement`. It trusts nobody and needs no
witness from the beginning: what many have seen has to fit together.

`court` takes the happenings one by one, `listener` follows one connection, `sequence`
holds the one order of events, `room` says where in it everybody is, `whispers` follows
private messages, `endings` says what is still due at the end, and `judgement` what was
found.
"""

from batepapo_conformance.judge.court import Court, judge
from batepapo_conformance.judge.judgement import Failure, Judgement, Verdict

__all__ = ["Court", "Failure", "Judgement", "Verdict", "judge"]
