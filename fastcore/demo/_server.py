"""The server process of the demo: ``python -m fastcore.demo._server SOCKET MODEL``.

It gets a listening socket and the fitted pipeline from its parent, says ``ready`` when it answers,
and ends when its standard input does: so it can outlive neither Ctrl-C nor a killed parent.
"""

import socket
import sys
import threading
from typing import Any

import joblib
import uvicorn

from ._app import make_app


class _Server(uvicorn.Server):
    """uvicorn that tells the parent when it is up."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


def main(arguments: list[str]) -> None:
    """Serve until standard input ends."""
    listening = socket.socket(fileno=int(arguments[0]))
    fitted: dict[str, Any] = joblib.load(arguments[1])  # written by the parent a moment ago
    monitor = None
    if fitted["watch"] is not None:
        from ._watch import make_monitor

        monitor = make_monitor(*fitted["watch"])
    config = uvicorn.Config(
        make_app(fitted["pipeline"], fitted["dtypes"], monitor),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    server = _Server(config)

    def watch() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    server.run(sockets=[listening])


if __name__ == "__main__":
    main(sys.argv[1:])
