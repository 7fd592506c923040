"""What the servers cost: load, contenders, workloads, and what came of it.

Read `load.py` first, then `dialects.py` and `stamps.py`: how many participants fit
into one process that must cost little. `contenders.py`, `peers.py` and `limit.py` are
who is measured, `gauge.py` what a process has used, `workloads.py` what they have to
do. `turns.py` lets all take turns; `results.py`, `goals.py` and `telling.py` are what
comes of it.
"""
