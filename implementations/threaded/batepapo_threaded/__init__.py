"""Bate-papo with blocking sockets and threads: a server and a client.

Reading order: `limits`, `errors`, `messages`, `lines`, `words`; then the server:
`clock`, `room`, `printer`, `log`, `blocking`, `sockets`, `outbox`, `batch`,
`switchboard`, `pace`, `connection`, `server`; then the client: `typed`, `screen`,
`mailbox`, `keyboard`, `link`, `terminal`, `entrance`, `conversation`, `client`; and
`signals`, `arguments`, `program`, `__main__`, where both begin.
"""

SOFTWARE = "batepapo-threaded/0.1.0"
"""The token of the greeting (GREET-2)."""
