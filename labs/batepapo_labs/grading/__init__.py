"""Marks a class: a folder of submissions, each isolated, with marks for each lab.

Read it in this order: `plan` (what counts), `submissions` (what was handed in),
`looking` (what of it may be ours), `marks` (what it is worth); then `one` (a process
that checks one submission), `isolation` (what it may do, and how it is ended) and
`running` (all of them); then `telling` and `exports` (what people and grading systems
read), `autograder` (a zip for Gradescope), and `commands`.
"""
