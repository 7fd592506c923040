"""Outputs of real commands, to be shown on pages: run, kept, and run again to compare.

`docs/runs/runs.toml` says what is run; its first lines tell the form. What came out is
in `docs/runs/NAME.en.txt` and `NAME.pt.txt`, which nobody edits by hand.

    python -m batepapo_site.runs --write [NAME...]   # run, and keep what is printed
    python -m batepapo_site.runs --check [NAME...]   # is it still what is printed?

To be read in this order: `description`, `terminal`, `stage`, `comparison`, `__main__`.
"""
