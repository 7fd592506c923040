"""Bate-papo: the one command that leads to everything else in the package.

It holds no logic of its own, and imports only what the chosen part needs.
"""
