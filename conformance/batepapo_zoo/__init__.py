"""The zoo: the reference with one rule broken, or with an odd but legal habit.

Read `catalogue.py` for what a specimen is, then any file of `servers/`,
`clients/` or `legal/`, then `changed.py` for how its few lines are put in.
"""
