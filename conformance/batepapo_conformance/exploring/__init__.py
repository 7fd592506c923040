"""Sessions that nobody has written: Hypothesis makes them up, the oracle judges them.

Read `acts.py`, `performance.py` and `machine.py`, in this order; `explore.py` makes a
failure small, and `transcribe.py` writes it down.
"""
