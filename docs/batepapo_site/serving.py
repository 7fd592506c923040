"""The built site, shown by a web server of this machine alone."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of requests."""


def server_of(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """A server of this folder at 127.0.0.1, which nobody else can reach.

    Args:
        folder: what it shows.
        port: where it listens; at one that is free, if it is 0.

    Raises:
        OSError: it cannot listen there.
    """
    handler = partial(_Silent, directory=str(folder))
    return ThreadingHTTPServer(("127.0.0.1", port), handler)
