"""The labs: handed out, checked step by step, with hints.

To read: `lessons.py` (what there is to learn), `folder.py` (where a student is),
`checking.py` (what the suite says about that), `telling.py` (what the student reads).
"""
