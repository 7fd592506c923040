"""The room as the specification tells it: which answers of a server are legal.

Read `world.py` first (the state table as a function), then `oracle.py` (the set of all
worlds that agree with what was seen).
"""
