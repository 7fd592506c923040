"""Bate-papo with tasks: a server and a client, each on one event loop.

Reading order: `limits`, `errors`, `messages`, `lines`, `words`; then the server:
`clock`, `room`, `log`, `sockets`, `outbox`, `batch`, `switchboard`, `pace`,
`connection`, `server`; then the client: `typed`, `screen`, `link`, `terminal`,
`entrance`, `conversation`, `client`; and `signals`, `arguments`, `program`, `__main__`,
where both begin.
"""

SOFTWARE = "batepapo-asyncio/0.1.0"
"""The token of the greeting (GREET-2)."""
