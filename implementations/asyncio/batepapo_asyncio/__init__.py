"""Bate-papo version 1 in tasks: a server and a client on one thread each.

Read the files in this order: limits, errors, messages, lines, words, room, log,
outbox, batch, connection, server; then typed, screen, terminal, client; then __main__.
"""

SOFTWARE = "batepapo-asyncio/0.1"
"""The token of the greeting (GREET-2)."""
