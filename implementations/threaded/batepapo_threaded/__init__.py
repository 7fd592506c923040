"""Bate-papo with blocking sockets and threads.

Reading order: `limits`, `errors`, `messages`, `lines`, `words`; then the
server: `room`, `clock`, `printer`, `log`, `sockets`, `outbox`, `switchboard`,
`pace`, `connection`, `server`; then the client: `typed`, `screen`, `mailbox`,
`keyboard`, `link`, `terminal`, `entrance`, `client`; and `signals`, `arguments`,
`__main__`, where both begin.
"""

SOFTWARE = "batepapo-threaded/0.1.0"
