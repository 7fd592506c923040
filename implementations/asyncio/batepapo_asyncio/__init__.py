"""Bate-papo version 1 in tasks: a server and a client, each on one event loop.

Read the files in this order: limits, errors, messages, lines, words, room; clock, log,
outbox, batch, connection, server; then typed, screen, terminal, link, conversation,
client; then arguments, program and __main__.
"""

SOFTWARE = "batepapo-asyncio/0.1"
"""The token of the greeting (GREET-2)."""
