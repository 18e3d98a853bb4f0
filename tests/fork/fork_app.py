"""A server as gunicorn makes them: the app is loaded and tried, the socket listens, then workers
are forked that serve it. Written for `fork_situations`."""

import http.client
import json
import os
import signal
import socket
from typing import Any

import fork_kernels
import uvicorn
from fastapi import FastAPI

from fastcore import Rows
from fastcore.serve import FastRoute

app = FastAPI()
app.router.route_class = FastRoute


def answer(rows: Any) -> dict[str, Any]:
    total = float(rows.matrix(["age", "income"]).sum())
    return {"pid": os.getpid(), "total": total, "digest": fork_kernels.digest()}


@app.post("/loop")
async def loop(rows: Rows[fork_kernels.Record]) -> dict[str, Any]:
    return answer(rows)


@app.post("/thread")
def thread(rows: Rows[fork_kernels.Record]) -> dict[str, Any]:
    return answer(rows)


def fork_worker(listening: socket.socket, patience: int) -> int:
    pid = os.fork()
    if pid == 0:
        signal.alarm(patience)
        try:
            uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
        finally:
            os._exit(0)
    return pid


def ask(port: int, patience: int) -> int:
    """Both routes, on one connection and so of one worker; the worker's process id."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    body = b'[{"age":1.5,"income":2,"name":"a"},{"age":3,"income":4.25,"name":"b"}]'
    pids = set()
    for path in ("/loop", "/thread"):
        connection.request("POST", path, body, {"content-type": "application/json"})
        found = json.loads(connection.getresponse().read())
        assert found["total"] == 10.75, found
        assert found["digest"] == fork_kernels.EXPECTED, "a worker computed something else"
        pids.add(found["pid"])
    connection.close()
    assert len(pids) == 1
    return int(pids.pop())


def serve(workers: int, patience: int) -> None:
    """Each worker answers, on its event loop and in a thread; whoever has answered is ended, so
    that the next request goes to another."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    left = {fork_worker(listening, patience) for _ in range(workers)}
    try:
        while left:
            pid = ask(port, patience)
            assert pid in left, f"{pid} is none of the workers {left}"
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)
            left.discard(pid)
    finally:
        for pid in left:
            os.kill(pid, signal.SIGKILL)
