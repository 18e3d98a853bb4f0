"""A monitor on a route: what it counts, and that nothing about the answers changes."""

import json
import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel

from fastcore import Monitor, Row, Rows
from fastcore.drift import Reference
from fastcore.serve import FastRoute, inline, install
from tests.serve.asgi import call


class Record(BaseModel):
    x: float
    word: str


@dataclass
class Data:
    x: float
    word: str


class Nested(BaseModel):
    name: str
    rows: Rows[Record]


class NestedList(BaseModel):
    rows: list[Record]


REFERENCE = Reference.fit({"x": np.arange(100.0), "word": np.array(["a", "b"] * 50, object)})
ONE = {"x": 3.5, "word": "a"}


def make(monitor: Monitor | None) -> FastAPI:
    app = FastAPI()
    if monitor is not None:
        install(app, monitor=monitor)

    @app.post("/rows")
    async def rows(body: Rows[Record]) -> int:
        return len(body)

    @app.post("/row")
    async def row(body: Row[Record]) -> int:
        return len(body)

    @app.post("/model/{key}")
    async def model(key: int, body: Record, q: int = 1) -> float:
        return body.x * key * q

    @app.post("/plain")
    def plain(body: Record) -> float:
        return body.x

    @app.post("/inline")
    @inline
    def short(body: Record) -> float:
        return body.x

    @app.post("/data")
    async def data(body: Data) -> float:
        return body.x

    @app.post("/list")
    async def many(body: list[Record]) -> int:
        return len(body)

    @app.post("/nested")
    async def nested(body: Nested) -> int:
        return len(body.rows)

    @app.post("/nested-list")
    async def nested_list(body: NestedList) -> int:
        return len(body.rows)

    @app.post("/depends")
    async def depends(body: Record, other: int = Depends(lambda: 7)) -> float:
        return body.x * other

    @app.post("/two")
    async def two(first: Record, second: Record) -> float:
        return first.x + second.x

    @app.get("/none")
    async def none() -> int:
        return 1

    return app


CASES: list[tuple[str, Any, int]] = [
    ("/rows", [ONE, ONE, ONE], 3),
    ("/rows", [], 0),
    ("/row", ONE, 1),
    ("/model/3", ONE, 1),
    ("/plain", ONE, 1),
    ("/inline", ONE, 1),
    ("/data", ONE, 1),
    ("/list", [ONE, ONE], 2),
    ("/nested", {"name": "n", "rows": [ONE, ONE]}, 2),
    ("/nested-list", {"rows": [ONE, ONE]}, 2),
    ("/depends", ONE, 1),
    ("/two", {"first": ONE, "second": ONE}, 2),
    ("/model/3", {**ONE, "x": "3.5"}, 1),  # FastAPI's way
    ("/model/x", ONE, 0),
    ("/rows", [{"x": 1}], 0),
    ("/model/3", {"x": "far", "word": 3}, 0),
]


@pytest.mark.parametrize(("path", "body", "count"), CASES)
def test_what_is_valid_is_counted(path: str, body: Any, count: int) -> None:
    monitor = Monitor(REFERENCE)
    data = json.dumps(body).encode()
    watched = call(make(monitor), path, data)
    assert watched == call(make(None), path, data)
    assert monitor.report().rows == count


def test_it_is_in_the_openapi_document_as_before() -> None:
    assert make(Monitor(REFERENCE)).openapi() == make(None).openapi()


def test_a_router_that_is_included_counts_once() -> None:
    monitor = Monitor(REFERENCE)
    router = APIRouter(route_class=FastRoute.watching(monitor))

    @router.post("/row")
    async def row(body: Row[Record]) -> int:
        return len(body)

    app = FastAPI()
    app.include_router(router, prefix="/a")
    app.include_router(router, prefix="/b")
    for path in ("/a/row", "/b/row"):
        assert call(app, path, json.dumps(ONE).encode()).status == 200
    assert monitor.report().rows == 2


def test_what_cannot_be_counted_stops_no_request(caplog: pytest.LogCaptureFixture) -> None:
    other = Reference.fit({"y": np.arange(10.0)})
    monitor = Monitor(other)
    app = make(monitor)
    with caplog.at_level(logging.WARNING, "fastcore.monitor"):
        for _ in range(3):
            assert call(app, "/rows", json.dumps([ONE]).encode()).body == b"1"
            assert call(app, "/list", json.dumps([ONE]).encode()).body == b"1"
            assert call(app, "/row", json.dumps(ONE).encode()).body == b"1"
    assert monitor.report().rows == 0
    assert len(caplog.records) == 3
    assert "no column 'y'" in caplog.text


def test_bad_arguments() -> None:
    app = FastAPI()
    with pytest.raises(TypeError, match="app: expected FastAPI or APIRouter, got int"):
        install(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="monitor: expected a Monitor, got int"):
        install(app, monitor=3)  # type: ignore[arg-type]

    @app.post("/early")
    async def early(body: Record) -> int:
        return 1

    with pytest.raises(ValueError, match=r"call install\(\) before the routes .*: /early"):
        install(app)
