"""Starting the server, and sending it the same requests by both routes in turn."""

import contextlib
import http.client
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

ROUTES = ("ordinary", "fastcore")


@dataclass(frozen=True)
class Server:
    """A running server: its port, and how to wait for its end."""

    port: int
    wait: Callable[[], int]


@contextlib.contextmanager
def serving(
    pipeline: Pipeline, dtypes: dict[str, Any], watch: tuple[Any, str] | None = None
) -> Iterator[Server]:
    """Run the application in a process of its own; ends it on leaving.

    With `watch`, a reference and a directory, it counts what it is asked in a monitor there.

    Raises
    ------
    OSError
        Where the server did not come up; its own words stand above.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listening:
        model = Path(folder, "pipeline.joblib")
        joblib.dump({"pipeline": pipeline, "dtypes": dtypes, "watch": watch}, model)
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        number = listening.fileno()
        server = subprocess.Popen(
            [sys.executable, "-m", "fastcore.demo._server", str(number), str(model)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[number],
            # Ctrl-C is for the parent, which closes this process's input
            start_new_session=True,
        )
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            if server.stdout.readline().strip() != b"ready":
                raise OSError(f"the server ended with status {server.wait()} before it was up")
            yield Server(listening.getsockname()[1], server.wait)
        finally:
            server.stdin.close()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            server.stdout.close()


class Client:
    """One kept-alive connection for each route, so that both are reached in the same way."""

    def __init__(self, port: int) -> None:
        self._connections = {
            route: http.client.HTTPConnection("127.0.0.1", port, timeout=120) for route in ROUTES
        }

    def post(self, route: str, body: bytes) -> tuple[int, bytes, float]:
        """Send one request: status, answer, seconds from the first byte sent to the last read."""
        connection = self._connections[route]
        if connection.sock is None:
            connection.connect()  # by hand, so that no request's time holds it
        start = time.perf_counter()
        connection.request("POST", f"/{route}", body, {"content-type": "application/json"})
        response = connection.getresponse()
        answer = response.read()
        return response.status, answer, time.perf_counter() - start

    def close(self) -> None:
        """Close both connections."""
        for connection in self._connections.values():
            connection.close()


@dataclass
class Series:
    """All requests of one size, by both routes.

    Attributes
    ----------
    rows : int
        Flights in one request (the last may have fewer).
    seconds : dict of str to list of float
        By route, each request's latency.
    scores : int
        Scores compared.
    unequal : int
        Scores that differ in any bit; an answer that is no score counts for all its flights.
    """

    rows: int
    seconds: dict[str, list[float]] = field(default_factory=lambda: {r: [] for r in ROUTES})
    scores: int = 0
    unequal: int = 0

    def percentile(self, route: str, share: float) -> float:
        """A percentile of the route's latencies, milliseconds."""
        return float(np.percentile(self.seconds[route], share)) * 1e3

    def ratio(self, share: float) -> float:
        """The ordinary route's percentile over fastcore's."""
        return self.percentile("ordinary", share) / self.percentile("fastcore", share)


Post = Callable[[str, bytes], tuple[int, bytes, float]]


def replay(
    post: Post, rows: int, bodies: Sequence[tuple[bytes, int]], step: Callable[[], None]
) -> Series:
    """Send every body by both routes, one after the other, each first in turn."""
    series = Series(rows)
    for route in ROUTES:  # the first request of a route sets things up that later ones find
        post(route, bodies[0][0])
    for i, (body, count) in enumerate(bodies):
        answers = {}
        for route in ROUTES if i % 2 else ROUTES[::-1]:
            status, answer, seconds = post(route, body)
            series.seconds[route].append(seconds)
            answers[route] = json.loads(answer)["late"] if status == 200 else None
        series.scores += count
        series.unequal += _differing(answers["ordinary"], answers["fastcore"], count)
        step()
    return series


def _differing(one: list[float] | None, other: list[float] | None, count: int) -> int:
    """How many of ``count`` scores are not the same float64, bit by bit."""
    if one is None or other is None or not len(one) == len(other) == count:
        return count
    bits = (np.array(scores, np.float64).view(np.uint64) for scores in (one, other))
    return int(np.count_nonzero(next(bits) != next(bits)))


def in_batches(records: list[dict[str, Any]], rows: int) -> list[tuple[bytes, int]]:
    """All records as request bodies of ``rows``, with the number of records in each."""
    parts = (records[i : i + rows] for i in range(0, len(records), rows))
    return [(json.dumps(part).encode(), len(part)) for part in parts]


def sample(records: list[dict[str, Any]], count: int, seed: int = 0) -> list[tuple[bytes, int]]:
    """Requests of one record each: ``count`` of them, the same ones in every run."""
    chosen = random.Random(seed).sample(records, min(count, len(records)))
    return [(json.dumps([record]).encode(), 1) for record in chosen]


def spoilt(record: dict[str, Any]) -> bytes:
    """A request as a careless client sends it: a hour, a distance and a destination are wrong."""
    wrong = {**record, "hour": 25, "distance": "far"}
    del wrong["dest"]
    return json.dumps([record, wrong]).encode()
