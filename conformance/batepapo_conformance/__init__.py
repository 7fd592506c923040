"""Bate-papo."""
