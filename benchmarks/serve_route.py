"""W1 through a route: in-process ASGI, no sockets, the whole of FastAPI's stack above the route.

Ours and the peer are the same app but for the route class (and, for the plain ``def`` endpoint,
the `inline` mark: without it a plain function keeps its thread, and the gain is smaller). Every
request carries its own scope and goes through one event loop; 200 of them are one run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from benchmarks._harness import Case, Peer, Run
from benchmarks._workloads import Batch, Record, w1, w3
from fastcore import Columns, Monitor, Rows
from fastcore.drift import Reference
from fastcore.serve import FastRoute, inline

REQUESTS = 200

Message = MutableMapping[str, Any]


class Score(BaseModel):
    score: float


class Scores(BaseModel):
    scores: list[float]


class Columnar(BaseModel):
    instances: Rows[Record]


def tenant() -> str:
    return "one"


async def atenant() -> str:
    return "one"


def reference() -> Reference:
    """Of W1's 20 fields, as a service that is watched has one."""
    rows = [Record.model_validate_json(body) for body in w1(2000)]
    return Reference.fit(Columns.from_rows([row.model_dump() for row in rows]))


def app(route_class: type[APIRoute]) -> FastAPI:
    """The same endpoints, for one route class."""
    made = FastAPI()
    made.router.route_class = route_class

    @made.post("/async")
    async def a(record: Record) -> Score:
        return Score(score=record.risk_score)

    @made.post("/def")
    def d(record: Record) -> Score:
        return Score(score=record.risk_score)

    @made.post("/inline")
    @inline
    def i(record: Record) -> Score:
        return Score(score=record.risk_score)

    @made.post("/params/{model}")
    async def p(model: str, record: Record, version: int = 1) -> Score:
        return Score(score=record.risk_score)

    @made.post("/depends")
    async def n(record: Record, who: Annotated[str, Depends(atenant)]) -> Score:
        return Score(score=record.risk_score)

    @made.post("/models")
    async def m(batch: Batch) -> Scores:
        return Scores(scores=[record.risk_score for record in batch.instances])

    @made.post("/columns")
    async def c(batch: Columnar) -> Scores:
        return Scores(scores=batch.instances["risk_score"].tolist())

    return made


def client(app: FastAPI, path: str, bodies: list[bytes], requests: int) -> Run:
    """A run: so many requests through one event loop; gives the last bodies of each."""
    calls: list[tuple[dict[str, Any], Callable[[], Awaitable[Message]]]] = []
    for body in bodies:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (b"host", b"localhost"),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }

        async def receive(body: bytes = body) -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        calls.append((scope, receive))
    loop = asyncio.new_event_loop()

    async def all_of_them() -> list[bytes]:
        answers: list[bytes] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                answers.append(message["body"])
            elif message["status"] != 200:
                raise AssertionError(f"{path}: {message['status']}")

        for k in range(requests):
            scope, receive = calls[k % len(calls)]
            await app(dict(scope), receive, send)
        return answers[-len(calls) :]

    return lambda: loop.run_until_complete(all_of_them())


def cases(quick: bool) -> list[Case]:
    """Each endpoint through both route classes."""
    ours, theirs = app(FastRoute), app(APIRoute)
    few = REQUESTS // 4 if quick else REQUESTS
    small, large = w1(), [w3()]

    def case(
        job: str, path: str, other: str, bodies: list[bytes], n: int, **goal: float | None
    ) -> Case:
        return Case(
            job,
            client(ours, path, bodies, n),
            [Peer("FastAPI + pydantic", client(theirs, other, bodies, n), **goal)],
            per_run=n,
        )

    frozen = reference()
    watched = app(FastRoute.watching(Monitor(frozen)))

    def watch(job: str, path: str, bodies: list[bytes], n: int) -> Case:
        """Ours is the route with a monitor; the difference of the times is what watching costs."""
        return Case(
            job,
            client(watched, path, bodies, n),
            [Peer("without", client(ours, path, bodies, n))],
            per_run=n,
        )

    return [
        case("W1 route, async def", "/async", "/async", small, few, must=3.0, aim=4.0),
        case("W1 route, def marked inline", "/inline", "/def", small, few, must=10.0, aim=13.0),
        case("W1 route, def in its thread", "/def", "/def", small, few),
        case("W1 route, path and query", "/params/m", "/params/m", small, few, must=3.0, aim=4.0),
        case("W1 route, one Depends", "/depends", "/depends", small, few, must=1.3, aim=2.0),
        case("W3 route to columns", "/columns", "/models", large, 2, must=15.0, aim=20.0),
        watch("W1 route with a monitor, async def", "/async", small, few),
        watch("W3 route with a monitor, to columns", "/columns", large, 2),
    ]
